namespace Tensorlet;

// A tensor has the operations of a variable, too. Each operation uses the definition in Variable, without a tape.
public sealed partial class Tensor
{
    Variable Constant => new(this);
    /// <inheritdoc cref="MatMul(Tensor, Tensor)"/>
    public Tensor MatMul(Tensor other) => MatMul(this, other.Given());
    /// <inheritdoc cref="Variable.Remainder"/>
    public static Tensor operator %(Tensor a, Tensor b) => Variable.Remainder(a, b).Data;
    /// <inheritdoc cref="Variable.Remainder"/>
    public static Tensor Remainder(Tensor a, Tensor b) => Variable.Remainder(a, b).Data;
    /// <inheritdoc cref="Variable.Fmod"/>
    public static Tensor Fmod(Tensor a, Tensor b) => Variable.Fmod(a, b).Data;
    /// <inheritdoc cref="Variable.FloorDivide"/>
    public static Tensor FloorDivide(Tensor a, Tensor b) => Variable.FloorDivide(a, b).Data;
    /// <inheritdoc cref="Variable.Atan2"/>
    public static Tensor Atan2(Tensor y, Tensor x) => Variable.Atan2(y, x).Data;
    /// <inheritdoc cref="Variable.Maximum(Variable, Variable)"/>
    public static Tensor Maximum(Tensor a, Tensor b) => Variable.Maximum(a, b).Data;
    /// <inheritdoc cref="Variable.Minimum(Variable, Variable)"/>
    public static Tensor Minimum(Tensor a, Tensor b) => Variable.Minimum(a, b).Data;
    /// <inheritdoc cref="Variable.Einsum(string, Variable[])"/>
    public static Tensor Einsum(string equation, params Tensor[] operands) =>
        Variable.Einsum(equation, Array.ConvertAll(operands.Given(), x => x.Given(nameof(operands)).Constant)).Data;
    /// <inheritdoc cref="Variable.Meshgrid"/>
    public static Tensor[] Meshgrid(params Tensor[] tensors) => Array.ConvertAll(Variable.Meshgrid(
        Array.ConvertAll(tensors.Given(), x => x.Given(nameof(tensors)).Constant)), grid => grid.Data);
    static (Tensor, Tensor) Values((Variable Values, Tensor Indices) result) => (result.Values.Data, result.Indices);

    /// <inheritdoc cref="Variable.Clamp(Variable, Variable)"/>
    public Tensor Clamp(Tensor min, Tensor max) => Constant.Clamp(min, max).Data;
    /// <inheritdoc cref="Variable.Lerp(Variable, Variable)"/>
    public Tensor Lerp(Tensor end, Tensor weight) => Constant.Lerp(end, weight).Data;
    /// <inheritdoc cref="Variable.Addcmul(Variable, Variable, Number?)"/>
    public Tensor Addcmul(Tensor a, Tensor b, Number? value = null) => Constant.Addcmul(a, b, value).Data;
    /// <inheritdoc cref="Variable.Addcdiv(Variable, Variable, double)"/>
    public Tensor Addcdiv(Tensor a, Tensor b, double value = 1) => Constant.Addcdiv(a, b, value).Data;
    /// <inheritdoc cref="Variable.MaskedFill(Tensor, Number)"/>
    public Tensor MaskedFill(Tensor mask, Number value) => Constant.MaskedFill(mask, value).Data;
    /// <inheritdoc cref="Variable.LogSigmoid()"/>
    public Tensor LogSigmoid() => Constant.LogSigmoid().Data;
    /// <inheritdoc cref="Variable.Hardtanh(Number?, Number?)"/>
    public Tensor Hardtanh(Number? minVal = null, Number? maxVal = null) => Constant.Hardtanh(minVal, maxVal).Data;
    /// <inheritdoc cref="Variable.Relu6()"/>
    public Tensor Relu6() => Constant.Relu6().Data;
    /// <inheritdoc cref="Variable.PRelu(Variable)"/>
    public Tensor PRelu(Tensor weight) => Constant.PRelu(weight).Data;
    /// <inheritdoc cref="Variable.Elu(double)"/>
    public Tensor Elu(double alpha = 1) => Constant.Elu(alpha).Data;
    /// <inheritdoc cref="Variable.Selu()"/>
    public Tensor Selu() => Constant.Selu().Data;
    /// <inheritdoc cref="Variable.Celu(double)"/>
    public Tensor Celu(double alpha = 1) => Constant.Celu(alpha).Data;
    /// <inheritdoc cref="Variable.Gelu(bool)"/>
    public Tensor Gelu(bool tanh = false) => Constant.Gelu(tanh).Data;
    /// <inheritdoc cref="Variable.Silu()"/>
    public Tensor Silu() => Constant.Silu().Data;
    /// <inheritdoc cref="Variable.Mish()"/>
    public Tensor Mish() => Constant.Mish().Data;
    /// <inheritdoc cref="Variable.Softsign()"/>
    public Tensor Softsign() => Constant.Softsign().Data;
    /// <inheritdoc cref="Variable.Softshrink(double)"/>
    public Tensor Softshrink(double lambda = 0.5) => Constant.Softshrink(lambda).Data;
    /// <inheritdoc cref="Variable.Hardshrink(double)"/>
    public Tensor Hardshrink(double lambda = 0.5) => Constant.Hardshrink(lambda).Data;
    /// <inheritdoc cref="Variable.Tanhshrink()"/>
    public Tensor Tanhshrink() => Constant.Tanhshrink().Data;
    /// <inheritdoc cref="Variable.Hardsigmoid()"/>
    public Tensor Hardsigmoid() => Constant.Hardsigmoid().Data;
    /// <inheritdoc cref="Variable.Hardswish()"/>
    public Tensor Hardswish() => Constant.Hardswish().Data;
    /// <inheritdoc cref="Variable.Threshold(Number, Number)"/>
    public Tensor Threshold(Number threshold, Number value) => Constant.Threshold(threshold, value).Data;
    /// <inheritdoc cref="Variable.Glu(int)"/>
    public Tensor Glu(int dim = -1) => Constant.Glu(dim).Data;
    /// <inheritdoc cref="Variable.Pow(Number)"/>
    public Tensor Pow(Number p) => Constant.Pow(p).Data;
    /// <inheritdoc cref="Variable.Square()"/>
    public Tensor Square() => Constant.Square().Data;
    /// <inheritdoc cref="Variable.Reciprocal()"/>
    public Tensor Reciprocal() => Constant.Reciprocal().Data;
    /// <inheritdoc cref="Variable.Maximum(Variable)"/>
    public Tensor Maximum(Tensor other) => Constant.Maximum(other).Data;
    /// <inheritdoc cref="Variable.Minimum(Variable)"/>
    public Tensor Minimum(Tensor other) => Constant.Minimum(other).Data;
    /// <inheritdoc cref="Variable.Repeat(int[])"/>
    public Tensor Repeat(params int[] times) => Constant.Repeat(times).Data;
    /// <inheritdoc cref="Variable.RepeatInterleave(int, int?)"/>
    public Tensor RepeatInterleave(int repeats, int? dim = null) => Constant.RepeatInterleave(repeats, dim).Data;
    /// <inheritdoc cref="Variable.Tile(int[])"/>
    public Tensor Tile(params int[] times) => Constant.Tile(times).Data;
    /// <inheritdoc cref="Variable.Roll(int, int)"/>
    public Tensor Roll(int shifts, int dims) => Constant.Roll(shifts, dims).Data;
    /// <inheritdoc cref="Variable.Roll(int[], int[])"/>
    public Tensor Roll(int[] shifts, int[] dims) => Constant.Roll(shifts, dims).Data;
    /// <inheritdoc cref="Variable.Roll(int)"/>
    public Tensor Roll(int shifts) => Constant.Roll(shifts).Data;
    /// <inheritdoc cref="Variable.Unfold(int, int, int)"/>
    public Tensor Unfold(int dim, int size, int step) => Constant.Unfold(dim, size, step).Data;
    /// <inheritdoc cref="Variable.Unflatten(int, int[])"/>
    public Tensor Unflatten(int dim, params int[] sizes) => Constant.Unflatten(dim, sizes).Data;
    /// <inheritdoc cref="Variable.MoveDim(int, int)"/>
    public Tensor MoveDim(int source, int destination) => Constant.MoveDim(source, destination).Data;
    /// <inheritdoc cref="Variable.MoveDim(int[], int[])"/>
    public Tensor MoveDim(int[] source, int[] destination) => Constant.MoveDim(source, destination).Data;
    /// <inheritdoc cref="Variable.Tril(int)"/>
    public Tensor Tril(int diagonal = 0) => Constant.Tril(diagonal).Data;
    /// <inheritdoc cref="Variable.Tril(int)"/>
    public static Tensor Tril(Tensor x, int diagonal = 0) => x.Given().Tril(diagonal);
    /// <inheritdoc cref="Variable.Triu(int)"/>
    public Tensor Triu(int diagonal = 0) => Constant.Triu(diagonal).Data;
    /// <inheritdoc cref="Variable.Triu(int)"/>
    public static Tensor Triu(Tensor x, int diagonal = 0) => x.Given().Triu(diagonal);
    /// <inheritdoc cref="Variable.Diag(int)"/>
    public Tensor Diag(int diagonal = 0) => Constant.Diag(diagonal).Data;
    /// <inheritdoc cref="Variable.Diag(int)"/>
    public static Tensor Diag(Tensor x, int diagonal = 0) => x.Given().Diag(diagonal);
    /// <inheritdoc cref="Variable.Unbind(int)"/>
    public Tensor[] Unbind(int dim = 0) => Array.ConvertAll(Constant.Unbind(dim), x => x.Data);
    /// <inheritdoc cref="Variable.Cholesky(bool)"/>
    public Tensor Cholesky(bool upper = false) => Constant.Cholesky(upper).Data;
    /// <inheritdoc cref="Variable.Qr()"/>
    public (Tensor Q, Tensor R) Qr() => Constant.Qr() is var (a, b) ? (a.Data, b.Data) : default;
    /// <inheritdoc cref="Variable.Svd()"/>
    public (Tensor U, Tensor S, Tensor Vh) Svd() =>
        Constant.Svd() is var (a, b, c) ? (a.Data, b.Data, c.Data) : default;
    /// <inheritdoc cref="Variable.Eigh()"/>
    public (Tensor Eigenvalues, Tensor Eigenvectors) Eigh() =>
        Constant.Eigh() is var (a, b) ? (a.Data, b.Data) : default;
    /// <inheritdoc cref="Variable.Exp()"/>
    public Tensor Exp() => Constant.Exp().Data;
    /// <inheritdoc cref="Variable.Log()"/>
    public Tensor Log() => Constant.Log().Data;
    /// <inheritdoc cref="Variable.Sqrt()"/>
    public Tensor Sqrt() => Constant.Sqrt().Data;
    /// <inheritdoc cref="Variable.Sin()"/>
    public Tensor Sin() => Constant.Sin().Data;
    /// <inheritdoc cref="Variable.Cos()"/>
    public Tensor Cos() => Constant.Cos().Data;
    /// <inheritdoc cref="Variable.Abs()"/>
    public Tensor Abs() => Constant.Abs().Data;
    /// <inheritdoc cref="Variable.Sign()"/>
    public Tensor Sign() => Constant.Sign().Data;
    /// <inheritdoc cref="Variable.Tanh()"/>
    public Tensor Tanh() => Constant.Tanh().Data;
    /// <inheritdoc cref="Variable.Sigmoid()"/>
    public Tensor Sigmoid() => Constant.Sigmoid().Data;
    /// <inheritdoc cref="Variable.Relu()"/>
    public Tensor Relu() => Constant.Relu().Data;
    /// <inheritdoc cref="Variable.LeakyRelu(double)"/>
    public Tensor LeakyRelu(double negativeSlope = 0.01) => Constant.LeakyRelu(negativeSlope).Data;
    /// <inheritdoc cref="Variable.Softplus(double, double)"/>
    public Tensor Softplus(double beta = 1, double threshold = 20) => Constant.Softplus(beta, threshold).Data;
    /// <inheritdoc cref="Variable.Clamp(Number?, Number?)"/>
    public Tensor Clamp(Number? min = null, Number? max = null) => Constant.Clamp(min, max).Data;
    /// <inheritdoc cref="Variable.Erf()"/>
    public Tensor Erf() => Constant.Erf().Data;
    /// <inheritdoc cref="Variable.Erfinv()"/>
    public Tensor Erfinv() => Constant.Erfinv().Data;
    /// <inheritdoc cref="Variable.Exp2()"/>
    public Tensor Exp2() => Constant.Exp2().Data;
    /// <inheritdoc cref="Variable.Expm1()"/>
    public Tensor Expm1() => Constant.Expm1().Data;
    /// <inheritdoc cref="Variable.Log2()"/>
    public Tensor Log2() => Constant.Log2().Data;
    /// <inheritdoc cref="Variable.Log10()"/>
    public Tensor Log10() => Constant.Log10().Data;
    /// <inheritdoc cref="Variable.Log1p()"/>
    public Tensor Log1p() => Constant.Log1p().Data;
    /// <inheritdoc cref="Variable.Rsqrt()"/>
    public Tensor Rsqrt() => Constant.Rsqrt().Data;
    /// <inheritdoc cref="Variable.Pow(Variable)"/>
    public Tensor Pow(Tensor b) => Constant.Pow(b).Data;
    /// <inheritdoc cref="Variable.Sinh()"/>
    public Tensor Sinh() => Constant.Sinh().Data;
    /// <inheritdoc cref="Variable.Cosh()"/>
    public Tensor Cosh() => Constant.Cosh().Data;
    /// <inheritdoc cref="Variable.ScatterAdd(int, Tensor, int[])"/>
    public Tensor ScatterAdd(int dim, Tensor index, params int[] shape) =>
        Constant.ScatterAdd(dim, index, shape).Data;
    /// <inheritdoc cref="Variable.IndexAdd(int, Tensor, Variable, Number?)"/>
    public Tensor IndexAdd(int dim, Tensor index, Tensor source, Number? alpha = null) =>
        Constant.IndexAdd(dim, index, source, alpha).Data;
    /// <inheritdoc cref="Variable.IndexCopy(int, Tensor, Variable)"/>
    public Tensor IndexCopy(int dim, Tensor index, Tensor source) => Constant.IndexCopy(dim, index, source).Data;
    /// <inheritdoc cref="Variable.IndexFill(int, Tensor, Number)"/>
    public Tensor IndexFill(int dim, Tensor index, Number value) => Constant.IndexFill(dim, index, value).Data;
    /// <inheritdoc cref="Variable.Scatter(int, Tensor, Variable)"/>
    public Tensor Scatter(int dim, Tensor index, Tensor src) => Constant.Scatter(dim, index, src).Data;
    /// <inheritdoc cref="Variable.Scatter(int, Tensor, Number)"/>
    public Tensor Scatter(int dim, Tensor index, Number value) => Constant.Scatter(dim, index, value).Data;
    /// <inheritdoc cref="Variable.MaskedScatter(Tensor, Variable)"/>
    public Tensor MaskedScatter(Tensor mask, Tensor source) => Constant.MaskedScatter(mask, source).Data;
    /// <inheritdoc cref="Variable.ScatterAdd(int, Tensor, Variable)"/>
    public Tensor ScatterAdd(int dim, Tensor index, Tensor src) => Constant.ScatterAdd(dim, index, src).Data;
    /// <inheritdoc cref="Variable.Take(Tensor)"/>
    public Tensor Take(Tensor index) => Constant.Take(index).Data;
    /// <inheritdoc cref="Variable.MaskedSelect(Tensor)"/>
    public Tensor MaskedSelect(Tensor mask) => Constant.MaskedSelect(mask).Data;
    /// <inheritdoc cref="Variable.Inverse()"/>
    public Tensor Inverse() => Constant.Inverse().Data;
    /// <inheritdoc cref="Variable.Solve(Variable)"/>
    public Tensor Solve(Tensor b) => Constant.Solve(b).Data;
    /// <inheritdoc cref="Variable.Det()"/>
    public Tensor Det() => Constant.Det().Data;
    /// <inheritdoc cref="Variable.Dot(Variable)"/>
    public Tensor Dot(Tensor other) => Constant.Dot(other).Data;
    /// <inheritdoc cref="Variable.Dot(Variable)"/>
    public static Tensor Dot(Tensor a, Tensor b) => a.Given().Dot(b.Given());
    /// <inheritdoc cref="Variable.Mv(Variable)"/>
    public Tensor Mv(Tensor vector) => Constant.Mv(vector).Data;
    /// <inheritdoc cref="Variable.Mv(Variable)"/>
    public static Tensor Mv(Tensor a, Tensor b) => a.Given().Mv(b.Given());
    /// <inheritdoc cref="Variable.Mm(Variable)"/>
    public Tensor Mm(Tensor other) => Constant.Mm(other).Data;
    /// <inheritdoc cref="Variable.Mm(Variable)"/>
    public static Tensor Mm(Tensor a, Tensor b) => a.Given().Mm(b.Given());
    /// <inheritdoc cref="Variable.Bmm(Variable)"/>
    public Tensor Bmm(Tensor other) => Constant.Bmm(other).Data;
    /// <inheritdoc cref="Variable.Bmm(Variable)"/>
    public static Tensor Bmm(Tensor a, Tensor b) => a.Given().Bmm(b.Given());
    /// <inheritdoc cref="Variable.Outer(Variable)"/>
    public Tensor Outer(Tensor other) => Constant.Outer(other).Data;
    /// <inheritdoc cref="Variable.Outer(Variable)"/>
    public static Tensor Outer(Tensor a, Tensor b) => a.Given().Outer(b.Given());
    /// <inheritdoc cref="Variable.Addmm(Variable, Variable, Number?, Number?)"/>
    public Tensor Addmm(Tensor a, Tensor b, Number? beta = null, Number? alpha = null) =>
        Constant.Addmm(a, b, beta, alpha).Data;
    /// <inheritdoc cref="Variable.Baddbmm(Variable, Variable, Number?, Number?)"/>
    public Tensor Baddbmm(Tensor a, Tensor b, Number? beta = null, Number? alpha = null) =>
        Constant.Baddbmm(a, b, beta, alpha).Data;
    /// <inheritdoc cref="Variable.Trace()"/>
    public Tensor Trace() => Constant.Trace().Data;
    /// <inheritdoc cref="Variable.Tensordot(Variable, int)"/>
    public Tensor Tensordot(Tensor other, int dims = 2) => Constant.Tensordot(other, dims).Data;
    /// <inheritdoc cref="Variable.Tensordot(Variable, int[], int[])"/>
    public Tensor Tensordot(Tensor other, int[] dims, int[] otherDims) =>
        Constant.Tensordot(other, dims, otherDims).Data;
    /// <inheritdoc cref="Variable.Max()"/>
    public Tensor Max() => Constant.Max().Data;
    /// <inheritdoc cref="Variable.Min()"/>
    public Tensor Min() => Constant.Min().Data;
    /// <inheritdoc cref="Variable.Max(int, bool)"/>
    public (Tensor Values, Tensor Indices) Max(int dim, bool keepdim = false) => Values(Constant.Max(dim, keepdim));
    /// <inheritdoc cref="Variable.Min(int, bool)"/>
    public (Tensor Values, Tensor Indices) Min(int dim, bool keepdim = false) => Values(Constant.Min(dim, keepdim));
    /// <inheritdoc cref="Variable.LogSumExp(Axes, bool)"/>
    public Tensor LogSumExp(Axes dim = default, bool keepdim = false) => Constant.LogSumExp(dim, keepdim).Data;
    /// <inheritdoc cref="Variable.Var(Axes, double, bool)"/>
    public Tensor Var(Axes dim = default, double correction = 1, bool keepdim = false) =>
        Constant.Var(dim, correction, keepdim).Data;
    /// <inheritdoc cref="Variable.Std(Axes, double, bool)"/>
    public Tensor Std(Axes dim = default, double correction = 1, bool keepdim = false) =>
        Constant.Std(dim, correction, keepdim).Data;
    /// <inheritdoc cref="Variable.Norm(double, Axes, bool)"/>
    public Tensor Norm(double p = 2, Axes dim = default, bool keepdim = false) => Constant.Norm(p, dim, keepdim).Data;
    /// <inheritdoc cref="Variable.Floor()"/>
    public Tensor Floor() => Constant.Floor().Data;
    /// <inheritdoc cref="Variable.Ceil()"/>
    public Tensor Ceil() => Constant.Ceil().Data;
    /// <inheritdoc cref="Variable.Round()"/>
    public Tensor Round() => Constant.Round().Data;
    /// <inheritdoc cref="Variable.Trunc()"/>
    public Tensor Trunc() => Constant.Trunc().Data;
    /// <inheritdoc cref="Variable.Frac()"/>
    public Tensor Frac() => Constant.Frac().Data;
    /// <inheritdoc cref="Variable.CumSum(int)"/>
    public Tensor CumSum(int dim) => Constant.CumSum(dim).Data;
    /// <inheritdoc cref="Variable.CumProd(int)"/>
    public Tensor CumProd(int dim) => Constant.CumProd(dim).Data;
    /// <inheritdoc cref="Variable.CumMax(int)"/>
    public (Tensor Values, Tensor Indices) CumMax(int dim) => Values(Constant.CumMax(dim));
    /// <inheritdoc cref="Variable.Flatten(int, int)"/>
    public Tensor Flatten(int startDim = 0, int endDim = -1) => Constant.Flatten(startDim, endDim).Data;
    /// <inheritdoc cref="Variable.Pad(int, int, int)"/>
    public Tensor Pad(int dim, int before, int after) => Constant.Pad(dim, before, after).Data;
    /// <inheritdoc cref="Variable.Softmax(int)"/>
    public Tensor Softmax(int dim) => Constant.Softmax(dim).Data;
    /// <inheritdoc cref="Variable.LogSoftmax(int)"/>
    public Tensor LogSoftmax(int dim) => Constant.LogSoftmax(dim).Data;
    /// <inheritdoc cref="Variable.Sort(int, bool)"/>
    public (Tensor Values, Tensor Indices) Sort(int dim = -1, bool descending = false) =>
        Values(Constant.Sort(dim, descending));
    /// <inheritdoc cref="Variable.TopK(int, int, bool)"/>
    public (Tensor Values, Tensor Indices) TopK(int k, int dim = -1, bool largest = true) =>
        Values(Constant.TopK(k, dim, largest));
    /// <inheritdoc cref="Variable.Median(int, bool)"/>
    public (Tensor Values, Tensor Indices) Median(int dim, bool keepdim = false) =>
        Values(Constant.Median(dim, keepdim));
    /// <inheritdoc cref="Variable.Median()"/>
    public Tensor Median() => Constant.Median().Data;
    /// <inheritdoc cref="Variable.Quantile(double, int?, bool)"/>
    public Tensor Quantile(double q, int? dim = null, bool keepdim = false) => Constant.Quantile(q, dim, keepdim).Data;
    /// <inheritdoc cref="Variable.Tan()"/>
    public Tensor Tan() => Constant.Tan().Data;
    /// <inheritdoc cref="Variable.Asin()"/>
    public Tensor Asin() => Constant.Asin().Data;
    /// <inheritdoc cref="Variable.Acos()"/>
    public Tensor Acos() => Constant.Acos().Data;
    /// <inheritdoc cref="Variable.Atan()"/>
    public Tensor Atan() => Constant.Atan().Data;
    /// <inheritdoc cref="Variable.Slogdet()"/>
    public (Tensor Sign, Tensor LogAbsDet) Slogdet() =>
        Constant.Slogdet() is var (sign, logarithm) ? (sign, logarithm.Data) : default;
}
