namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>
    /// Returns f(x) for every element x of this tensor. Here, f is a function that you write as a struct; see
    /// <see cref="IMap"/>. Integers and Booleans are converted to floating-point numbers first.
    /// </summary>
    public Tensor Map<F>(F f) where F : struct, IMap =>
        Apply("Map", new Of1<F>(f), DType.IsFloat() ? this : To(DTypes.Default));

    /// <summary>
    /// Broadcasts the operands to a common shape, converts them to a common type, and returns f(a, b) for the elements
    /// a and b at each position.
    /// </summary>
    /// <param name="f">The function, written as a struct; see <see cref="IZip"/>.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="operation">The name of the operation in error messages.</param>
    /// <param name="dtype">The type of the result. Give Bool if f is a condition, so that it returns 1 for true and 0
    /// for false. If no type is given, the result has the common type of the operands.</param>
    /// <param name="destination">The tensor to which the result is written; it is resized to fit the result. If none is
    /// given, the result is a new tensor.</param>
    public static Tensor Zip<F>(F f, Tensor a, Tensor b, string operation = "Zip", DType? dtype = null,
        Tensor? destination = null) where F : struct, IZip
    {
        (a, b) = Promoted(a, b);
        var (shape, resultType) = (Common(operation.Given(), [a, b]), dtype ?? a.DType);
        if (destination is null) destination = a.NewEmpty(shape, resultType, operation);
        else
        {
            a.SameDevice(operation, destination);
            (a, b) = (a.Expand(shape), b.Expand(shape));
            destination.OnlyType($"{operation}: the destination", resultType).Resize(shape).Writing(operation);
            (a, b) = (a.Beside(destination), b.Beside(destination));
        }
        return destination.Set(new Of2<F>(f), a, b);
    }

    /// <summary>Converts two operands to their common type.</summary>
    static (Tensor, Tensor) Promoted(Tensor a, Tensor b)
    {
        (a, b) = (a.Given().As(b.Given()), b.As(a));
        var type = DTypes.Promote(a, b);
        return (a.To(type), b.To(type));
    }

    /// <summary>
    /// Broadcasts the tensors x₀, x₁, … to a common shape, and computes f(x₀, x₁, …) from the elements at each
    /// position.
    /// </summary>
    internal static Tensor Apply<F>(string operation, F f, params ReadOnlySpan<Tensor> x) where F : struct, IFormula =>
        x[0].NewEmpty(Common(operation, x), Device.TypeOf(x), operation).Set(f, x);

    /// <summary>
    /// Broadcasts the tensors x₀, x₁, … to the shape of this tensor, and writes f(x₀, x₁, …) to each element of this
    /// tensor.
    /// </summary>
    internal Tensor Set<F>(F f, params ReadOnlySpan<Tensor> x) where F : struct, IFormula
    {
        Device.Apply(f, this, Spread(x, Layout.shape));
        return this;
    }

    /// <summary>The shape to which all operands broadcast. Operands on different devices are refused.</summary>
    internal static int[] Common(string operation, ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Layout.shape;
        foreach (var operand in x)
        {
            x[0].SameDevice(operation, operand);
            if (operand.Shape != shape)
                shape = Layout.Broadcast(operation, Layout.Contiguous(shape), operand.Layout);
        }
        return shape;
    }

    static ReadOnlySpan<Tensor> Spread(ReadOnlySpan<Tensor> x, int[] shape)
    {
        foreach (var operand in x) if (operand.Shape != shape) return Broadcast(x.ToArray(), shape);
        return x;
    }

    /// <summary>Broadcasts the operands to a shape, in place of the operands.</summary>
    static Tensor[] Broadcast(Tensor[] x, int[] shape)
    {
        for (var k = 0; k < x.Length; k++)
            if (x[k].Shape != shape) x[k] = x[k].With(x[k].Layout.Expand(shape)!);
        return x;
    }

    /// <summary>
    /// Returns a·x + b for two numbers a and b. If a and b are integers, a tensor of integers remains a tensor of
    /// integers, and the result is exact.
    /// </summary>
    internal Tensor Affine(Number a, Number b)
    {
        var x = DType.IsFloat() ? this : To(TypeOf(a, b));
        return x.Affine(a, b, Tensor.EmptyLike(x));
    }

    Tensor Affine(Number a, Number b, Tensor result) => result.DType == DType.Int64
        ? result.Set(new Of3<ProductAndSum>(), this, Like(this, a), Like(this, b))
        : result.Set(new Of1<AffineFormula>(new(a.value, b.value)), this);

    static DType TypeOf(Number a, Number b) => a.isWhole && b.isWhole ? DType.Int64 : DTypes.Default;

    internal readonly struct AffineFormula(double a, double b) : IMap
    { V IMap.Apply<V>(V x) => V.Of(a) * x + V.Of(b); }
    internal readonly struct ProductAndSum : IZip3 { V IZip3.Apply<V>(V x, V a, V b) => a * x + b; }
    internal readonly struct SubtractFormula : IZip { V IZip.Apply<V>(V a, V b) => a - b; }
    internal readonly struct DivideFormula : IZip { V IZip.Apply<V>(V a, V b) => a / b; }
    internal readonly struct AddScaledFormula(double scale) : IZip { V IZip.Apply<V>(V a, V b) => a + V.Of(scale) * b; }

    internal readonly struct GreaterFormula : IZip { V IZip.Apply<V>(V a, V b) => V.IfGreater(a, b, V.Of(1), V.Of(0)); }
    internal readonly struct GreaterEqualFormula : IZip
    { V IZip.Apply<V>(V a, V b) => V.IfGreater(a, b, V.Of(1), V.IfEqual(a, b, V.Of(1), V.Of(0))); }
    internal readonly struct EqualFormula : IZip { V IZip.Apply<V>(V a, V b) => V.IfEqual(a, b, V.Of(1), V.Of(0)); }
    internal readonly struct NotEqualFormula : IZip { V IZip.Apply<V>(V a, V b) => V.IfEqual(a, b, V.Of(0), V.Of(1)); }
    internal readonly struct WhereFormula : IZip3
    { V IZip3.Apply<V>(V condition, V a, V b) => V.IfEqual(condition, V.Of(0), b, a); }

    /// <summary>
    /// The sum a + b; the operands broadcast. If a destination is given, it is resized to fit the sum, and the sum is
    /// written to it.
    /// </summary>
    public static Tensor Add(Tensor a, Tensor b, Tensor? destination = null) =>
        Zip(new AddFormula(), a, b, "Add", null, destination);
    /// <summary>The difference a − b; the operands broadcast.</summary>
    /// <exception cref="DTypeException">Both operands are Booleans.</exception>
    public static Tensor Sub(Tensor a, Tensor b, Tensor? destination = null) => Zip(new SubtractFormula(),
        b.Given().DType == DType.Bool ? a.Given().NoMask("Sub", ", or write a ^ b") : a, b, "Sub", null, destination);
    /// <summary>The product a · b, element by element; the operands broadcast.</summary>
    public static Tensor Mul(Tensor a, Tensor b, Tensor? destination = null) =>
        Zip(new MultiplyFormula(), a, b, "Mul", null, destination);
    /// <summary>
    /// The quotient a / b, element by element; the operands broadcast. The result has a floating-point type, even if
    /// both operands are integers.
    /// </summary>
    public static Tensor Div(Tensor a, Tensor b, Tensor? destination = null) =>
        Zip(new DivideFormula(), a.Given().DType.IsFloat() || b.Given().DType.IsFloat() ? a : a.To(DTypes.Default), b,
            "Div", null, destination);

    /// <inheritdoc cref="Add"/>
    public static Tensor operator +(Tensor a, Tensor b) => Add(a, b);
    /// <inheritdoc cref="Sub"/>
    public static Tensor operator -(Tensor a, Tensor b) => Sub(a, b);
    /// <inheritdoc cref="Mul"/>
    public static Tensor operator *(Tensor a, Tensor b) => Mul(a, b);
    /// <inheritdoc cref="Div"/>
    public static Tensor operator /(Tensor a, Tensor b) => Div(a, b);
    /// <summary>x + b</summary>
    public static Tensor operator +(Tensor x, Number b) => x.Given().Affine(1, b);
    /// <summary>b + x</summary>
    public static Tensor operator +(Number b, Tensor x) => x.Given().Affine(1, b);
    /// <summary>x − b</summary>
    public static Tensor operator -(Tensor x, Number b) => x.Given().Affine(1, -b);
    /// <summary>b − x</summary>
    public static Tensor operator -(Number b, Tensor x) => x.Given().Affine(-1, b);
    /// <summary>x · a</summary>
    public static Tensor operator *(Tensor x, Number a) => x.Given().Affine(a, Number.Nothing);
    /// <summary>a · x</summary>
    public static Tensor operator *(Number a, Tensor x) => x.Given().Affine(a, Number.Nothing);
    /// <summary>−x</summary>
    /// <exception cref="DTypeException">The elements are Booleans.</exception>
    public static Tensor operator -(Tensor x) => x.Given().NoMask("−", ", or write !x").Affine(-1, Number.Nothing);

    /// <summary>
    /// Returns a number as a 0-dimensional operand for an operation with <paramref name="x"/>. The type of the
    /// operand is chosen so that the result has the same type as in PyTorch.
    /// </summary>
    internal static Tensor Like(Tensor x, Number value, DType? fraction = null,
        [CallerArgumentExpression(nameof(x))] string name = "") =>
        !x.Given(name).DType.IsFloat() && value.isWhole ? From([value.whole], [], null, x.Device)
            : Scalar(value.value, x.DType.IsFloat() ? x.DType : fraction ?? DTypes.Default, x.Device);

    /// <summary>
    /// Returns the mask that is true where the predicate f(a, b) holds. If integers are compared with floating-point
    /// numbers, both are compared as doubles first. Where the doubles are equal, both are compared as integers, so
    /// that no digits are lost.
    /// </summary>
    static Tensor Compare<F>(string operation, F f, Tensor a, Tensor b,
        [CallerArgumentExpression(nameof(a))] string first = "",
        [CallerArgumentExpression(nameof(b))] string second = "") where F : struct, IZip
    {
        (a, b) = (a.Given(first).As(b.Given(second), DType.Float64), b.As(a, DType.Float64));
        if (a.DType == b.DType || (a.DType != DType.Int64 && b.DType != DType.Int64)
            || !DTypes.Promote(a, b).IsFloat())
            return Zip(f, a, b, operation, DType.Bool);
        Tensor x = a.To(DType.Float64), y = b.To(DType.Float64);
        return Where(Zip(new EqualFormula(), x, y, operation, DType.Bool),
            Zip(f, a.To(DType.Int64), b.To(DType.Int64), operation, DType.Bool), Zip(f, x, y, operation, DType.Bool));
    }

    /// <summary>The mask that is true where a &gt; b.</summary>
    public static Tensor operator >(Tensor a, Tensor b) => Compare(">", new GreaterFormula(), a, b);
    /// <summary>The mask that is true where a &lt; b.</summary>
    public static Tensor operator <(Tensor a, Tensor b) => Compare("<", new GreaterFormula(), b, a);
    /// <summary>The mask that is true where a ≥ b.</summary>
    public static Tensor operator >=(Tensor a, Tensor b) => Compare(">=", new GreaterEqualFormula(), a, b);
    /// <summary>The mask that is true where a ≤ b.</summary>
    public static Tensor operator <=(Tensor a, Tensor b) => Compare("<=", new GreaterEqualFormula(), b, a);
    /// <summary>The mask that is true where this tensor and the other tensor are equal.</summary>
    public Tensor Eq(Tensor other) => Compare("Eq", new EqualFormula(), this, other);
    /// <summary>The mask that is true where this tensor and the other tensor differ.</summary>
    public Tensor Ne(Tensor other) => Compare("Ne", new NotEqualFormula(), this, other);

    internal const string Comparison = "== and != would compare references. Write a.Eq(b) for a mask, a.Equal(b) or " +
        "a.AllClose(b) for whole tensors, ReferenceEquals(a, b) for references, and 'is null' for null.";
    /// <summary>Using this operator is a compile-time error, because C# would compare references.</summary>
    [Obsolete(Comparison, error: true)]
    public static bool operator ==(Tensor? a, Tensor? b) => ReferenceEquals(a, b);
    /// <summary>Using this operator is a compile-time error, because C# would compare references.</summary>
    [Obsolete(Comparison, error: true)]
    public static bool operator !=(Tensor? a, Tensor? b) => !ReferenceEquals(a, b);
    /// <summary>Returns true if <paramref name="other"/> is the same object as this tensor.</summary>
    public override bool Equals(object? other) => ReferenceEquals(this, other);
    /// <inheritdoc/>
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    /// <summary>The mask of elements that are NaN.</summary>
    public Tensor IsNaN() => Ne(this);
    /// <inheritdoc cref="IsNaN()"/>
    public static Tensor IsNaN(Tensor x) => x.Given().IsNaN();
    /// <summary>The mask of elements that are ∞ or −∞.</summary>
    public Tensor IsInf() => Eq(double.PositiveInfinity) | Eq(double.NegativeInfinity);
    /// <inheritdoc cref="IsInf()"/>
    public static Tensor IsInf(Tensor x) => x.Given().IsInf();
    /// <summary>The mask of elements that are neither infinite nor NaN.</summary>
    public Tensor IsFinite() => !(IsInf() | IsNaN());
    /// <inheritdoc cref="IsFinite()"/>
    public static Tensor IsFinite(Tensor x) => x.Given().IsFinite();
    /// <summary>
    /// The mask that is true where |a − b| ≤ atol + rtol·|b|. Here, a is this tensor and b is the other tensor; they
    /// are broadcast to a common shape. Infinite numbers are close if they are equal.
    /// </summary>
    /// <param name="other">The tensor b.</param>
    /// <param name="rtol">The relative tolerance.</param>
    /// <param name="atol">The absolute tolerance.</param>
    /// <param name="equalNan">Whether two NaNs are close to each other.</param>
    public Tensor IsClose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) => Named(() =>
    {
        Tensor a = To(DType.Float64), b = other.Given().To(DType.Float64);
        var near = a.Eq(b) | ((a - b).Abs() <= b.Abs() * rtol + atol) & b.IsFinite();
        return equalNan ? near | (a.IsNaN() & b.IsNaN()) : near;
    });
    /// <inheritdoc cref="IsClose(Tensor, double, double, bool)"/>
    public static Tensor IsClose(Tensor a, Tensor b, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        a.Given().IsClose(b.Given(), rtol, atol, equalNan);
    /// <summary>
    /// Returns true if all elements of this tensor are close to those of the other tensor, in the sense of
    /// <see cref="IsClose(Tensor, double, double, bool)"/>.
    /// </summary>
    public bool AllClose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        Named(() => IsClose(other, rtol, atol, equalNan).All());
    /// <inheritdoc cref="AllClose(Tensor, double, double, bool)"/>
    public static bool AllClose(Tensor a, Tensor b, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        a.Given().AllClose(b.Given(), rtol, atol, equalNan);
    /// <summary>
    /// Returns true if the two tensors have the same shape and all their elements are equal. NaN is not equal to
    /// anything.
    /// </summary>
    public bool Equal(Tensor other) => Named(() => Layout.SameShape(other.Given().Layout) && Eq(other).All());
    /// <inheritdoc cref="Equal(Tensor)"/>
    public static bool Equal(Tensor a, Tensor b) => a.Given().Equal(b.Given());

    /// <summary>The logical AND of masks, or the bitwise AND of integers.</summary>
    /// <exception cref="DTypeException">An operand consists of floating-point numbers.</exception>
    public static Tensor operator &(Tensor a, Tensor b) => Bits("&", new MultiplyFormula(), (x, y) => x & y, a, b);
    /// <summary>The logical OR of masks, or the bitwise OR of integers.</summary>
    /// <exception cref="DTypeException">An operand consists of floating-point numbers.</exception>
    public static Tensor operator |(Tensor a, Tensor b) => Bits("|", new AddFormula(), (x, y) => x | y, a, b);
    /// <summary>The exclusive OR of masks, or the bitwise exclusive OR of integers.</summary>
    /// <exception cref="DTypeException">An operand consists of floating-point numbers.</exception>
    public static Tensor operator ^(Tensor a, Tensor b) => Bits("^", new NotEqualFormula(), (x, y) => x ^ y, a, b);
    /// <summary>The logical NOT: a mask that is true where x is false or 0.</summary>
    public static Tensor operator !(Tensor x) => x.Given().Eq(Like(x, 0).To(x.DType));
    /// <summary>The logical NOT of a mask, or the bitwise NOT of integers, which is −x − 1.</summary>
    /// <exception cref="DTypeException">The elements are floating-point numbers.</exception>
    public static Tensor operator ~(Tensor x) =>
        x.Given().DType == DType.Bool ? !x : -x.OnlyType("~", DType.Int64) - 1;

    /// <summary>
    /// Combines two masks by a formula. Integers are combined on the host, because formulas have no bit operations.
    /// </summary>
    static Tensor Bits<F>(string operation, F masks, Func<long, long, long> integers, Tensor a, Tensor b)
        where F : struct, IZip
    {
        if (DTypes.Promote(a, b) == DType.Bool) return Zip(masks, a, b, operation);
        var shape = Common(operation, [a, b]);
        (a, b) = Promoted(a.Expand(shape), b.Expand(shape));
        b.OnlyType(operation, DType.Int64);
        Tensor x = a.OnHost(DType.Int64), y = b.OnHost(DType.Int64), made = EmptyLike(x);
        Span<long> left = x.HostSpan<long>(), right = y.HostSpan<long>(), result = made.HostSpan<long>();
        for (var i = 0; i < result.Length; i++) result[i] = integers(left[i], right[i]);
        GC.KeepAlive((x, y));
        return made.To(a.Device);
    }

    /// <summary>
    /// Returns a tensor with the elements of a where the condition is true, and the elements of b elsewhere. The
    /// condition, a and b broadcast to a common shape.
    /// </summary>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b)
    {
        condition.Given().OnlyType("Where: the condition", DType.Bool);
        (a, b) = Promoted(a, b);
        return Apply("Where", new Of3<WhereFormula>(), condition, a, b);
    }
}
