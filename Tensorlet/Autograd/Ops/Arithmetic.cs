namespace Tensorlet;

sealed class Add : Function // c = a + b     da = dc     db = dc
{
    protected override Tensor Forward() => A.Data + B.Data;
    public override Variable[] Backward(Variable dc) => [dc, dc];
}

sealed class Subtract : Function // c = a − b     da = dc     db = −dc
{
    protected override Tensor Forward() => A.Data - B.Data;
    public override Variable[] Backward(Variable dc) => [dc, -dc];
}

sealed class Multiply : Function // c = a·b     da = b·dc     db = a·dc
{
    protected override Tensor Forward() { Save(A, B); return A.Data * B.Data; }
    public override Variable?[] Backward(Variable dc) => [Needs(0) ? B * dc : null, Needs(1) ? A * dc : null];
}

sealed class Divide : Function // c = a/b     da = dc/b     db = −(a/b)·dc/b
{
    protected override Tensor Forward() { Save(A, B); return A.Data / B.Data; }
    public override Variable?[] Backward(Variable dc) { var da = dc / B; return [da, Needs(1) ? -(A / B) * da : null]; }
}

// This is a class of its own, and not a LinearMap, which holds two functions: a million objects of this class take
// 180 MB less.
sealed class Affine(double a, double b) : Function // y = a·x + b, a and b numbers     dx = a·dy
{
    protected override Tensor Forward() => X.Data.Affine(a, b);
    public override Variable[] Backward(Variable dy) => [dy * a];
}

/// <summary>xᵖ; the second, third and fourth powers are computed by multiplication.</summary>
readonly struct PowerFormula(double p) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => p == 2 ? x * x : p == 3 ? x * x * x : p == 4 ? x * x * (x * x) : V.Pow(x, V.Of(p));
}

/// <summary>
/// The larger of two numbers if <paramref name="sign"/> is positive, and otherwise the smaller of the two. If one of
/// the numbers is NaN, the result is NaN. If the numbers are equal, the result is computed as their mean, so that
/// each number gets half of the slope.
/// </summary>
readonly struct ExtremeFormula(int sign) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V a, V b)
    {
        var (first, second) = sign > 0 ? (a, b) : (b, a);
        V half = V.Of(0.5), mean = V.IfEqual(a - a, V.Of(0), a + (b - a) * half, (a + b) * half);       // ∞ − ∞ is NaN
        return V.IfGreater(first, second, a, V.IfGreater(second, first, b, V.IfEqual(a, b, mean, a + b)));
    }
}

// c = a where the condition is true, else b     da = dc where the condition is true     db = dc elsewhere
sealed class Where(Tensor condition) : Function
{
    protected override Tensor Forward()
    {
        Keep(condition);
        return Tensor.Where(condition, A.Data, B.Data);
    }
    public override Variable[] Backward(Variable dc) =>
        [Variable.Where(condition, dc, 0), Variable.Where(condition, 0, dc)];
}

public partial class Variable
{
    /// <summary>
    /// Converts two operands to one type, and broadcasts them to one shape. The broadcasting is done by
    /// <see cref="Expand"/>, an operation that has a gradient of its own.
    /// </summary>
    static (Variable, Variable) Matched(string operation, Variable a, Variable b)
    {
        (a, b) = (a.Given().As(b.Given()), b.As(a));
        a.Data.SameDevice(operation, b.Data);
        var type = DTypes.Promote(a.Data, b.Data);
        var shape = Layout.Broadcast(operation, a.Data.Layout, b.Data.Layout);
        return (a.To(type).Expand(shape), b.To(type).Expand(shape));
    }

    static Variable Apply<F>(string operation, Variable a, Variable b) where F : Function, new()
    {
        var (x, y) = Matched(operation, a, b);
        return new F().Apply(x, y);
    }

    /// <summary>
    /// Computes f for two variables, with broadcasting. For floating-point numbers, f also provides the slope; for
    /// integers and masks, the results are exact.
    /// </summary>
    static Variable Exact<F>(string operation, F f, Variable a, Variable b) where F : struct, IZip =>
        a.Given().As(b.Given()).DType.IsFloat() | b.As(a).DType.IsFloat() ? Apply(new Of2<F>(f), operation, a, b)
            : Tensor.Zip(f, a.Data, b.Data, operation);

    static Variable Affine(Variable x, Number a, Number b) =>
        x.Given().DType.IsFloat() ? new Affine(a.value, b.value).Apply(x) : x.Data.Affine(a, b);

    /// <summary>a + b, with broadcasting.</summary>
    public static Variable operator +(Variable a, Variable b) => Apply<Add>("+", a, b);
    /// <summary>a − b, with broadcasting.</summary>
    public static Variable operator -(Variable a, Variable b) => Apply<Subtract>("-", a, b);
    /// <summary>a · b, element by element, with broadcasting.</summary>
    public static Variable operator *(Variable a, Variable b) => Apply<Multiply>("*", a, b);
    /// <summary>
    /// a / b, with broadcasting. The quotient of two integers is a floating-point number, and not an integer.
    /// </summary>
    public static Variable operator /(Variable a, Variable b) => Apply<Divide>("/", a, b);

    /// <summary>x + b</summary>
    public static Variable operator +(Variable x, Number b) => Affine(x, 1, b);
    /// <summary>b + x</summary>
    public static Variable operator +(Number b, Variable x) => Affine(x, 1, b);
    /// <summary>x − b</summary>
    public static Variable operator -(Variable x, Number b) => Affine(x, 1, -b);
    /// <summary>b − x</summary>
    public static Variable operator -(Number b, Variable x) => Affine(x, -1, b);
    /// <summary>a · x</summary>
    public static Variable operator *(Variable x, Number a) => Affine(x, a, Number.Nothing);
    /// <summary>a · x</summary>
    public static Variable operator *(Number a, Variable x) => Affine(x, a, Number.Nothing);
    /// <summary>−x</summary>
    public static Variable operator -(Variable x) =>
        x.Given().DType.IsFloat() ? Affine(x, -1, Number.Nothing) : -x.Data;

    /// <summary>xᵖ for a number p. The result has an integer type if x and p are integers.</summary>
    /// <exception cref="TensorletException">An integer is raised to a negative power.</exception>
    public Variable Pow(Number p) =>
        DType.IsFloat() || !p.isWhole ? Map(new PowerFormula(p.value)) : Pow(this, Tensor.Like(Data, p));
    /// <summary>x²</summary>
    public Variable Square() => DType.IsFloat() ? this * this : Pow(2);
    /// <summary>1/x</summary>
    public Variable Reciprocal() => 1 / this;
    /// <summary>
    /// The larger of each pair of elements, with broadcasting. If one element of a pair is NaN, the result is NaN. If
    /// the elements of a pair are equal, each of the two gets half of the gradient.
    /// </summary>
    public static Variable Maximum(Variable a, Variable b) => Exact("Maximum", new ExtremeFormula(1), a, b);
    /// <summary>
    /// The smaller of each pair of elements, with broadcasting. If one element of a pair is NaN, the result is NaN.
    /// If the elements of a pair are equal, each of the two gets half of the gradient.
    /// </summary>
    public static Variable Minimum(Variable a, Variable b) => Exact("Minimum", new ExtremeFormula(-1), a, b);

    /// <inheritdoc cref="Maximum(Variable, Variable)"/>
    public Variable Maximum(Variable other) => Maximum(this, other.Given());
    /// <inheritdoc cref="Minimum(Variable, Variable)"/>
    public Variable Minimum(Variable other) => Minimum(this, other.Given());

    /// <summary>
    /// a where the condition is true, and b elsewhere. All three arguments are broadcast to one shape.
    /// </summary>
    public static Variable Where(Tensor condition, Variable a, Variable b)
    {
        (a, b) = Matched("Where", a, b);
        condition.Given().OnlyType("Where: the condition", DType.Bool);
        var shape = Layout.Broadcast("Where", condition.Layout, a.Data.Layout);
        return new Where(condition.Expand(shape)).Apply(a.Expand(shape), b.Expand(shape));
    }

    /// <summary>
    /// Returns the same numbers in the type Float32. The gradient is converted back to the type of this variable.
    /// </summary>
    public Variable Float() => To(DType.Float32);
    /// <summary>
    /// Returns the same numbers in the type Float64. The gradient is converted back to the type of this variable.
    /// </summary>
    public Variable Double() => To(DType.Float64);
    /// <summary>
    /// Returns the same numbers in the type <paramref name="dtype"/>. The gradient is converted back to the type of
    /// this variable.
    /// </summary>
    public Variable To(DType dtype) => DType is var before && before != dtype
        ? Linear(x => x.To(dtype), (dy, _) => dy.To(before), "Cast") : this;

    /// <summary>
    /// Returns the same numbers on <paramref name="device"/>. The gradient is moved back to the device of this
    /// variable.
    /// </summary>
    public Variable To(Device device) => Device is var before && before != device
        ? Linear(x => x.To(device), (dy, _) => dy.To(before), "Transfer") : this;

    /// <summary>Returns the same numbers on the CPU.</summary>
    public Variable Cpu() => To(Device.Cpu);
    /// <summary>Returns the same numbers on the CUDA device with the given index.</summary>
    public Variable Cuda(int index = 0) => To(Device.Cuda(index));

    /// <summary>A mask that is true where a &gt; b. Masks have no gradients.</summary>
    public static Tensor operator >(Variable a, Variable b) => a.Given().Data > b.Given().Data;
    /// <summary>A mask that is true where a &lt; b.</summary>
    public static Tensor operator <(Variable a, Variable b) => a.Given().Data < b.Given().Data;
    /// <summary>A mask that is true where a ≥ b.</summary>
    public static Tensor operator >=(Variable a, Variable b) => a.Given().Data >= b.Given().Data;
    /// <summary>A mask that is true where a ≤ b.</summary>
    public static Tensor operator <=(Variable a, Variable b) => a.Given().Data <= b.Given().Data;
    /// <summary>A mask that is true where this variable equals <paramref name="other"/>.</summary>
    public Tensor Eq(Variable other) => Data.Eq(other.Given().Data);
    /// <summary>A mask that is true where this variable does not equal <paramref name="other"/>.</summary>
    public Tensor Ne(Variable other) => Data.Ne(other.Given().Data);

    /// <summary>Must not be used: C# would compare references instead of elements.</summary>
    [Obsolete(Tensor.Comparison, error: true)]
    public static bool operator ==(Variable? a, Variable? b) => ReferenceEquals(a, b);
    /// <summary>Must not be used: C# would compare references instead of elements.</summary>
    [Obsolete(Tensor.Comparison, error: true)]
    public static bool operator !=(Variable? a, Variable? b) => !ReferenceEquals(a, b);
    /// <summary>Returns true if <paramref name="other"/> is the same object as this variable.</summary>
    public override bool Equals(object? other) => ReferenceEquals(this, other);
    /// <inheritdoc/>
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}
