using Tensorlet.Legacy;

namespace Tensorlet.Tests.Legacy;

/// <summary>Layers with derivatives by hand compared with the tape, in Float64.</summary>
public class LayerTests
{
    static readonly DType type = DType.Float64;

    static Tensor Normal(long seed, params int[] shape) => Tensor.Randn(shape, type, null, new Generator(seed));

    internal static void Same(string what, Tensor expected, Tensor actual, double tolerance)
    {
        Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{what}: {expected.Layout} against {actual.Layout}");
        var (e, a) = (expected.ToArray<double>(), actual.ToArray<double>());
        for (var i = 0; i < e.Length; i++)
            Assert.True(Math.Abs(e[i] - a[i]) <= tolerance * Math.Max(1, Math.Abs(e[i])),
                $"{what}, element {i}: {e[i]:R} by the tape, {a[i]:R} by hand");
    }

    internal static T Double<T>(T module) where T : Module
    {
        foreach (var p in module.Parameters())
            (p.Weight, p.Gradient) = (p.Weight.To(type), p.Gradient.To(type));
        return module;
    }

    /// <summary>
    /// Output, dx, and the gradient of each parameter, which is added with a scale to what was there, agree with the
    /// tape.
    /// </summary>
    static void Agrees(Module layer, Func<Variable, Variable[], Variable> tape, double tolerance, params int[] shape)
    {
        Double(layer);
        Variable x = new(Normal(1, shape), requiresGrad: true);
        Variable[] w = [.. layer.Parameters().Select(p => new Variable(p.Weight.Clone(), requiresGrad: true))];
        var y = tape(x, w);
        var dy = Normal(2, y.Size());
        y.Backward(dy);
        Same("y", y.Data, layer.Forward(x.Data), tolerance);
        foreach (var p in layer.Parameters()) p.Gradient.Fill_(1);
        Same("dx", x.Grad!.Data, layer.Backward(x.Data, dy, scale: 0.5), tolerance);
        Same("GradInput", x.Grad.Data, layer.GradInput, tolerance);
        foreach (var (p, v) in layer.Parameters().Zip(w)) Same("dw", v.Grad!.Data * 0.5 + 1, p.Gradient, 1e-12);
        layer.ZeroGradParameters();
        layer.Backward(x.Data, dy);
        foreach (var (p, v) in layer.Parameters().Zip(w)) Same("dw", v.Grad!.Data, p.Gradient, tolerance);
        Assert.Throws<ShapeException>(() => layer.Backward(x.Data, dy.Unsqueeze(0)));
    }

    const double Bits = 0, Rounding = 1e-12;

    [Fact]
    public void Linear() =>
        Agrees(new Tensorlet.Legacy.Linear(5, 3), (x, w) => F.Linear(x, w[0], w[1]), Bits, 7, 5);

    [Theory]
    [InlineData(1, 1, 0, 0)]
    [InlineData(2, 1, 1, 0)]
    [InlineData(1, 3, 2, 1)]
    [InlineData(2, 2, 1, 2)]
    public void SpatialConvolution(int dW, int dH, int padW, int padH) =>
        Agrees(new SpatialConvolution(3, 4, kW: 2, kH: 3, dW, dH, padW, padH), (x, w) =>
            F.Conv2d(x, w[0], w[1], (dH, dW), (padH, padW)), Rounding, 2, 3, 7, 6);

    [Theory]
    [InlineData(2, 2, null, null)]
    [InlineData(3, 2, 1, 2)]
    [InlineData(2, 3, 3, 1)]
    public void SpatialMaxPooling(int kW, int kH, int? dW, int? dH) =>
        Agrees(new SpatialMaxPooling(kW, kH, dW, dH), (x, _) =>
            F.MaxPool2d(x, (kH, kW), (dH ?? kH, dW ?? kW)), Bits, 2, 3, 7, 6);

    [Fact] public void Tanh() => Agrees(new Tensorlet.Legacy.Tanh(), (x, _) => x.Tanh(), Bits, 4, 5);
    [Fact] public void Sigmoid() => Agrees(new Tensorlet.Legacy.Sigmoid(), (x, _) => x.Sigmoid(), Bits, 4, 5);
    [Fact] public void ReLU() => Agrees(new ReLU(), (x, _) => x.Relu(), Bits, 4, 5);
    [Fact] public void SoftMax() => Agrees(new SoftMax(), (x, _) => x.Softmax(1), Bits, 4, 5, 2);
    [Fact] public void LogSoftMax() => Agrees(new LogSoftMax(), (x, _) => x.LogSoftmax(1), Bits, 4, 5);
    [Fact] public void View() => Agrees(new View(-1, 6), (x, _) => x.Reshape(-1, 6), Bits, 4, 3, 2);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Criterions(bool average)
    {
        var reduction = average ? Reduction.Mean : Reduction.Sum;
        Variable x = new(Normal(3, 6, 4), requiresGrad: true);
        var (t, classes) = (Normal(4, 6, 4), Tensor.From([0L, 3, 1, 1, 2, 0]));
        Compare(F.MseLoss(x, t, reduction), new MSECriterion(average), t);
        Compare(F.NllLoss(x, classes, reduction: reduction), new ClassNLLCriterion(average), classes);

        void Compare(Variable loss, Criterion criterion, Tensor target)
        {
            x.Grad = null;
            loss.Backward();
            Assert.Equal(loss.Item(), criterion.Forward(x.Data, target), 12);
            Assert.Equal(criterion.Output, criterion.Forward(x.Data, target));
            Same("dx", x.Grad!.Data, criterion.Backward(x.Data, target), Bits);
            Same("GradInput", x.Grad.Data, criterion.GradInput, Bits);
        }
    }

    [Fact]
    public void Wrong_shapes_are_refused_with_both()
    {
        var layer = new Tensorlet.Legacy.Linear(5, 3);
        Assert.Contains("(2, 4)", Assert.Throws<ShapeException>(() => layer.Forward(Tensor.Ones(2, 4))).Message);
        Assert.Throws<ShapeException>(() => layer.Forward(Tensor.Ones(5)));
        Assert.Throws<ShapeException>(() => layer.Backward(Tensor.Ones(2, 5), Tensor.Ones(2, 3)));     // no Forward yet
        var filters = new SpatialConvolution(3, 4, 2, 2);
        Assert.Contains("SpatialConvolution", Assert.Throws<ShapeException>(() =>
            filters.Forward(Tensor.Ones(2, 4, 5, 5))).Message);
        Assert.Throws<ShapeException>(() => filters.Forward(Tensor.Ones(2, 3, 5, 1)));
        Assert.Throws<ShapeException>(() => new SpatialMaxPooling(2, 2).Forward(Tensor.Ones(2, 5)));
        Assert.Throws<ShapeException>(() => new MSECriterion().Forward(Tensor.Ones(2, 1), Tensor.Ones(2)));
        Assert.Throws<ShapeException>(() => new ClassNLLCriterion().Backward(Tensor.Ones(2, 3), Tensor.Arange(3)));
        Assert.Throws<IndexException>(() => new ClassNLLCriterion().Forward(Tensor.Ones(1, 3), Tensor.From([3L])));
        Assert.Throws<ShapeException>(() => new ReLU().GetParameters());
        var row = new Sequential().Add(layer);
        Assert.Throws<TensorletException>(() => row.Add(layer));
    }
}
