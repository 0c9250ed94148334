namespace Tensorlet;

sealed class Exp : Function // y = eˣ     dx = y·dy
{
    protected override Tensor Forward() => SaveResult(X.Data.Map(new ExpFormula()));
    public override Variable[] Backward(Variable dy) => [Y * dy];
}

sealed class Log : Function // y = ln x     dx = dy/x
{
    protected override Tensor Forward() { Save(X); return X.Data.Map(new LogFormula()); }
    public override Variable[] Backward(Variable dy) => [dy / X];
}

sealed class Sqrt : Function // y = √x     dx = dy/(2y)
{
    protected override Tensor Forward() => SaveResult(X.Data.Map(new SqrtFormula()));
    public override Variable[] Backward(Variable dy) => [dy / (Y * 2)];
}

sealed class Sin : Function // y = sin x     dx = cos x·dy
{
    internal readonly struct Formula : IMap { V IMap.Apply<V>(V x) => V.Sin(x); }
    protected override Tensor Forward() { Save(X); return X.Data.Map(new Formula()); }
    public override Variable[] Backward(Variable dy) => [X.Cos() * dy];
}

sealed class Cos : Function // y = cos x     dx = −sin x·dy
{
    internal readonly struct Formula : IMap { V IMap.Apply<V>(V x) => V.Cos(x); }
    protected override Tensor Forward() { Save(X); return X.Data.Map(new Formula()); }
    public override Variable[] Backward(Variable dy) => [-X.Sin() * dy];
}

sealed class Abs : Function // y = |x|     dx = sign x·dy
{
    internal readonly struct Formula : IMap { V IMap.Apply<V>(V x) => V.Abs(x); }
    protected override Tensor Forward() { Save(X); return X.Data.Map(new Formula()); }
    public override Variable[] Backward(Variable dy) => [X.Sign() * dy];
}

sealed class Sign : Function // y = −1, 0 or 1     dx = 0
{
    internal readonly struct Formula : IMap
    { V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), V.Of(1), V.IfGreater(V.Of(0), x, V.Of(-1), V.Of(0))); }
    protected override Tensor Forward() => X.Data.Map(new Formula());
    public override Variable[] Backward(Variable dy) => [dy * 0];
}

/// <summary>By e = exp(−2|x|) − 1, which keeps the digits near 0.</summary>
sealed class Tanh : Function // y = tanh x     dx = (1 − y²)·dy
{
    internal readonly struct Formula : IMap
    {
        V IMap.Apply<V>(V x)
        {
            var e = Expm1.At(-V.Abs(x) - V.Abs(x));
            var y = e / (V.Of(2) + e);
            return V.IfGreater(x, V.Of(0), -y, y);
        }
    }
    internal readonly struct Slope : IZip { V IZip.Apply<V>(V y, V dy) => (V.Of(1) - y * y) * dy; }
    protected override Tensor Forward() => SaveResult(X.Data.Map(new Formula()));
    public override Variable[] Backward(Variable dy) =>
        Autograd.Enabled ? [(1 - Y * Y) * dy] : [Tensor.Zip(new Slope(), Y.Data, dy.Data)];
}

sealed class Sigmoid : Function // y = 1/(1 + e⁻ˣ)     dx = y·(1 − y)·dy
{
    internal readonly struct Formula : IMap { V IMap.Apply<V>(V x) => V.Of(1) / (V.Of(1) + V.Exp(-x)); }
    protected override Tensor Forward() => SaveResult(X.Data.Map(new Formula()));
    public override Variable[] Backward(Variable dy) => [Y * (1 - Y) * dy];
}

sealed class Relu : Function // y = max(x, 0)     dx = dy where x > 0
{
    internal readonly struct Formula : IMap { V IMap.Apply<V>(V x) => V.IfGreater(V.Of(0), x, V.Of(0), x); }
    protected override Tensor Forward() => SaveResult(X.Data.Map(new Formula()));
    public override Variable[] Backward(Variable dy) => [new Gate().Apply(dy, Y.Detach())];
}

sealed class Gate : Function // c = a where b > 0, else 0     da = dc where b > 0     db = 0
{
    internal readonly struct Formula : IZip
    { V IZip.Apply<V>(V a, V b) => V.IfGreater(b, V.Of(0), a, V.IfEqual(b, b, V.Of(0), a)); }
    protected override Tensor Forward() { Save(B); return Tensor.Zip(new Formula(), A.Data, B.Data); }
    public override Variable?[] Backward(Variable dc) => [new Gate().Apply(dc, B), null];
}

sealed class LeakyRelu(double slope) : Function // y = x where x > 0, else slope·x     dx = dy or slope·dy
{
    internal readonly struct Formula(double slope) : IMap
    { V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), x, x * V.Of(slope)); }
    protected override Tensor Forward() { Save(X); return X.Data.Map(new Formula(slope)); }
    public override Variable[] Backward(Variable dy) => [Variable.Where(X > 0, dy, dy * slope)];
}

/// <summary>Linear above the threshold, where e⁻ˣ no longer counts.</summary>
sealed class Softplus(double threshold) : Function // y = ln(1 + eˣ)     dx = dy·σ(x)
{
    internal readonly struct Formula(double threshold) : IMap
    { V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(threshold), x, Log1p.At(V.Exp(x))); }
    protected override Tensor Forward() { Save(X); return X.Data.Map(new Formula(threshold)); }
    public override Variable[] Backward(Variable dy) => [Variable.Where(X > threshold, dy, dy * X.Sigmoid())];
}

sealed class Clamp(double low, double high) : Function // y = min(max(x, low), high)     dx = dy where low ≤ x ≤ high
{
    internal readonly struct Formula(double low, double high) : IMap
    { V IMap.Apply<V>(V x) => V.IfGreater(V.Of(low), x, V.Of(low), V.IfGreater(x, V.Of(high), V.Of(high), x)); }
    internal readonly struct Inside(double low, double high) : IMap
    {
        V IMap.Apply<V>(V x) => V.IfEqual(x, x,
            V.IfGreater(V.Of(low), x, V.Of(0), V.IfGreater(x, V.Of(high), V.Of(0), V.Of(1))), V.Of(0));
    }
    protected override Tensor Forward() { Save(X); return X.Data.Map(new Formula(low, high)); }
    public override Variable[] Backward(Variable dy) => [dy * X.Data.Map(new Inside(low, high))];
}

public sealed partial class Variable
{
    /// <summary>eˣ</summary>
    public Variable Exp() => new Exp().Apply(this);
    /// <summary>The natural logarithm.</summary>
    public Variable Log() => new Log().Apply(this);
    /// <summary>√x</summary>
    public Variable Sqrt() => new Sqrt().Apply(this);
    /// <summary>sin x, x in radians</summary>
    public Variable Sin() => new Sin().Apply(this);
    /// <summary>cos x, x in radians</summary>
    public Variable Cos() => new Cos().Apply(this);
    /// <summary>|x|; its gradient at 0 is 0.</summary>
    public Variable Abs() => new Abs().Apply(this);
    /// <summary>−1, 0 or 1; 0 of NaN. Its gradient is 0.</summary>
    public Variable Sign() => new Sign().Apply(this);
    /// <summary>The hyperbolic tangent.</summary>
    public Variable Tanh() => new Tanh().Apply(this);
    /// <summary>The logistic function 1/(1 + e⁻ˣ).</summary>
    public Variable Sigmoid() => new Sigmoid().Apply(this);
    /// <summary>max(x, 0); its gradient at 0 is 0.</summary>
    public Variable Relu() => new Relu().Apply(this);
    /// <summary>x where x &gt; 0, else slope·x.</summary>
    public Variable LeakyRelu(double slope = 0.01) => new LeakyRelu(slope).Apply(this);
    /// <summary>ln(1 + e^(βx))/β; x itself where βx is above the threshold.</summary>
    public Variable Softplus(double beta = 1, double threshold = 20) =>
        beta == 1 ? new Softplus(threshold).Apply(this) : new Softplus(threshold).Apply(this * beta) / beta;
    /// <summary>x cut to low … high; the gradient at the bounds is 1.</summary>
    public Variable Clamp(double low = double.NegativeInfinity, double high = double.PositiveInfinity) =>
        new Clamp(low, high).Apply(this);
}
