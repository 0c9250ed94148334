namespace Tensorlet;

/// <summary>
/// Broadcasts variables, computes a formula of them, and sums the results over the given axes, whose size becomes 1.
/// If no axes are given, nothing is summed. The formula provides its own derivative, because it can also be computed
/// with numbers that have a slope. The gradient with respect to a broadcast operand is a sum of this kind too.
/// </summary>
// y = Σ f(x₀, x₁, …)     dxₖ = Σ ∂f/∂xₖ·dy, over the axes along which xₖ was repeated
sealed class Formula<F>(string name, F f, int[] axes) : Function where F : struct, IFormula
{
    public override string Name => name;

    protected override Tensor Forward()
    {
        Save();
        var x = new Tensor[F.Inputs];
        for (var k = 0; k < x.Length; k++) x[k] = Input(k).Data;
        return axes.Length == 0 ? Tensor.Apply(name, f, x) : Tensor.Fold(name, f, new Tensor.AddFormula(), axes, x);
    }

    public override Variable?[] Backward(Variable dy) => [.. shapes.Select((_, k) => Needs(k) ? Along(k, dy) : null)];

    Variable Along(int k, Variable dy)
    {
        if (F.Inputs == IFormula.Most)
            throw new AutogradException($"{this}.Backward: the derivative of a formula of {IFormula.Most} inputs " +
                "would take one more. Write it as two formulas, one of which takes the other's result.");
        Variable[] inputs = [.. Inputs, dy];
        int[] shape = shapes[k], whole = Tensor.Common(name, Array.ConvertAll(inputs, input => input.Data));
        return new Formula<Slope<F>>($"{name}′", new(f, k), Layout.Repeated(shape, whole)).Apply(inputs).Reshape(shape);
    }
}

public partial class Variable
{
    /// <summary>
    /// Computes y = f(x) for each element x, with a formula f of your own. You need not write a derivative: the library
    /// computes the derivatives up to the seventh order from the formula itself, on every device. Each additional input
    /// of a formula takes one order away. Where two branches of the formula meet, the derivative is that of the branch
    /// that is chosen.
    /// </summary>
    /// <param name="f">The formula: a public struct that implements <see cref="IMap"/>. Its method <c>Apply</c>
    /// computes f(x).</param>
    public Variable Map<F>(F f) where F : struct, IMap => Apply(new Of1<F>(f), NameOf<F>.Text, this);

    /// <summary>
    /// Computes y = f(a, b) for the elements a and b at each position, with broadcasting. You write the formula f
    /// yourself, as a struct; see <see cref="Map"/>.
    /// </summary>
    public static Variable Zip<F>(F f, Variable a, Variable b) where F : struct, IZip =>
        Apply(new Of2<F>(f), NameOf<F>.Text, a.Given(), b.Given());

    /// <summary>
    /// Computes y = f(a, b, c) for the elements a, b and c at each position, with broadcasting. You write the formula
    /// f yourself, as a struct; see <see cref="Map"/>.
    /// </summary>
    public static Variable Zip<F>(F f, Variable a, Variable b, Variable c) where F : struct, IZip3 =>
        Apply(new Of3<F>(f), NameOf<F>.Text, a.Given(), b.Given(), c.Given());

    /// <summary>
    /// Computes y = f(x₀, x₁, …) for the elements x₀, x₁, … at each position, with broadcasting. You write the
    /// formula f yourself, as a struct; see <see cref="Map"/>.
    /// </summary>
    public static Variable Apply<F>(F f, params ReadOnlySpan<Variable> x) where F : struct, IFormula =>
        Apply(f, NameOf<F>.Text, x);

    static class NameOf<F>
    { internal static readonly string Text = Reachable.Show(typeof(F)).Split('.')[^1].Replace("Formula", ""); }

    internal static Variable Apply<F>(F f, string name, params ReadOnlySpan<Variable> x) where F : struct, IFormula =>
        new Formula<F>(name, f, []).Apply(Alike(name, x));

    /// <summary>Computes Σ f(x₀, x₁, …) over some axes, whose size becomes 1.</summary>
    internal static Variable Total<F>(F f, string name, int[] axes, params ReadOnlySpan<Variable> x)
        where F : struct, IFormula => new Formula<F>(name, f, axes).Apply(Alike(name, x));

    /// <summary>
    /// Checks that all variables are on one device, and converts them to one floating-point type. Masks are
    /// converted only if all variables are masks.
    /// </summary>
    internal static Variable[] Alike(string operation, ReadOnlySpan<Variable> x)
    {
        if (x.IsEmpty) throw new ShapeException($"{operation}: no variables were given.");
        foreach (var input in x) input.Given(nameof(x));
        var result = x.ToArray();
        if (Array.Find(result, input => !input.IsNumber) is { } array)
            result = Array.ConvertAll(result, input => input.As(array));
        var most = result[0].Data;
        foreach (var input in result)
        {
            result[0].Data.SameDevice(operation, input.Data);
            if (DTypes.Promote(most, input.Data) != most.DType) most = input.Data;
        }
        var type = most.DType.IsFloat() ? most.DType : DTypes.Default;
        for (var i = 0; i < result.Length; i++)
            if (most.DType == DType.Bool || result[i].DType != DType.Bool) result[i] = result[i].To(type);
        return result;
    }
}
