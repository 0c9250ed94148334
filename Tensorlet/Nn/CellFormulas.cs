namespace Tensorlet.Nn;

// Each of these formulas is one pass of a recurrent cell over memory. Slopes are computed from results of the
// forward pass: the slope of s = σ(z) is s·(1 − s), and the slope of t = tanh z is 1 − t².

readonly struct LogisticOfSum : IZip3 // σ(x + own + b)
{
    [MethodImpl(AggressiveInlining)]
    V IZip3.Apply<V>(V x, V own, V b) => V.Call(new SigmoidFormula(), x + (own + b));
}

readonly struct TanhOfSum : IZip3 // tanh(x + own + b)
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V own, V b) => V.Call(new TanhFormula(), x + (own + b)); }

readonly struct ReluOfSum : IZip3 // max(x + own + b, 0)
{
    [MethodImpl(AggressiveInlining)]
    V IZip3.Apply<V>(V x, V own, V b)
    {
        var z = x + (own + b);
        return V.IfGreater(V.Of(0), z, V.Of(0), z);
    }
}

readonly struct CellFormula : IFormula // c′ = f·c + i·g
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V f, V c, V i, V g, V x4, V x5, V x6, V x7) => f * c + i * g;
}

readonly struct CellSlope : IFormula // the gradient with respect to c′; h′ = o·tanh c′ depends on c′, too
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dc, V dh, V o, V tanh, V x4, V x5, V x6, V x7) => dc + dh * o * (V.Of(1) - tanh * tanh);
}

readonly struct LogisticProduct : IZip3 // the gradient with respect to z in a·s, where s = σ(z)
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dy, V a, V s) => dy * a * (s * (V.Of(1) - s)); }

readonly struct TanhProduct : IZip3 // the gradient with respect to z in a·t, where t = tanh z
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dy, V a, V t) => dy * a * (V.Of(1) - t * t); }

readonly struct ResetFormula : IFormula // n = tanh(x + b + r·own)
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V b, V r, V own, V x4, V x5, V x6, V x7) =>
        V.Call(new TanhFormula(), x + b + r * own);
}

readonly struct NewSlope : IZip3 // the gradient with respect to u in h′ = (1 − z)·n + z·h, where n = tanh u
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dh, V z, V n) => dh * (V.Of(1) - z) * (V.Of(1) - n * n); }

readonly struct UpdateSlope : IFormula // the gradient with respect to u in h′ = (1 − z)·n + z·h, where z = σ(u)
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dh, V h, V n, V z, V x4, V x5, V x6, V x7) => dh * (h - n) * (z * (V.Of(1) - z));
}
