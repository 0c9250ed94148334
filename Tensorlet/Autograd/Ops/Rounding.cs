namespace Tensorlet;

readonly struct FloorFormula : IMap { V IMap.Apply<V>(V x) => V.Floor(x); }
readonly struct CeilFormula : IMap { V IMap.Apply<V>(V x) => -V.Floor(-x); }
readonly struct TruncFormula : IMap { V IMap.Apply<V>(V x) => V.IfGreater(V.Of(0), x, -V.Floor(-x), V.Floor(x)); }

/// <summary>The nearest whole number; of two as near, the even one.</summary>
readonly struct RoundFormula : IMap
{
    V IMap.Apply<V>(V x)
    {
        var a = V.Abs(x);
        var up = V.Floor(a + V.Of(0.5));
        var even = V.Floor(up * V.Of(0.5)) * V.Of(2);
        var y = V.IfEqual(V.Floor(a), a, a, V.IfEqual(up - a, V.Of(0.5), even, up));
        return V.IfGreater(V.Of(0), x, -y, y);
    }
}

public sealed partial class Variable
{
    /// <summary>The largest whole number that is not above x. Its gradient is 0.</summary>
    public Variable Floor() => Stepped(new FloorFormula());
    /// <summary>The smallest whole number that is not below x. Its gradient is 0.</summary>
    public Variable Ceil() => Stepped(new CeilFormula());
    /// <summary>The nearest whole number; of two as near, the even one. Its gradient is 0.</summary>
    public Variable Round() => Stepped(new RoundFormula());
    /// <summary>x without what is behind the point. Its gradient is 0.</summary>
    public Variable Trunc() => Stepped(new TruncFormula());
    /// <summary>What is behind the point, of the sign of x.</summary>
    public Variable Frac() => this - Trunc();

    // y = f(x), constant in steps     dx = 0
    Variable Stepped<F>(F f, [CallerMemberName] string name = "") where F : struct, IMap =>
        DType.IsFloat() ? Linear(x => x.Map(f), (dy, _) => dy * 0, name) : this;

    /// <summary>The remainder of the sign of a: a − b·trunc(a/b), broadcast.</summary>
    public static Variable Fmod(Variable a, Variable b) => a - b * Quotient("Fmod", a, b).Trunc();
    /// <summary>The remainder of the sign of b: a − b·⌊a/b⌋, broadcast.</summary>
    public static Variable Remainder(Variable a, Variable b) => a - b * FloorDivide(a, b);
    /// <summary>⌊a/b⌋, broadcast; of integers an integer. Its gradient is 0.</summary>
    /// <exception cref="TensorletException">An integer is divided by 0.</exception>
    public static Variable FloorDivide(Variable a, Variable b) => Quotient("FloorDivide", a, b).Floor() is var q
        && a.DType.IsFloat() | b.DType.IsFloat() ? q : q.To(DType.Int64);

    /// <summary>a/b; of integers in Float64, and not by 0.</summary>
    static Variable Quotient(string operation, Variable a, Variable b)
    {
        if (a.DType.IsFloat() || b.DType.IsFloat()) return a / b;
        if (b.Data.ToArray<long>().Contains(0))
            throw new TensorletException($"{operation}: integers of shape {a.Data.Layout} are divided by 0.");
        return a.To(DType.Float64) / b.To(DType.Float64);
    }
}
