using Tensorlet.Data;
using Tensorlet.Multiprocessing;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

/// <summary>
/// Every argument of optimizers, schedules, samplers, transforms, metrics, plugins and initial values: outside its
/// range it is refused when it is given, with the name of the argument; at the end of its range it is accepted.
/// </summary>
public class RangeTests
{
    const double Inf = double.PositiveInfinity, NaN = double.NaN;
    static Variable[] P => [new Variable(Tensor.Ones(4, 4), true)];
    static Trainer Trained => new Nn.Linear(2, 1) is var net ? new(net, (y, _) => y.Sum(),
        new Optim.SGD(net.Parameters(), 0.1), [[Tensor.Ones(1, 2), Tensor.Ones(1)]]) : null!;
    static SGD O => new(P, 0.1, momentum: 0.9);
    static readonly Dataset data = new TensorDataset(Tensor.Zeros(4));
    static readonly Sampler<long> order = new SequentialSampler(data);
    static Variable W => P[0];

    /// <summary>
    /// What creates the object from one number, numbers that are refused, and numbers that are accepted.
    /// </summary>
    static readonly Dictionary<string, (Action<double> Make, double[] Wrong, double[] Right)> numbers = new();
    static readonly Dictionary<string, (Action<int> Make, int[] Wrong, int[] Right)> counts = new();

    static void Reals(string rows, Action<double> make, double[] wrong, params double[] right) =>
        numbers[rows] = (make, [.. wrong, NaN, Inf, -Inf], right);
    static void Whole(string rows, Action<int> make, int least) =>
        counts[rows] = (make, [least - 1, least - 2, int.MinValue], [least, least + 3]);

    static RangeTests()
    {
        double[] negative = [-1, -1e-9], notBelow1 = [-1, -1e-9, 1, 2], notPositive = [-1, 0], noShare = [-1e-9, 1.001];

        Reals("SGD: lr", v => new SGD(P, lr: v), negative, 0, 10);
        Reals("SGD: momentum", v => new SGD(P, momentum: v), negative, 0, 1);
        Reals("SGD: dampening", v => new SGD(P, dampening: v), negative, 0, 1);
        Reals("SGD: weight_decay", v => new SGD(P, weightDecay: v), negative, 0, 1);
        Reals("Adam: lr", v => new Adam(P, lr: v), negative, 0, 1);
        Reals("Adam: beta1", v => new Adam(P, betas: (v, 0.999)), notBelow1, 0, 0.9999);
        Reals("Adam: beta2", v => new Adam(P, betas: (0.9, v)), notBelow1, 0, 0.9999);
        Reals("Adam: eps", v => new Adam(P, eps: v), negative, 0, 1);
        Reals("Adam: weight_decay", v => new Adam(P, weightDecay: v), negative, 0, 1);
        Reals("AdamW: lr", v => new AdamW(P, lr: v), negative, 0, 1);
        Reals("AdamW: beta1", v => new AdamW(P, betas: (v, 0.999)), notBelow1, 0, 0.9999);
        Reals("AdamW: beta2", v => new AdamW(P, betas: (0.9, v)), notBelow1, 0, 0.9999);
        Reals("AdamW: eps", v => new AdamW(P, eps: v), negative, 0, 1);
        Reals("AdamW: weight_decay", v => new AdamW(P, weightDecay: v), negative, 0, 1);
        Reals("Adamax: lr", v => new Adamax(P, lr: v), negative, 0, 1);
        Reals("Adamax: beta1", v => new Adamax(P, betas: (v, 0.999)), notBelow1, 0, 0.9999);
        Reals("Adamax: beta2", v => new Adamax(P, betas: (0.9, v)), notBelow1, 0, 0.9999);
        Reals("Adamax: eps", v => new Adamax(P, eps: v), negative, 0, 1);
        Reals("Adamax: weight_decay", v => new Adamax(P, weightDecay: v), negative, 0, 1);
        Reals("NAdam: lr", v => new NAdam(P, lr: v), negative, 0, 1);
        Reals("NAdam: beta1", v => new NAdam(P, betas: (v, 0.999)), notBelow1, 0, 0.9999);
        Reals("NAdam: beta2", v => new NAdam(P, betas: (0.9, v)), notBelow1, 0, 0.9999);
        Reals("NAdam: eps", v => new NAdam(P, eps: v), negative, 0, 1);
        Reals("NAdam: weight_decay", v => new NAdam(P, weightDecay: v), negative, 0, 1);
        Reals("NAdam: momentum_decay", v => new NAdam(P, momentumDecay: v), negative, 0, 1);
        Reals("RMSprop: lr", v => new RMSprop(P, lr: v), negative, 0, 1);
        Reals("RMSprop: alpha", v => new RMSprop(P, alpha: v), notBelow1, 0, 0.9999);
        Reals("RMSprop: eps", v => new RMSprop(P, eps: v), negative, 0, 1);
        Reals("RMSprop: weight_decay", v => new RMSprop(P, weightDecay: v), negative, 0, 1);
        Reals("RMSprop: momentum", v => new RMSprop(P, momentum: v), negative, 0, 1);
        Reals("Adagrad: lr", v => new Adagrad(P, lr: v), negative, 0, 1);
        Reals("Adagrad: lr_decay", v => new Adagrad(P, lrDecay: v), negative, 0, 1);
        Reals("Adagrad: eps", v => new Adagrad(P, eps: v), negative, 0, 1);
        Reals("Adagrad: weight_decay", v => new Adagrad(P, weightDecay: v), negative, 0, 1);
        Reals("Adagrad: initial_accumulator_value", v => new Adagrad(P, initialAccumulatorValue: v), negative, 0, 1);
        Reals("Adadelta: lr", v => new Adadelta(P, lr: v), negative, 0, 1);
        Reals("Adadelta: rho", v => new Adadelta(P, rho: v), notBelow1, 0, 0.9999);
        Reals("Adadelta: eps", v => new Adadelta(P, eps: v), negative, 0, 1);
        Reals("Adadelta: weight_decay", v => new Adadelta(P, weightDecay: v), negative, 0, 1);
        Reals("LBFGS: lr", v => new LBFGS(P, lr: v), negative, 0, 1);
        Whole("LBFGS: maxIter", v => new LBFGS(P, maxIter: v), 1);
        Whole("LBFGS: maxEval", v => new LBFGS(P, maxEval: v), 1);
        Whole("LBFGS: historySize", v => new LBFGS(P, historySize: v), 1);
        Reals("LBFGS: toleranceGrad", v => new LBFGS(P, toleranceGrad: v), negative, 0, 1);
        Reals("LBFGS: toleranceChange", v => new LBFGS(P, toleranceChange: v), negative, 0, 1);
        Reals("ParamGroup: lr", v => O.ParamGroups[0]["lr"] = v, negative, 0, 1);
        Reals("ParamGroup: momentum", v => O.AddParamGroup(P, ("momentum", v)), negative, 0, 1);

        Whole("StepLR: stepSize", v => new StepLR(O, v), 1);
        Reals("StepLR: gamma", v => new StepLR(O, 1, v), negative, 0, 2);
        Whole("MultiStepLR: milestone", v => new MultiStepLR(O, [v]), 0);
        Reals("MultiStepLR: gamma", v => new MultiStepLR(O, [1], v), negative, 0, 2);
        Reals("ExponentialLR: gamma", v => new ExponentialLR(O, v), negative, 0, 2);
        Whole("CosineAnnealingLR: tMax", v => new CosineAnnealingLR(O, v), 1);
        Reals("CosineAnnealingLR: etaMin", v => new CosineAnnealingLR(O, 2, v), negative, 0, 2);
        Whole("CosineAnnealingWarmRestarts: t0", v => new CosineAnnealingWarmRestarts(O, v), 1);
        Whole("CosineAnnealingWarmRestarts: tMult", v => new CosineAnnealingWarmRestarts(O, 2, v), 1);
        Reals("CosineAnnealingWarmRestarts: etaMin", v => new CosineAnnealingWarmRestarts(O, 2, 1, v), negative, 0, 2);
        Reals("LinearLR: startFactor", v => new LinearLR(O, v), [-1, 0, 1.5], 1e-9, 1);
        Reals("LinearLR: endFactor", v => new LinearLR(O, 0.5, v), noShare, 0, 1);
        Whole("LinearLR: totalIters", v => new LinearLR(O, totalIters: v), 1);
        Whole("PolynomialLR: totalIters", v => new PolynomialLR(O, v), 1);
        Reals("PolynomialLR: power", v => new PolynomialLR(O, 2, v), negative, 0, 2);
        Reals("OneCycleLR: maxLr", v => new OneCycleLR(O, v, 10), negative, 0, 2);
        Whole("OneCycleLR: totalSteps", v => new OneCycleLR(O, 1, v), 1);
        Reals("OneCycleLR: pctStart", v => new OneCycleLR(O, 1, 10, v), noShare, 0, 0.1, 1);
        Reals("OneCycleLR: baseMomentum", v => new OneCycleLR(O, 1, 10, baseMomentum: v), negative, 0, 0.5);
        Reals("OneCycleLR: maxMomentum", v => new OneCycleLR(O, 1, 10, maxMomentum: v), negative, 0, 0.5);
        Reals("OneCycleLR: divFactor", v => new OneCycleLR(O, 1, 10, divFactor: v), notPositive, 1e-9, 5);
        Reals("OneCycleLR: finalDivFactor", v => new OneCycleLR(O, 1, 10, finalDivFactor: v), notPositive, 1e-9, 5);
        Reals("CyclicLR: baseLr", v => new CyclicLR(O, v, 1), negative, 0, 2);
        Reals("CyclicLR: maxLr", v => new CyclicLR(O, 0, v), negative, 0, 2);
        Whole("CyclicLR: stepSizeUp", v => new CyclicLR(O, 0, 1, v), 1);
        Whole("CyclicLR: stepSizeDown", v => new CyclicLR(O, 0, 1, 2, v), 1);
        Reals("CyclicLR: gamma", v => new CyclicLR(O, 0, 1, gamma: v), negative, 0, 2);
        Reals("CyclicLR: baseMomentum", v => new CyclicLR(O, 0, 1, baseMomentum: v), negative, 0, 0.5);
        Reals("CyclicLR: maxMomentum", v => new CyclicLR(O, 0, 1, maxMomentum: v), negative, 0, 0.5);
        Reals("ReduceLROnPlateau: factor", v => new ReduceLROnPlateau(O, factor: v), notBelow1, 0, 0.999);
        Whole("ReduceLROnPlateau: patience", v => new ReduceLROnPlateau(O, patience: v), 0);
        Whole("ReduceLROnPlateau: cooldown", v => new ReduceLROnPlateau(O, cooldown: v), 0);
        Reals("ReduceLROnPlateau: threshold", v => new ReduceLROnPlateau(O, threshold: v), negative, 0, 1);
        Reals("ReduceLROnPlateau: minLr", v => new ReduceLROnPlateau(O, minLr: v), negative, 0, 1);
        Reals("ReduceLROnPlateau: eps", v => new ReduceLROnPlateau(O, eps: v), negative, 0, 1);

        Whole("BatchSampler: batchSize", v => new BatchSampler(order, v), 1);
        Whole("RandomSampler: numSamples", v => new RandomSampler(data, numSamples: v), 1);
        Whole("WeightedRandomSampler: numSamples", v => new WeightedRandomSampler([1, 1], v), 1);
        Reals("WeightedRandomSampler: weights", v => new WeightedRandomSampler([1, v], 1), negative, 0, 5);
        Whole("DataLoader: batchSize", v => new DataLoader(new Stream(), v), 1);
        Whole("DataLoader: numWorkers", v => new DataLoader(data, numWorkers: v), 0);
        Whole("DataLoader: Epoch", v => new DataLoader(data) { Epoch = v }, 0);
        Whole("TextDataset: length", v => new TextDataset("abc", v), 1);

        Whole("CenterCrop: size", v => new CenterCrop(v), 1);
        Whole("CenterCrop: width", v => new CenterCrop(2, v), 1);
        Whole("RandomCrop: size", v => new RandomCrop(v), 1);
        Whole("RandomCrop: width", v => new RandomCrop(2, v), 1);
        Whole("RandomCrop: padding", v => new RandomCrop(2, padding: v), 0);
        Whole("Resize: size", v => new Resize(v), 1);
        Whole("Resize: width", v => new Resize(2, v), 1);
        Reals("RandomFlip: across or p", v => new RandomHorizontalFlip(v), noShare, 0, 1);
        Reals("RandomFlip: down or p", v => new RandomVerticalFlip(v), noShare, 0, 1);
        Reals("RandomErasing: p", v => new RandomErasing(v), noShare, 0, 1);
        Reals("RandomErasing: scale", v => new RandomErasing(scale: (v, 1)), noShare, 0, 1);
        Reals("RandomErasing: greatest or scale", v => new RandomErasing(scale: (0.2, v)), [-1, 0.1, 1.1], 0.2, 1);
        Reals("RandomErasing: ratio", v => new RandomErasing(ratio: (v, 3)), [-1, 0, 4], 0.1, 3);
        Reals("RandomErasing: greatest or ratio", v => new RandomErasing(ratio: (0.5, v)), [-1, 0, 0.4], 0.5, 3);
        Reals("RandomErasing: value", v => new RandomErasing(value: v), [], -1, 1);
        Reals("RandomAffine: degrees", v => new RandomAffine(v), negative, 0, 360);
        Reals("RandomAffine: translate", v => new RandomAffine(0, (v, 0)), noShare, 0, 1);
        Reals("RandomAffine: down or translate", v => new RandomAffine(0, (0, v)), noShare, 0, 1);
        Reals("RandomAffine: scale", v => new RandomAffine(0, scale: (v, 2)), [-1, 0, 3], 0.1, 2);
        Reals("RandomAffine: greatest or scale", v => new RandomAffine(0, scale: (1, v)), [-1, 0, 0.5], 1, 2);
        Reals("RandomAffine: shear", v => new RandomAffine(0, shear: v), negative, 0, 45);
        Reals("RandomRotation: degrees", v => new RandomRotation(v), negative, 0, 360);
        Reals("Normalize: mean", v => new Normalize([0, v], [1, 1]), [], -1, 1);
        Reals("Normalize: std", v => new Normalize([0, 0], [1, v]), notPositive, 1e-9, 1);
        Reals("ColorJitter: brightness", v => new ColorJitter(brightness: v), negative, 0, 2);
        Reals("ColorJitter: contrast", v => new ColorJitter(contrast: v), negative, 0, 2);
        Reals("ColorJitter: saturation", v => new ColorJitter(saturation: v), negative, 0, 2);
        Reals("ColorJitter: hue", v => new ColorJitter(hue: v), [-0.1, 0.51], 0, 0.5);

        Whole("ConfusionMatrix: classes", v => new ConfusionMatrix(v), 1);
        Whole("ConfusionMatrix: F1 or classes", v => new F1(v), 1);
        Whole("TopKAccuracy: k", v => new TopKAccuracy(v), 1);
        Whole("EarlyStopping: patience", v => new EarlyStopping(v), 1);
        Whole("Checkpoints: every", v => new Checkpoints("path", v), 1);
        Whole("Progress: every", v => new Progress(TextWriter.Null, v), 1);
        Whole("LossPicture: every", v => new LossPicture("path", v), 1);
        Whole("LayerStatistics: every", v => new LayerStatistics(v), 1);
        Reals("WeightAverage: decay", v => new WeightAverage(v), noShare, 0, 1);
        Reals("LrFind: low", v => Trained.LrFind(low: v), [-1, 0], 1e-6, 1);
        Reals("LrFind: high or low", v => Trained.LrFind(low: 0.5, high: v), [-1, 0.4], 0.5, 1);
        Whole("LrFind: steps", v => Trained.LrFind(steps: v), 2);
        Whole("SharedQueue: capacity", v => new SharedQueue<int>(v, 8), 1);
        Whole("SharedQueue: itemBytes", v => new SharedQueue<int>(2, v), 1);
        Whole("Spawn: nprocs", v => { if (v < 1) Spawn.Run(() => 0, nprocs: v); }, 1);

        Reals("Uniform_: low or high", v => Init.Uniform_(W, v, 1), [1.5], -1, 1);
        Reals("Uniform_: high or low", v => Init.Uniform_(W, 0, v), [-0.5], 0, 1);
        Reals("Normal_: mean", v => Init.Normal_(W, v), [], -1, 1);
        Reals("Normal_: std", v => Init.Normal_(W, 0, v), negative, 0, 1);
        Reals("TruncNormal_: mean", v => Init.TruncNormal_(W, v), [], -1, 1);
        Reals("TruncNormal_: std", v => Init.TruncNormal_(W, 0, v), notPositive, 1e-3, 1);
        Reals("TruncNormal_: low or high", v => Init.TruncNormal_(W, low: v), [2.5], -2, 1);
        Reals("TruncNormal_: high or low", v => Init.TruncNormal_(W, high: v), [-2.5], -1, 2);
        Reals("XavierUniform_: gain", v => Init.XavierUniform_(W, v), negative, 0, 2);
        Reals("XavierNormal_: gain", v => Init.XavierNormal_(W, v), negative, 0, 2);
        Reals("KaimingUniform_: slope", v => Init.KaimingUniform_(W, v), [], -1, 2);
        Reals("KaimingNormal_: slope", v => Init.KaimingNormal_(W, v), [], -1, 2);
        Reals("CalculateGain: slope", v => Init.CalculateGain(Nonlinearity.LeakyReLU, v), [], -1, 2);
        Reals("Orthogonal_: gain", v => Init.Orthogonal_(W, v), [], -1, 2);
        Reals("Sparse_: sparsity", v => Init.Sparse_(W, v), noShare, 0, 1);
        Reals("Sparse_: std", v => Init.Sparse_(W, 0.5, v), negative, 0, 1);
        Whole("Dirac_: groups", v => { if (v < 2) Init.Dirac_(P[0].Unsqueeze(2).Detach(), v); }, 1);
    }

    sealed class Stream : IterableDataset
    {
        public override IEnumerable<Tensor[]> Samples(Generator random) => [];
    }

    public static TheoryData<string> Rows => [.. numbers.Keys, .. counts.Keys];

    [Theory, MemberData(nameof(Rows))]
    public void An_argument_outside_of_its_range_is_refused(string row)
    {
        if (numbers.TryGetValue(row, out var real)) Checked(row, real.Make, real.Wrong, real.Right);
        else Checked(row, counts[row].Make, counts[row].Wrong, counts[row].Right);
    }

    static void Checked<T>(string row, Action<T> make, T[] wrong, T[] right)
    {
        foreach (var value in wrong)
        {
            var error = Record.Exception(() => make(value));
            Assert.True(error is ArgumentOutOfRangeException, $"{row} = {value} gives {error}");
            Assert.Contains(row.Split(": ")[0], error.Message);
            Assert.Contains(row.Split(": ")[1].Split(" or "), error.Message.Contains);
        }
        foreach (var value in right) make(value);
    }

    [Fact]
    public void Clipping_has_no_negative_bound()
    {
        foreach (var bound in (double[])[-1, NaN])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new ClipGradNorm(bound));
            Assert.Throws<ArgumentOutOfRangeException>(() => new ClipGradValue(bound));
            Assert.Throws<ArgumentOutOfRangeException>(() => Utils.ClipGradNorm_(P, bound));
            Assert.Throws<ArgumentOutOfRangeException>(() => Utils.ClipGradValue_(P, bound));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => Utils.ClipGradNorm_(P, 1, NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClipGradNorm(1, NaN));
        _ = (new ClipGradNorm(Inf, Inf), new ClipGradValue(Inf));
        Utils.ClipGradNorm_(P, Inf, Inf);                           // only measures
        Utils.ClipGradValue_(P, 0);
    }

    /// <summary>Nothing has been written, and no random number taken, when an argument is refused.</summary>
    [Fact]
    public void First_values_that_are_refused_write_nothing()
    {
        var (w, random) = (W, new Generator(1));
        Action[] calls = [() => Init.Uniform_(w, 2, 1, random), () => Init.Normal_(w, 0, -1, random),
            () => Init.Sparse_(w, 2, generator: random), () => Init.TruncNormal_(w, std: 0, generator: random)];
        foreach (var call in calls) Assert.Throws<ArgumentOutOfRangeException>(call);
        Assert.Equal(W.Data.ToArray<float>(), w.Data.ToArray<float>());
        Assert.Equal(0, random.Position);
    }

    /// <summary>A gradient that is set must fit the variable.</summary>
    [Fact]
    public void A_gradient_has_the_shape_type_and_device_of_its_values()
    {
        var p = new Variable(Tensor.Ones(2, 3), true);
        p.Grad = Tensor.Ones(2, 3);
        foreach (var shape in (int[][])[[3, 2], [6], [], [1, 3], [2, 3, 1]])
        {
            var error = Assert.Throws<ShapeException>(() => p.Grad = Tensor.Ones(shape));
            Assert.Contains("(2, 3)", error.Message);
            Assert.Contains(Layout.Show(shape), error.Message);
        }
        foreach (var type in (DType[])[DType.Float64, DType.Int64, DType.Bool])
        {
            var error = Assert.Throws<DTypeException>(() => p.Grad = Tensor.Zeros([2, 3], type));
            Assert.Contains($"{type}", error.Message);
        }
        Assert.Throws<DeviceException>(() => p.Grad = Tensor.Ones(2, 3).To(Device.Reference));
        Assert.Equal(6, p.Grad.Sum().Item());
        p.Grad = null;
    }

    public static TheoryData<string> Optimizers => Tests.Optimizers.StateTests.Kinds;

    /// <summary>A parameter without elements, and the gradient of a loss over no samples.</summary>
    [Theory, MemberData(nameof(Optimizers))]
    public void Optimizers_bear_nothing(string kind)
    {
        Variable empty = new(Tensor.Zeros(0, 3), true), some = new(Tensor.Ones(3, 2), true);
        var optimizer = Tests.Optimizers.TraceTests.Make(kind, [empty, some]);
        for (var t = 0; t < 3; t++)
            optimizer.Step(() =>
            {
                optimizer.ZeroGrad();
                var loss = empty.MatMul(some).Sum() + (empty * empty).Sum();
                loss.Backward();
                return loss;
            });
        Assert.All(some.Data.ToArray<double>(), value => Assert.InRange(value, 0.9, 1));    // weight decay at most
        Assert.Equal(0, Utils.ClipGradNorm_([empty], 1));
    }

    [Fact]
    public void Metrics_bear_batches_of_nothing()
    {
        foreach (var metric in (Metric[])[new Accuracy(), new TopKAccuracy(2), new F1(3), new ConfusionMatrix(3)])
        {
            metric.Add(Tensor.Zeros(0, 3), Tensor.Zeros([0], DType.Int64));
            Assert.Equal(double.NaN, metric.Value);
            metric.Add(Tensor.From(new[,] { { 0f, 1, 0 } }), Tensor.From([1L]));
            Assert.Equal(1, metric.Value);
        }
        var (auc, mean) = (new AUC(), new Mean());
        auc.Add(Tensor.Zeros(0), Tensor.Zeros(0));
        mean.Add(Tensor.Zeros(0), Tensor.Zeros(0));
        Assert.Equal((double.NaN, double.NaN), (auc.Value, mean.Value));
    }

    public static TheoryData<string> Transforms => [.. transforms.Keys];

    static readonly Dictionary<string, Transform> transforms = new()
    {
        ["center crop"] = new CenterCrop(3), ["padded"] = new CenterCrop(9), ["crop"] = new RandomCrop(3, padding: 1),
        ["flip"] = new RandomHorizontalFlip(1), ["erase"] = new RandomErasing(1), ["rotate"] = new RandomRotation(30),
        ["affine"] = new RandomAffine(10, (0.1, 0.1)), ["normalize"] = new Normalize([0.5], [2]),
        ["colours"] = new ColorJitter(0.5, 0.5, 0.5, 0.5),
    };

    [Theory, MemberData(nameof(Transforms))]
    public void Transforms_bear_batches_of_nothing(string name) =>
        Assert.Equal(0, transforms[name].Apply(Tensor.Zeros(0, 3, 5, 6), new Generator(1)).Size(0));
}
