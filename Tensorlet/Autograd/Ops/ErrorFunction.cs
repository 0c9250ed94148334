namespace Tensorlet;

/// <summary>Uses the quantile function of the standard normal distribution (Wichura, algorithm AS 241, 1988).</summary>
// y such that erf y = x     dx = √π/2·e^(y²)·dy
readonly struct ErfinvFormula : IMap
{
    V IMap.Apply<V>(V x)
    {
        V q = x * V.Of(0.5), one = V.Of(1);
        var r = V.Of(0.180625) - q * q;
        var a = (V.Of(2509.0809287301227) * r + V.Of(33430.57558358813)) * r + V.Of(67265.7709270087);
        a = ((a * r + V.Of(45921.95393154987)) * r + V.Of(13731.693765509462)) * r + V.Of(1971.5909503065514);
        a = (a * r + V.Of(133.14166789178438)) * r + V.Of(3.3871328727963665);
        var b = (V.Of(5226.495278852854) * r + V.Of(28729.085735721943)) * r + V.Of(39307.89580009271);
        b = ((b * r + V.Of(21213.794301586597)) * r + V.Of(5394.196021424751)) * r + V.Of(687.1870074920579);
        b = (b * r + V.Of(42.31333070160091)) * r + one;
        r = V.Sqrt(-V.Log((one - V.Abs(x)) * V.Of(0.5)));
        var s = r - V.Of(1.6);
        var c = (V.Of(7.745450142783414e-4) * s + V.Of(0.022723844989269184)) * s + V.Of(0.2417807251774506);
        c = ((c * s + V.Of(1.2704582524523684)) * s + V.Of(3.6478483247632045)) * s + V.Of(5.769497221460691);
        c = (c * s + V.Of(4.630337846156546)) * s + V.Of(1.4234371107496835);
        var d = (V.Of(1.0507500716444169e-9) * s + V.Of(5.475938084995345e-4)) * s + V.Of(0.015198666563616457);
        d = ((d * s + V.Of(0.14810397642748008)) * s + V.Of(0.6897673349851)) * s + V.Of(1.6763848301838038);
        d = (d * s + V.Of(2.053191626637759)) * s + one;
        s = r - V.Of(5);
        var e = (V.Of(2.0103343992922881e-7) * s + V.Of(2.7115555687434876e-5)) * s + V.Of(0.0012426609473880784);
        e = ((e * s + V.Of(0.026532189526576124)) * s + V.Of(0.29656057182850487)) * s + V.Of(1.7848265399172913);
        e = (e * s + V.Of(5.463784911164114)) * s + V.Of(6.657904643501103);
        var f = (V.Of(2.0442631033899397e-15) * s + V.Of(1.4215117583164459e-7)) * s + V.Of(1.8463183175100547e-5);
        f = ((f * s + V.Of(7.868691311456133e-4)) * s + V.Of(0.014875361290850615)) * s + V.Of(0.1369298809227358);
        f = (f * s + V.Of(0.599832206555888)) * s + one;
        var tail = V.IfGreater(r, V.Of(5), e / f, c / d);
        tail = V.IfEqual(V.Abs(x), one, V.Of(double.PositiveInfinity), V.IfGreater(V.Of(0), x, -tail, tail));
        tail = V.IfEqual(x, -one, -tail, tail);
        return V.IfGreater(V.Abs(q), V.Of(0.425), tail, q * a / b) * V.Of(0.7071067811865476);
    }
}

public partial class Variable
{
    /// <summary>The error function: erf x = 2/√π ∫₀ˣ e^(−t²) dt.</summary>
    public Variable Erf() => Smooth(new ErfFormula());
    /// <summary>
    /// The inverse of the error function: the number y with erf y = x, or NaN if x is outside [−1, 1].
    /// </summary>
    public Variable Erfinv() => OfResult(new ErfinvFormula(), (y, dy) => (y * y).Exp() * dy * (Math.Sqrt(Math.PI) / 2));
}
