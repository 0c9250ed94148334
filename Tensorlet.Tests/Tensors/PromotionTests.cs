using Layers = Tensorlet.F;

namespace Tensorlet.Tests.Tensors;

public class PromotionTests
{
    const DType B = DType.Bool, I = DType.Int64, F = DType.Float32, D = DType.Float64;

    /// <summary>
    /// PyTorch's result types: a and b, both with axes; a with axes and b 0-dimensional; both 0-dimensional.
    /// </summary>
    [Theory]
    [InlineData(B, B, B, B, B)]
    [InlineData(B, I, I, I, I)]
    [InlineData(B, F, F, F, F)]
    [InlineData(B, D, D, D, D)]
    [InlineData(I, B, I, I, I)]
    [InlineData(I, I, I, I, I)]
    [InlineData(I, F, F, F, F)]
    [InlineData(I, D, D, D, D)]
    [InlineData(F, B, F, F, F)]
    [InlineData(F, I, F, F, F)]
    [InlineData(F, F, F, F, F)]
    [InlineData(F, D, D, F, D)]
    [InlineData(D, B, D, D, D)]
    [InlineData(D, I, D, D, D)]
    [InlineData(D, F, D, D, D)]
    [InlineData(D, D, D, D, D)]
    public void Of_two_tensors(DType a, DType b, DType both, DType scalar, DType scalars)
    {
        Tensor x = Tensor.Ones([2], a), y = Tensor.Ones([2], b), x0 = Tensor.Scalar(1, a), y0 = Tensor.Scalar(1, b);
        foreach (var (left, right, type) in new[] { (x, y, both), (x, y0, scalar), (y0, x, scalar), (x0, y0, scalars) })
        {
            Assert.Equal(type, (left + right).DType);
            Assert.Equal(type, (left * right).DType);
            Assert.Equal(type, Tensor.Where(Tensor.Scalar(1, B), left, right).DType);
            Assert.Equal(B, (left > right).DType);
        }
    }

    [Theory]
    [InlineData(B, B, F)]
    [InlineData(I, B, F)]
    [InlineData(I, I, F)]
    [InlineData(I, D, D)]
    [InlineData(D, I, D)]
    [InlineData(F, I, F)]
    public void Of_a_quotient(DType a, DType b, DType quotient) =>
        Assert.Equal(quotient, (Tensor.Ones([2], a) / Tensor.Ones([2], b)).DType);

    [Theory]
    [InlineData(B, 2, I)]
    [InlineData(B, 2.0, F)]
    [InlineData(B, 0.5, F)]
    [InlineData(I, 2, I)]
    [InlineData(I, 2.0, F)]
    [InlineData(I, 0.5, F)]
    [InlineData(I, double.PositiveInfinity, F)]
    [InlineData(F, 0.1, F)]
    [InlineData(D, 2, D)]
    public void With_a_number(DType type, object value, DType expected)
    {
        Number number = value is int whole ? (Number)whole : (double)value;
        var x = Tensor.Ones([2], type);
        foreach (var y in new[] { x + number, number + x, x - number, number - x, x * number, number * x })
            Assert.Equal(expected, y.DType);
        Assert.Equal(type.IsFloat() ? type : F, (x / number).DType);
        Assert.Equal(type.IsFloat() ? type : F, (number / x).DType);
        Assert.Equal(1 + Convert.ToDouble(value), (x + number)[0].Item(), 6);
    }

    /// <summary>Joined, they have the highest type, and each gets its gradient in its own type.</summary>
    [Theory]
    [InlineData(B, I, I)]
    [InlineData(I, F, F)]
    [InlineData(F, D, D)]
    [InlineData(D, B, D)]
    [InlineData(F, F, F)]
    public void Of_what_is_joined(DType a, DType b, DType expected)
    {
        Tensor x = Tensor.Ones([2], a), y = Tensor.Zeros([2], b);
        Assert.Equal(expected, Tensor.Cat([x, y]).DType);
        Assert.Equal(expected, Tensor.Stack([x[0], y[0], x[1]]).DType);
        Assert.Equal([1, 1, 0, 0], Tensor.Cat([x, y]).ToArray<double>());
        Variable v = new(x, a.IsFloat()), w = new(y, b.IsFloat());
        Assert.Equal(expected, Variable.Stack([v, w]).DType);
        if (!expected.IsFloat()) return;
        Variable.Cat([v, w]).Sum().Backward();
        foreach (var input in new[] { v, w })
            Assert.Equal(input.DType.IsFloat() ? input.DType : null, input.Grad?.DType);
    }

    /// <summary>Weights and biases of another type are refused, as in PyTorch.</summary>
    [Fact]
    public void Of_biases()
    {
        Variable x = Tensor.Ones(2, 3, 4, 4), rows = Tensor.Ones(2, 3), bias = Tensor.Ones([3], D);
        foreach (var call in new Action[]
        {
            () => Layers.Linear(rows, Tensor.Ones(3, 3), bias), () => Layers.Conv2d(x, Tensor.Ones(3, 3, 1, 1), bias),
            () => Layers.ConvTranspose2d(x, Tensor.Ones(3, 3, 1, 1), bias), () => Layers.GroupNorm(x, 3, bias),
            () => Layers.LayerNorm(rows, [3], bias: bias), () => Layers.LayerNorm(rows, [3], bias),
            () => Layers.BatchNorm(x, null, null, bias: bias, training: true),
        })
            Assert.Contains("Float64", Assert.Throws<DTypeException>(call).Message);
    }

    [Fact]
    public void Large_integers_are_compared_as_integers()
    {
        var x = Tensor.From(new[] { (1 << 24) + 1, 1 << 24 });
        Assert.Equal([true, false], (x > (1 << 24)).ToArray<bool>());
        Assert.Equal([false, true], (x <= (1 << 24)).ToArray<bool>());
    }
}
