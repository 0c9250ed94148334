using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

/// <summary>
/// Every part that loads a state checks all of it first: given a state with one change, it either has that state
/// afterwards, bit for bit, or throws a <see cref="TensorletException"/> and is unchanged.
/// </summary>
[Collection("alone")]        // the default generator is shared by all
public class LoadedStateTests
{
    static readonly Tensor x = Tensor.Randn([12, 3], null, null, new Generator(1)),
        y = Tensor.RandInt(0, 2, [12], generator: new Generator(2));

    static Sequential Net() => new(new Nn.Linear(3, 4), new BatchNorm1d(4), new Nn.Linear(4, 2));

    static T After<T>(T part, Action<T> what)
    {
        what(part);
        return part;
    }

    static Optimizer Stepped(Func<IEnumerable<Variable>, Optimizer> make)
    {
        var net = Net();
        return After(make(net.Parameters()), optimizer =>
        {
            for (var i = 0; i < 3; i++)
                optimizer.Step(() =>
                {
                    optimizer.ZeroGrad();
                    return After((Variable)F.CrossEntropy(net.Call(x), y), loss => loss.Backward());
                });
        });
    }

    static Scheduler Schedule(Func<Optimizer, Scheduler> make) =>
        After(make(Stepped(p => new SGD(p, 0.1, momentum: 0.9))), schedule => schedule.Step());

    static EarlyStopping Stopping()
    {
        var (net, stopping) = (Net(), new EarlyStopping(3, "loss"));
        new Trainer(net, new CrossEntropyLoss(), new SGD(net.Parameters()), [[x, y]], stopping).Run(2);
        return stopping;
    }

    static WeightAverage Averaged()
    {
        var (net, average) = (Net(), new WeightAverage(0.5));
        new Trainer(net, new CrossEntropyLoss(), new SGD(net.Parameters()), [[x, y]], average).Run(2);
        return average;
    }

    static readonly Dictionary<string, Func<IStateful>> parts = new()
    {
        ["module"] = Net,
        ["counter"] = () => new Counter(3),
        ["generator"] = () => new Generator(5) { Position = 7 },
        ["loader"] = () => After(new DataLoader(new TensorDataset(x), 4), loader => loader.First()),
        ["sampled loader"] = () => After(new DataLoader(new TensorDataset(x), batchSampler: new BatchSampler(
            new SequentialSampler(new TensorDataset(x)), 4)), loader => loader.First()),
        ["mean"] = () => After(new Mean(), mean => mean.Add(3)),
        ["confusion"] = () => After(new ConfusionMatrix(2), m => m.Add(y, y)),
        ["f1"] = () => After(new F1(2), m => m.Add(y, y)),
        ["auc"] = () => After(new AUC(), m => m.Add(y.To(DType.Float64), y)),
        ["meter"] = () => new Meter("accuracy", new Accuracy()),
        ["picture"] = () => new LossPicture("unwritten"),
        ["early stopping"] = Stopping,
        ["average"] = Averaged,
        ["schedule"] = () => new Schedule(Schedule(optimizer => new StepLR(optimizer, 3))),
        ["one cycle"] = () => Schedule(optimizer => new OneCycleLR(optimizer, 1, 10)),
        ["plateau"] = () => Schedule(optimizer => After(new ReduceLROnPlateau(optimizer), s => s.Step(1))),
        ["sgd"] = () => Stepped(p => new SGD(p)),
        ["sgd momentum"] = () => Stepped(p => new SGD(p, momentum: 0.9)),
        ["adam"] = () => Stepped(p => new Adam(p)),
        ["adam amsgrad"] = () => Stepped(p => new Adam(p, amsgrad: true)),
        ["adamw"] = () => Stepped(p => new AdamW(p)),
        ["adamax"] = () => Stepped(p => new Adamax(p)),
        ["nadam"] = () => Stepped(p => new NAdam(p)),
        ["rmsprop"] = () => Stepped(p => new RMSprop(p, centered: true)),
        ["adagrad"] = () => Stepped(p => new Adagrad(p)),
        ["adadelta"] = () => Stepped(p => new Adadelta(p)),
        ["lbfgs"] = () => Stepped(p => new LBFGS(p)),
    };

    public static TheoryData<string> Parts => [.. parts.Keys];

    static Dictionary<string, (DType, string, double[])> Shown(IStateful part) => part.StateDict().ToDictionary(
        t => t.Key, t => (t.Value.DType, $"{t.Value.Layout}", t.Value.ToArray<double>()));

    static bool IsAs(
        Dictionary<string, Tensor> state, Dictionary<string, (DType Type, string Shape, double[] Values)> s) =>
        s.Count == state.Count && s.All(e => state.TryGetValue(e.Key, out var t) && $"{t.Layout}" == e.Value.Shape
            && t.To(e.Value.Type).ToArray<double>().SequenceEqual(e.Value.Values)
            && (t.DType == DType.Bool) == (e.Value.Type == DType.Bool));

    static IEnumerable<(string Change, Dictionary<string, Tensor> State)> Changed(Dictionary<string, Tensor> state)
    {
        foreach (var (key, tensor) in state)
        {
            Dictionary<string, Tensor> With(Tensor other) => new(state) { [key] = other };
            foreach (var number in (double[])[-3, double.NaN, 1e300, 0.5, (1L << 32) + 1.0])
                yield return ($"{key} of {number}", With(Tensor.Full(tensor.Size(), number, DType.Float64)));
            foreach (var whole in (long[])[-3, 1000, (1L << 32) + 1, long.MinValue, long.MaxValue])
                yield return ($"{key} of the whole {whole}", With(Tensor.Zeros(tensor.Size(), DType.Int64)
                    + Tensor.From([whole], [])));
            yield return ($"{key} of truth values", With(Tensor.Ones(tensor.Size(), DType.Bool)));
            yield return ($"{key} with an axis more", With(tensor.Unsqueeze(0)));
            yield return ($"{key} with an element more", With(Tensor.Zeros([tensor.Numel + 1], tensor.DType)));
            yield return ($"without {key}", state.Where(entry => entry.Key != key).ToDictionary());
            yield return ($"{key} twice", new(state) { [$"{key}x"] = tensor });
        }
        yield return ("nothing", []);
        yield return ("weights of another", new(state) { ["weights.of.another"] = Tensor.Ones(3) });
        yield return ("state of another", new(state) { ["state.77.exp_avg"] = Tensor.Ones(3) });
    }

    [Theory, MemberData(nameof(Parts))]
    public void All_or_nothing(string name)
    {
        var part = parts[name]();
        var sound = part.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone());
        part.LoadStateDict(sound);
        Assert.True(IsAs(sound, Shown(part)), "its own state");
        var refused = 0;
        foreach (var (change, state) in Changed(sound))
        {
            try
            {
                part.LoadStateDict(state);
                Assert.True(IsAs(state, Shown(part)), $"{change} is accepted and changed");
                part.LoadStateDict(sound);
            }
            catch (TensorletException) { refused++; }
            Assert.True(IsAs(sound, Shown(part)), $"{change} is refused and changes something");
        }
        Assert.True(refused >= 3);
    }

    [Theory]
    [InlineData("counter", "value", -3.0)]
    [InlineData("loader", "position", 1000.0)]
    [InlineData("loader", "batch_size", 5.0)]
    [InlineData("sampled loader", "position", 4.0)]
    [InlineData("one cycle", "last_epoch", 1000.0)]
    [InlineData("plateau", "num_bad_epochs", -1.0)]
    [InlineData("plateau", "best", double.NaN)]
    [InlineData("plateau", "last_lr", -1.0)]
    [InlineData("confusion", "sums", 0.5)]
    [InlineData("auc", "sums", 3.0)]
    [InlineData("early stopping", "now", 0.5)]
    [InlineData("average", "now", 2.0)]
    [InlineData("adam", "param_groups.0.beta1", -1.0)]
    [InlineData("adam", "param_groups.0.beta2", 1.0)]
    [InlineData("sgd", "param_groups.0.lr", double.PositiveInfinity)]
    [InlineData("adam", "state.0.step", 0.0)]
    [InlineData("adam", "state.0.step", 1.5)]
    [InlineData("adam", "state.0.exp_avg_sq", null)]
    [InlineData("adam amsgrad", "state.0.max_exp_avg_sq", null)]
    [InlineData("nadam", "state.0.mu_product", null)]
    [InlineData("rmsprop", "state.0.grad_avg", null)]
    [InlineData("lbfgs", "state.0.old_dirs", null)]
    [InlineData("lbfgs", "state.0.H_diag", null)]
    [InlineData("lbfgs", "state.0.step", null)]
    public void Numbers_that_no_part_has_are_refused(string name, string key, double? number)
    {
        var part = parts[name]();
        var sound = part.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone());
        var state = new Dictionary<string, Tensor>(sound);
        state.Remove(key);
        if (number is { } value) state[key] = Tensor.Full(sound[key].Size(), value, key.EndsWith("step")
            ? DType.Float64 : sound[key].DType);
        if (key.EndsWith(".lr") || key.Contains("beta")) state["param_groups.0.lr"] = state["param_groups.0.lr"] + 9;
        Assert.ThrowsAny<TensorletException>(() => part.LoadStateDict(state));
        Assert.True(IsAs(sound, Shown(part)));
    }

    /// <summary>Best weights of another model are refused before the training begins, and not at its end.</summary>
    [Fact]
    public void Best_weights_are_those_of_the_model()
    {
        var path = Path.GetTempFileName();
        try
        {
            Trainer Training(EarlyStopping stopping)
            {
                var net = Net();
                return new(net, new CrossEntropyLoss(), new SGD(net.Parameters()), [[x, y]], stopping);
            }
            var trainer = Training(new EarlyStopping(3, "loss"));
            trainer.Run(1);
            trainer.Save(path);
            Training(new EarlyStopping(3, "loss")).Resume(path);
            var other = SafeTensors.Load(path);
            other["plugin0.weights.0.weight"] = Tensor.Ones(7);
            SafeTensors.Save(path, other);
            var again = Training(new EarlyStopping(3, "loss"));
            Assert.Contains("weights.0.weight", Assert.Throws<ShapeException>(() => again.Resume(path)).Message);
            var alone = new EarlyStopping(3, "loss");
            alone.LoadStateDict(other.Where(t => t.Key.StartsWith("plugin0."))
                .ToDictionary(t => t.Key["plugin0.".Length..], t => t.Value));
            Assert.Throws<ShapeException>(() => Training(alone).Run(1));
        }
        finally { File.Delete(path); }
    }
}
