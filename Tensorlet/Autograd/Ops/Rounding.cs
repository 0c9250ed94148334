namespace Tensorlet;

readonly struct FloorFormula : IMap { V IMap.Apply<V>(V x) => V.Floor(x); }
readonly struct CeilFormula : IMap { V IMap.Apply<V>(V x) => -V.Floor(-x); }
readonly struct TruncFormula : IMap { V IMap.Apply<V>(V x) => V.IfGreater(V.Of(0), x, -V.Floor(-x), V.Floor(x)); }

/// <summary>The nearest integer; if x is halfway between two integers, the even one.</summary>
readonly struct RoundFormula : IMap
{
    [MethodImpl(AggressiveOptimization)]
    V IMap.Apply<V>(V x)
    {
        var a = V.Abs(x);
        var up = V.Floor(a + V.Of(0.5));
        var even = V.Floor(up * V.Of(0.5)) * V.Of(2);
        var y = V.IfEqual(V.Floor(a), a, a, V.IfEqual(up - a, V.Of(0.5), even, up));
        return V.IfGreater(V.Of(0), x, -y, y);
    }
}

readonly struct FmodFormula : IZip { V IZip.Apply<V>(V a, V b) => a % b; }

/// <summary>
/// The remainder as in Python and NumPy. If the remainder of fmod is not 0 and does not have the sign of b, b is
/// added. A remainder of 0 gets the sign of b.
/// </summary>
readonly struct RemainderFormula : IZip
{
    [MethodImpl(AggressiveOptimization)]
    V IZip.Apply<V>(V a, V b)
    {
        V r = a % b, zero = V.Of(0);
        var above = V.IfEqual(r, zero, r + b - b, r);       // not r + 0, where a compiler may drop the 0
        var below = V.IfEqual(r, zero, -(-r - b + b), r);
        return V.IfGreater(zero, b, V.IfGreater(r, zero, r + b, below), V.IfGreater(zero, r, r + b, above));
    }
}

/// <summary>
/// Rounds (a − remainder)/b, which is an integer except for a rounding error. If b is 0, the result is infinite, or
/// NaN if a is 0 too. A quotient of 0 has the sign of a/b.
/// </summary>
readonly struct FloorDivideFormula : IZip
{
    [MethodImpl(AggressiveOptimization)]
    V IZip.Apply<V>(V a, V b)
    {
        V r = a % b, zero = V.Of(0), one = V.Of(1), q = (a - r) / b;
        q = V.IfGreater(zero, b, V.IfGreater(r, zero, q - one, q), V.IfGreater(zero, r, q - one, q));
        var whole = V.Floor(q);
        whole = V.IfGreater(q - whole, V.Of(0.5), whole + one, whole);
        return V.Floor(V.IfEqual(b, zero, a / b, V.IfEqual(whole, zero, a / b * zero, whole)));
    }
}

public partial class Variable
{
    /// <summary>The largest integer that is not above x. The gradient is 0.</summary>
    public Variable Floor() => Stepped(new FloorFormula());
    /// <summary>The smallest integer that is not below x. The gradient is 0.</summary>
    public Variable Ceil() => Stepped(new CeilFormula());
    /// <summary>The nearest integer; if x is halfway between two integers, the even one. The gradient is 0.</summary>
    public Variable Round() => Stepped(new RoundFormula());
    /// <summary>The integer part of x: x is rounded towards 0. The gradient is 0.</summary>
    public Variable Trunc() => Stepped(new TruncFormula());
    /// <summary>The fractional part of x. It has the sign of x.</summary>
    public Variable Frac() => Named(() => this - Trunc());

    // y = f(x), where f is constant between its steps     dx = 0
    Variable Stepped<F>(F f, [CallerMemberName] string name = "") where F : struct, IMap =>
        DType.IsFloat() ? Linear(x => x.Map(f), (dy, _) => dy * 0, name) : this;

    /// <summary>The remainder a − b·trunc(a/b), computed exactly, with broadcasting. It has the sign of a.</summary>
    /// <exception cref="TensorletException">An integer is divided by 0.</exception>
    public static Variable Fmod(Variable a, Variable b) => Divided("Fmod", new FmodFormula(), a, b);
    /// <summary>The remainder a − b·⌊a/b⌋, with broadcasting. It has the sign of b.</summary>
    /// <exception cref="TensorletException">An integer is divided by 0.</exception>
    public static Variable Remainder(Variable a, Variable b) => Divided("Remainder", new RemainderFormula(), a, b);
    /// <inheritdoc cref="Remainder"/>
    public static Variable operator %(Variable a, Variable b) => Remainder(a, b);
    /// <summary>
    /// ⌊a/b⌋, with broadcasting. The result has an integer type if a and b are integers. The gradient is 0.
    /// </summary>
    /// <exception cref="TensorletException">An integer is divided by 0.</exception>
    public static Variable FloorDivide(Variable a, Variable b) =>
        Divided("FloorDivide", new FloorDivideFormula(), a, b);

    static Variable Divided<F>(string operation, F f, Variable a, Variable b) where F : struct, IZip
    {
        var floats = a.Given().DType.IsFloat() | b.Given().DType.IsFloat();
        if (!floats && (!b.Data).Any())
            throw new TensorletException($"{operation}: integers of shape {a.Data.Layout} are divided by 0.");
        return Exact(operation, f, !floats && b.DType == DType.Bool ? a.Data.NoMask(operation) : a, b);
    }
}
