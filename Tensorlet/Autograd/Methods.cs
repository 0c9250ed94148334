namespace Tensorlet;

/// <summary>
/// Methods that PyTorch's tensors have, and that do the same as an operator, a property or another method of this
/// library. For example, <c>x.Add(y)</c> returns <c>x + y</c>, and <c>x.Numel()</c> returns <c>x.Numel</c>.
/// </summary>
public static class Methods
{
    /// <summary>x + alpha · other, with broadcasting. If alpha is not given, it is 1.</summary>
    public static Tensor Add(this Tensor x, Tensor other, Number? alpha = null) =>
        x.Given() + (alpha is { } a ? other.Given() * a : other.Given());
    /// <summary>x − alpha · other, with broadcasting. If alpha is not given, it is 1.</summary>
    public static Tensor Sub(this Tensor x, Tensor other, Number? alpha = null) =>
        x.Given() - (alpha is { } a ? other.Given() * a : other.Given());
    /// <inheritdoc cref="Tensor.op_Multiply(Tensor, Tensor)"/>
    public static Tensor Mul(this Tensor x, Tensor other) => x.Given() * other.Given();
    /// <inheritdoc cref="Tensor.op_Division(Tensor, Tensor)"/>
    public static Tensor Div(this Tensor x, Tensor other) => x.Given() / other.Given();
    /// <summary>The mask that is true where x &lt; other.</summary>
    public static Tensor Lt(this Tensor x, Tensor other) => x.Given() < other.Given();
    /// <summary>The mask that is true where x ≤ other.</summary>
    public static Tensor Le(this Tensor x, Tensor other) => x.Given() <= other.Given();
    /// <summary>The mask that is true where x &gt; other.</summary>
    public static Tensor Gt(this Tensor x, Tensor other) => x.Given() > other.Given();
    /// <summary>The mask that is true where x ≥ other.</summary>
    public static Tensor Ge(this Tensor x, Tensor other) => x.Given() >= other.Given();
    /// <summary>Returns x in the shape of another tensor. The elements are not copied.</summary>
    /// <exception cref="ShapeException">No view of x has this shape.</exception>
    public static Tensor ViewAs(this Tensor x, Tensor other) => x.Given().View(other.Given().Size());
    /// <summary>Returns x broadcast to the shape of another tensor. The elements are not copied.</summary>
    /// <exception cref="ShapeException">The shape of x does not broadcast to this shape.</exception>
    public static Tensor ExpandAs(this Tensor x, Tensor other) => x.Given().Expand(other.Given().Size());
    /// <inheritdoc cref="Tensor.T"/>
    public static Tensor T(this Tensor x) => x.Given().T;
    /// <inheritdoc cref="Tensor.Rank"/>
    public static int Dim(this Tensor x) => x.Given().Rank;
    /// <inheritdoc cref="Tensor.Numel"/>
    public static int Numel(this Tensor x) => x.Given().Numel;
    /// <inheritdoc cref="Tensor.IsContiguous"/>
    public static bool IsContiguous(this Tensor x) => x.Given().IsContiguous;

    /// <summary>x + alpha · other, with broadcasting. If alpha is not given, it is 1.</summary>
    public static Variable Add(this Variable x, Variable other, Number? alpha = null) =>
        x.Given() + (alpha is { } a ? other.Given() * a : other.Given());
    /// <summary>x − alpha · other, with broadcasting. If alpha is not given, it is 1.</summary>
    public static Variable Sub(this Variable x, Variable other, Number? alpha = null) =>
        x.Given() - (alpha is { } a ? other.Given() * a : other.Given());
    /// <inheritdoc cref="Variable.op_Multiply(Variable, Variable)"/>
    public static Variable Mul(this Variable x, Variable other) => x.Given() * other.Given();
    /// <inheritdoc cref="Variable.op_Division(Variable, Variable)"/>
    public static Variable Div(this Variable x, Variable other) => x.Given() / other.Given();
    /// <inheritdoc cref="Lt(Tensor, Tensor)"/>
    public static Tensor Lt(this Variable x, Variable other) => x.Given() < other.Given();
    /// <inheritdoc cref="Le(Tensor, Tensor)"/>
    public static Tensor Le(this Variable x, Variable other) => x.Given() <= other.Given();
    /// <inheritdoc cref="Gt(Tensor, Tensor)"/>
    public static Tensor Gt(this Variable x, Variable other) => x.Given() > other.Given();
    /// <inheritdoc cref="Ge(Tensor, Tensor)"/>
    public static Tensor Ge(this Variable x, Variable other) => x.Given() >= other.Given();
    /// <inheritdoc cref="ViewAs(Tensor, Tensor)"/>
    public static Variable ViewAs(this Variable x, Variable other) => x.Given().View(other.Given().Size());
    /// <inheritdoc cref="ExpandAs(Tensor, Tensor)"/>
    public static Variable ExpandAs(this Variable x, Variable other) => x.Given().Expand(other.Given().Size());
    /// <inheritdoc cref="Tensor.T"/>
    public static Variable T(this Variable x) => x.Given().T;
    /// <inheritdoc cref="Tensor.Rank"/>
    public static int Dim(this Variable x) => x.Given().Rank;
    /// <inheritdoc cref="Tensor.Numel"/>
    public static int Numel(this Variable x) => x.Given().Numel;
}
