namespace Tensorlet;

// A formula is its own derivative: the same line runs over numbers with a slope.

sealed class Mapped<F>(string name, F f) : Function where F : struct, IMap // y = f(x)     dx = f′(x)·dy
{
    public override string Name => name;
    protected override Tensor Forward() { Save(X); return X.Data.Map(f); }
    public override Variable[] Backward(Variable dy) => [new Sloped<F>($"{name}′", f).Apply(X, dy)];
}

// c = f′(a)·b     da = f″(a)·b·dc     db = f′(a)·dc
sealed class Sloped<F>(string name, F f) : Function where F : struct, IMap
{
    public override string Name => name;
    protected override Tensor Forward() { Save(A, B); return Tensor.Zip(new SlopeTimes<F>(f), A.Data, B.Data, name); }
    public override Variable?[] Backward(Variable dc) => [
        Needs(0) ? new Sloped<SlopeOf<F>>($"{name}′", new(f)).Apply(A, B * dc) : null,
        Needs(1) ? new Sloped<F>(name, f).Apply(A, dc) : null];
}

public sealed partial class Variable
{
    /// <summary>
    /// y = f(x) by a formula of one's own. It needs no derivative: the same line gives the slope, of every order and on
    /// every device. Where two branches of it meet, the slope is that of the branch which is taken.
    /// </summary>
    /// <param name="f">The formula: a public struct with one line of mathematics.</param>
    public Variable Map<F>(F f) where F : struct, IMap =>
        new Mapped<F>(Reachable.Show(typeof(F)).Split('.')[^1].Replace("Formula", ""), f)
            .Apply(DType.IsFloat() ? this : To(DTypes.Default));
}
