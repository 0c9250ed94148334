namespace Tensorlet;

public static partial class Autograd
{
    /// <summary>
    /// The Jacobian of y = f(x): element (i…, j…) is ∂y[i…]/∂x[j…], of the shape of y followed by that of x.
    /// </summary>
    public static Variable Jacobian(Func<Variable, Variable> f, Variable x, bool createGraph = false)
    {
        using var _ = EnableGrad();
        var leaf = Leaf(x, createGraph);
        var y = f(leaf);
        var flat = y.Reshape(-1);
        Variable[] rows = [.. Enumerable.Range(0, y.Numel).Select(i => !y.RequiresGrad ? x.Data.ZerosLike()
            : Grad(flat.Select(0, i), leaf, null, true, createGraph) ?? x.Data.ZerosLike())];
        int[] shape = [.. y.Shape, .. x.Shape];
        return rows.Length == 0 ? Tensor.Zeros(shape, x.DType, x.Device) : Variable.Stack(rows).Reshape(shape);
    }

    /// <summary>The Hessian of a scalar f(x): element (i…, j…) is ∂²f/∂x[i…]∂x[j…], of the shape of x twice.</summary>
    public static Variable Hessian(Func<Variable, Variable> f, Variable x, bool createGraph = false) =>
        Jacobian(v => Grad(f(v), v, createGraph: true) ?? v * 0, x, createGraph);

    /// <summary>y = f(x) and the product vᵀ·J of a vector of the shape of y with the Jacobian.</summary>
    public static (Variable Y, Variable Product) Vjp(Func<Variable, Variable> f, Variable x, Variable v)
    {
        using var _ = EnableGrad();
        var leaf = Leaf(x, keep: false);
        var y = f(leaf);
        return (y.Detach(), y.RequiresGrad && Grad(y, leaf, v) is { } g ? g : x.Data.ZerosLike());
    }

    /// <summary>
    /// y = f(x) and the product J·v of the Jacobian with a vector of the shape of x: the gradient by u, which is linear
    /// in u, of ⟨uᵀ·J, v⟩.
    /// </summary>
    public static (Variable Y, Variable Product) Jvp(Func<Variable, Variable> f, Variable x, Variable v)
    {
        using var _ = EnableGrad();
        var leaf = Leaf(x, keep: false);
        var y = f(leaf);
        var u = new Variable(y.Data.ZerosLike(), requiresGrad: true);
        var product = y.RequiresGrad ? Grad(y, leaf, u, createGraph: true) : null;
        return (y.Detach(), product is { RequiresGrad: true } && Grad(product, u, v) is { } g ? g : y.Data.ZerosLike());
    }

    /// <summary>The product H·v of the Hessian of a scalar f(x) with a vector: the gradient of ⟨∇f, v⟩.</summary>
    public static Variable Hvp(Func<Variable, Variable> f, Variable x, Variable v) =>
        Vjp(z => Grad(f(z), z, createGraph: true) ?? z * 0, x, v).Product;

    /// <summary>
    /// f(inputs), without keeping what f saves: it is computed again in backward (Chen et al. 2016, Training Deep Nets
    /// with Sublinear Memory Cost). Parameters that f uses get their gradients too, where an input requires one.
    /// </summary>
    public static Variable Checkpoint(Func<Variable[], Variable> f, params Variable[] inputs) =>
        new CheckpointFunction(f).Apply(inputs);

    static Variable Leaf(Variable x, bool keep) => keep && x.RequiresGrad ? x : new Variable(x.Data, true);
}

/// <summary>The random numbers of the first time are drawn again, so that a dropout leaves out the same.</summary>
sealed class CheckpointFunction(Func<Variable[], Variable> f) : Function // y = f(x)     dx: of f, run once more
{
    long position;
    protected override Tensor Forward()
    {
        Save();
        position = Generator.Default.Position;
        using var _ = Autograd.NoGrad();
        return f([.. Enumerable.Range(0, Count).Select(Input)]).Data;
    }

    public override Variable?[] Backward(Variable dy)
    {
        Variable[] inputs = [.. Enumerable.Range(0, Count).Select(Input)];
        if (Autograd.Enabled) return Wanted(Autograd.Grad([f(inputs)], Among(inputs), [dy], createGraph: true));
        using var _ = Autograd.EnableGrad();
        Variable[] leaves = [.. inputs.Select((x, i) => new Variable(x.Data, Needs(i)))];
        var now = Generator.Default.Position;
        Generator.Default.Position = position;
        var y = f(leaves);
        Generator.Default.Position = now;
        y.Backward(dy);
        return Array.ConvertAll(leaves, leaf => leaf.Grad);
    }

    Variable[] Among(Variable[] inputs) => [.. inputs.Where((_, i) => Needs(i))];

    /// <summary>The gradients back in the places of all inputs.</summary>
    Variable?[] Wanted(Variable?[] gradients)
    {
        var taken = 0;
        return [.. Enumerable.Range(0, Count).Select(i => Needs(i) ? gradients[taken++] : null)];
    }
}
