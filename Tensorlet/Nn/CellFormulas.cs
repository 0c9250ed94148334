namespace Tensorlet.Nn;

// The passes of recurrent cells over memory. The slopes are written in what the forward pass has computed: σ(z) has the
// slope σ·(1 − σ), and tanh z has 1 − tanh².

readonly struct LogisticOfSum : IZip3 // σ(x + own + b)
{
    [MethodImpl(AggressiveInlining)]
    V IZip3.Apply<V>(V x, V own, V b) => V.Call(new LogisticFormula(), x + (own + b));
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

readonly struct CellSlope : IFormula // with respect to c′, which is in h′ = o·tanh c′ too
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dc, V dh, V o, V tanh, V x4, V x5, V x6, V x7) => dc + dh * o * (V.Of(1) - tanh * tanh);
}

readonly struct LogisticProduct : IZip3 // dy·a·s, with respect to what s is the σ of
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dy, V a, V s) => dy * a * (s * (V.Of(1) - s)); }

readonly struct TanhProduct : IZip3 // dy·a·t, with respect to what t is the tanh of
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dy, V a, V t) => dy * a * (V.Of(1) - t * t); }

readonly struct ResetFormula : IFormula // n = tanh(x + r·(own + b))
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V r, V own, V b, V x4, V x5, V x6, V x7) =>
        V.Call(new TanhFormula(), x + r * (own + b));
}

readonly struct NewSlope : IZip3 // with respect to what n is the tanh of
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dh, V z, V n) => dh * (V.Of(1) - z) * (V.Of(1) - n * n); }

readonly struct ResetSlope : IFormula // with respect to what r is the σ of
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dn, V own, V b, V r, V x4, V x5, V x6, V x7) => dn * (own + b) * (r * (V.Of(1) - r));
}

readonly struct UpdateSlope : IFormula // with respect to what z is the σ of
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dh, V h, V n, V z, V x4, V x5, V x6, V x7) => dh * (h - n) * (z * (V.Of(1) - z));
}
