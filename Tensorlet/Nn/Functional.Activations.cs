namespace Tensorlet;

// The activations under their names in torch.nn.functional.
public static partial class F
{
    /// <inheritdoc cref="Variable.Relu()"/>
    public static Variable Relu(Variable x) => x.Given().Relu();
    /// <inheritdoc cref="Variable.Relu6()"/>
    public static Variable Relu6(Variable x) => x.Given().Relu6();
    /// <inheritdoc cref="Variable.LeakyRelu(double)"/>
    public static Variable LeakyRelu(Variable x, double negativeSlope = 0.01) => x.Given().LeakyRelu(negativeSlope);
    /// <inheritdoc cref="Variable.PRelu(Variable)"/>
    public static Variable PRelu(Variable x, Variable weight) => x.Given().PRelu(weight);
    /// <inheritdoc cref="Variable.Elu(double)"/>
    public static Variable Elu(Variable x, double alpha = 1) => x.Given().Elu(alpha);
    /// <inheritdoc cref="Variable.Selu()"/>
    public static Variable Selu(Variable x) => x.Given().Selu();
    /// <inheritdoc cref="Variable.Celu(double)"/>
    public static Variable Celu(Variable x, double alpha = 1) => x.Given().Celu(alpha);
    /// <inheritdoc cref="Variable.Gelu(bool)"/>
    public static Variable Gelu(Variable x, bool tanh = false) => x.Given().Gelu(tanh);
    /// <inheritdoc cref="Variable.Silu()"/>
    public static Variable Silu(Variable x) => x.Given().Silu();
    /// <inheritdoc cref="Variable.Mish()"/>
    public static Variable Mish(Variable x) => x.Given().Mish();
    /// <inheritdoc cref="Variable.Glu(int)"/>
    public static Variable Glu(Variable x, int dim = -1) => x.Given().Glu(dim);
    /// <inheritdoc cref="Variable.Softplus(double, double)"/>
    public static Variable Softplus(Variable x, double beta = 1, double threshold = 20) =>
        x.Given().Softplus(beta, threshold);
    /// <inheritdoc cref="Variable.Softsign()"/>
    public static Variable Softsign(Variable x) => x.Given().Softsign();
    /// <inheritdoc cref="Variable.Softshrink(double)"/>
    public static Variable Softshrink(Variable x, double lambda = 0.5) => x.Given().Softshrink(lambda);
    /// <inheritdoc cref="Variable.Hardshrink(double)"/>
    public static Variable Hardshrink(Variable x, double lambda = 0.5) => x.Given().Hardshrink(lambda);
    /// <inheritdoc cref="Variable.Tanhshrink()"/>
    public static Variable Tanhshrink(Variable x) => x.Given().Tanhshrink();
    /// <inheritdoc cref="Variable.Hardtanh(Number?, Number?)"/>
    public static Variable Hardtanh(Variable x, Number? minVal = null, Number? maxVal = null) =>
        x.Given().Hardtanh(minVal, maxVal);
    /// <inheritdoc cref="Variable.Hardsigmoid()"/>
    public static Variable Hardsigmoid(Variable x) => x.Given().Hardsigmoid();
    /// <inheritdoc cref="Variable.Hardswish()"/>
    public static Variable Hardswish(Variable x) => x.Given().Hardswish();
    /// <inheritdoc cref="Variable.Threshold(Number, Number)"/>
    public static Variable Threshold(Variable x, Number threshold, Number value) =>
        x.Given().Threshold(threshold, value);
    /// <inheritdoc cref="Variable.LogSigmoid()"/>
    public static Variable LogSigmoid(Variable x) => x.Given().LogSigmoid();
    /// <inheritdoc cref="Variable.Sigmoid()"/>
    public static Variable Sigmoid(Variable x) => x.Given().Sigmoid();
    /// <inheritdoc cref="Variable.Tanh()"/>
    public static Variable Tanh(Variable x) => x.Given().Tanh();
    /// <inheritdoc cref="Variable.Softmax(int)"/>
    public static Variable Softmax(Variable x, int dim) => x.Given().Softmax(dim);
    /// <inheritdoc cref="Variable.LogSoftmax(int)"/>
    public static Variable LogSoftmax(Variable x, int dim) => x.Given().LogSoftmax(dim);
}
