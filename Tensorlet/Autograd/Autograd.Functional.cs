using System.Collections.Concurrent;

namespace Tensorlet;

public static partial class Autograd
{
    /// <summary>
    /// Computes the Jacobian of y = f(x). Its element (i…, j…) is ∂y[i…]/∂x[j…], where i… are the indices of an
    /// element of y, and j… are the indices of an element of x. The shape of the Jacobian is the shape of y
    /// followed by the shape of x.
    /// </summary>
    public static Variable Jacobian(Func<Variable, Variable> f, Variable x, bool createGraph = false)
    {
        using var _ = EnableGrad();
        var leaf = x.Given().RequiresGrad && createGraph ? x : new Variable(x.Data, true);
        var y = f.Given()(leaf);
        var flat = y.Reshape(-1);
        Variable[] rows = [.. Enumerable.Range(0, y.Numel).Select(i =>
            GradOrZeros(flat.Select(0, i), leaf, retainGraph: true, createGraph: createGraph))];
        int[] shape = [.. y.Shape, .. x.Shape];
        return rows.Length == 0 ? Tensor.Zeros(shape, x.DType, x.Device) : Variable.Stack(rows).Reshape(shape);
    }

    /// <summary>
    /// Computes the Hessian of a scalar f(x). Its element (i…, j…) is ∂²f/∂x[i…]∂x[j…], where i… and j… are the
    /// indices of two elements of x. The shape of the Hessian is the shape of x followed by the shape of x again.
    /// </summary>
    public static Variable Hessian(Func<Variable, Variable> f, Variable x, bool createGraph = false) =>
        Jacobian(v => GradOrZeros(f.Given()(v), v, createGraph: true), x, createGraph);

    /// <summary>
    /// Computes y = f(x), and the product vᵀ·J, where J is the Jacobian of f at x, and v has the shape of y.
    /// </summary>
    public static (Variable Y, Variable Product) Vjp(Func<Variable, Variable> f, Variable x, Variable v)
    {
        using var _ = EnableGrad();
        var leaf = new Variable(x.Given().Data, requiresGrad: true);
        var y = f.Given()(leaf);
        return (y.Detach(), GradOrZeros(y, leaf, v.Given()));
    }

    /// <summary>
    /// Computes y = f(x), and the product J·v, where J is the Jacobian of f at x, and v has the shape of x. The product
    /// is computed by two backward passes. Let u be a variable with the shape of y. The first pass computes uᵀ·J. The
    /// second pass computes the gradient of the scalar product of uᵀ·J and v with respect to u. This scalar product is
    /// linear in u, and its gradient is J·v.
    /// </summary>
    public static (Variable Y, Variable Product) Jvp(Func<Variable, Variable> f, Variable x, Variable v)
    {
        using var _ = EnableGrad();
        var leaf = new Variable(x.Given().Data, requiresGrad: true);
        var y = f.Given()(leaf);
        var u = new Variable(Tensor.ZerosLike(y.Data), requiresGrad: true);
        return (y.Detach(), GradOrZeros(GradOrZeros(y, leaf, u, createGraph: true), u, v.Given()));
    }

    /// <summary>
    /// Computes the product H·v, where H is the Hessian of a scalar f(x), and v has the shape of x. The product is
    /// computed as the gradient, with respect to x, of the scalar product of ∇f and v.
    /// </summary>
    public static Variable Hvp(Func<Variable, Variable> f, Variable x, Variable v) =>
        Vjp(z => GradOrZeros(f.Given()(z), z, createGraph: true), x, v).Product;

    /// <summary>
    /// Computes f(inputs), but does not keep the values that the operations in f would save for the backward pass.
    /// The backward pass runs f again to compute these values (Chen et al. 2016, Training Deep Nets with Sublinear
    /// Memory Cost). The parameters that f uses get their gradients too.
    /// </summary>
    public static Variable Checkpoint(Func<Variable[], Variable> f, params Variable[] inputs) =>
        new CheckpointFunction(f.Given()).Apply(inputs.Given());

    /// <summary>Returns the gradient of y with respect to x, or zeros if y does not depend on x.</summary>
    static Variable GradOrZeros(Variable y, Variable x, Variable? v = null, bool retainGraph = false,
        bool createGraph = false) =>
        y.RequiresGrad && Grad(y, x, v, retainGraph, createGraph) is { } g ? g : Tensor.ZerosLike(x.Data);
}

/// <summary>
/// Runs f a second time in the backward pass. In the second run, each generator starts at the same position as in
/// the first run, so that dropout leaves out the same elements. The second run does not update running statistics.
/// The parameters that f uses are further inputs of this function.
/// </summary>
sealed class CheckpointFunction(Func<Variable[], Variable> f) : Function // y = f(x)     dx: of f, which is run again
{
    ConcurrentDictionary<Generator, long> taken = [];
    int given = -1;                 // the number of inputs that f is called with

    internal override bool IsOwn => false;
    protected override Tensor Forward()
    {
        (taken, given) = ([], given < 0 ? Count : given);
        var (outer, used) = (Autograd.Mode, new HashSet<Variable>());
        using var _ = new Autograd.Scope(mode => mode with { Records = false, Taken = taken, Listener = Listen });
        var own = Array.ConvertAll(Inputs[..given], x => new Variable(x.Data, x.RequiresGrad));
        var y = f(own).Data;
        foreach (var (generator, position) in taken) outer.Taken?.TryAdd(generator, position);       // it may be nested
        AddInputs(used.Except(own));
        Save();
        return y;

        void Listen(Function function, Variable[] inputs)
        {
            outer.Listener?.Invoke(function, inputs);
            lock (used) used.UnionWith(inputs.Where(x => x.RequiresGrad));
        }
    }

    public override Variable?[] Backward(Variable dy)
    {
        var inputs = Inputs;
        if (!Autograd.Enabled)      // what f is given is apart from what it uses of its own
            for (var i = 0; i < given; i++) inputs[i] = new Variable(inputs[i].Data, Needs(i));
        var (y, origins) = (Repeat(inputs[..given]), Array.ConvertAll(inputs, x => x.Origin));
        return y.RequiresGrad ? Autograd.Within([y], [dy], origins, Autograd.Enabled) : new Variable?[origins.Length];
    }

    Variable Repeat(Variable[] inputs)
    {
        var now = taken.Keys.Select(generator => (generator, generator.Position)).ToList();
        foreach (var (generator, position) in taken) generator.Position = position;
        using var _ = new Autograd.Scope(mode => mode with { Records = true, Taken = null, Again = true });
        try { return f(inputs); }
        finally { foreach (var (generator, position) in now) generator.Position = position; }
    }
}
