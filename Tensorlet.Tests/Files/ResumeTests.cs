using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Tests.Optimizers;

namespace Tensorlet.Tests.Files;

/// <summary>
/// Network, optimizer, schedule, loader and random numbers are loaded from one checkpoint in the middle of an epoch.
/// What continues from it has the same bits as what never stopped, and writes the same file.
/// </summary>
[Collection("alone")]        // dropout draws from the default generator
public sealed class ResumeTests : Folder
{
    static readonly TensorDataset data = new(Tensor.Randn([10, 3], null, null, new Generator(1)),
        Tensor.Randn([10, 2], null, null, new Generator(2)));

    sealed class Run
    {
        readonly Sequential net = new(new Nn.Linear(3, 4), new Nn.Dropout(0.2), new Nn.Tanh(), new Nn.Linear(4, 2));
        readonly Optimizer optimizer;
        readonly Scheduler schedule;
        readonly DataLoader loader = new(data, 2, shuffle: true, seed: 3);
        readonly IEnumerable<Tensor[]> batches;

        public Run(string kind, string? from = null)
        {
            foreach (var p in net.Parameters()) p.Data.Uniform_(-0.5, 0.5, new Generator(from is null ? 4u : 5u));
            Generator.ManualSeed(from is null ? 6u : 7u);
            optimizer = TraceTests.Make(kind, [.. net.Parameters()]);
            schedule = new StepLR(optimizer, 2, 0.7);
            if (from is not null) Checkpoint.Load(from, Parts);
            batches = Enumerable.Range(0, int.MaxValue).SelectMany(_ => loader);
        }

        (string, IStateful)[] Parts => [("model", net), ("optimizer", optimizer), ("schedule", schedule),
            ("loader", loader), ("random", Generator.Default)];

        /// <summary>A number of steps; then a checkpoint, before the loader is left.</summary>
        public byte[] Save(int steps, string path)
        {
            foreach (var (x, y) in batches)
            {
                optimizer.Step(() =>
                {
                    optimizer.ZeroGrad();
                    var loss = F.MseLoss(net.Call(x), y);
                    loss.Backward();
                    return loss;
                });
                schedule.Step();
                if (--steps > 0) continue;
                Checkpoint.Save(path, Parts);
                break;
            }
            return File.ReadAllBytes(path);
        }
    }

    public static TheoryData<string> Kinds =>
        [.. TraceTests.Names.AsEnumerable<object[]>().Select(row => $"{row[0]}".Split('/')[0]).Distinct()];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_optimizer_goes_on_with_the_same_bits(string kind)
    {
        var whole = new Run(kind).Save(13, In("whole"));
        new Run(kind).Save(7, In("half"));
        var resumed = new Run(kind, In("half")).Save(6, In("resumed"));
        Same(SafeTensors.Load(In("whole")), SafeTensors.Load(In("resumed")));
        Assert.Equal(whole, resumed);
    }
}
