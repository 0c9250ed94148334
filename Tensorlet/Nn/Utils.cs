namespace Tensorlet.Nn;

/// <summary>
/// Functions that clip gradients, convert parameters to one vector and back, and separate weights into length and
/// direction.
/// </summary>
public static class Utils
{
    /// <summary>
    /// Multiplies the gradients of all parameters by the same factor, so that the norm of all gradients together is at
    /// most <paramref name="maxNorm"/>. This is the p-norm of the vector of all their elements, where p is
    /// <paramref name="normType"/>. Each gradient g becomes g·min(1, maxNorm/(n + 10⁻⁶)), where n is the norm before
    /// the multiplication (Pascanu et al. 2013).
    /// </summary>
    /// <returns>The norm of all gradients together, before they are multiplied.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxNorm"/> is negative or NaN; or
    /// <paramref name="normType"/> is NaN.</exception>
    public static double ClipGradNorm_(IEnumerable<Variable> parameters, double maxNorm, double normType = 2)
    {
        maxNorm.In("ClipGradNorm_", 0, double.PositiveInfinity);
        normType.In("ClipGradNorm_", double.NegativeInfinity, double.PositiveInfinity);
        Tensor[] gradients = [.. parameters.Given().Select(p => p.Given(nameof(parameters)).Grad?.Data)
            .OfType<Tensor>()];
        if (gradients.Length == 0) return 0;
        var norms = gradients.Select(g => new Variable(g).Norm(normType).Item()).ToArray();
        var norm = new Variable(Tensor.From(norms)).Norm(normType).Item();
        var scale = maxNorm / (norm + 1e-6);
        if (!(scale >= 1))
            foreach (var g in gradients) g.Mul_(scale);
        return norm;
    }

    /// <summary>Clips every element of every gradient to the interval [−clipValue, clipValue].</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="clipValue"/> is negative or NaN.</exception>
    public static void ClipGradValue_(IEnumerable<Variable> parameters, double clipValue)
    {
        clipValue.In("ClipGradValue_", 0, double.PositiveInfinity);
        foreach (var p in parameters.Given())
            if (p.Given(nameof(parameters)).Grad is { } g) g.Data.Copy_(g.Detach().Clamp(-clipValue, clipValue).Data);
    }

    /// <summary>Returns a vector with all elements of all parameters, one parameter after another.</summary>
    public static Variable ParametersToVector(IEnumerable<Variable> parameters) =>
        Variable.Cat([.. parameters.Given().Select(p => p.Given(nameof(parameters)).Reshape(-1))]);

    /// <summary>Writes the elements of a vector into parameters, one parameter after another.</summary>
    /// <exception cref="ShapeException"><paramref name="vector"/> does not have exactly one axis; or its number of
    /// elements differs from the total number of elements of all parameters. Nothing has been written.</exception>
    public static void VectorToParameters(Variable vector, IEnumerable<Variable> parameters)
    {
        Variable[] all = [.. parameters.Given()];
        if (vector.Given().Rank != 1 || vector.Numel != all.Sum(p => p.Given(nameof(parameters)).Numel))
            throw new ShapeException($"VectorToParameters: a vector of shape {vector.Data.Layout} does not have " +
                $"{all.Sum(p => p.Numel)} elements.");
        var at = 0;
        foreach (var p in all)
            p.Data.Copy_(vector.Data.Narrow(0, (at += p.Numel) - p.Numel, p.Numel).Reshape(p.Size()));
    }

    /// <summary>
    /// Replaces a weight w with two parameters that are learned instead: its length g and its direction v, so that
    /// w = g·v/‖v‖ (Salimans and Kingma 2016). There is one length for each index along the axis
    /// <paramref name="dim"/>. The field that held the parameter now holds w, which is computed again in each call of
    /// the module. In the state of the module, the entries <c>…_g</c> and <c>…_v</c> replace the entry of w.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="name">The key of the parameter, such as <c>weight</c>.</param>
    /// <param name="dim">The axis along which there is one length for each index.</param>
    /// <returns>The module.</returns>
    /// <exception cref="TensorletException">There is no parameter with this key.</exception>
    public static M WeightNorm<M>(M module, string name = "weight", int dim = 0) where M : Module
    {
        int[] others = [];
        module.Given().Reparametrize(name.Given(), w =>
        {
            others = [.. Enumerable.Range(0, w.Rank).Where(axis => axis != w.Data.Layout.Axis("WeightNorm", dim))];
            return [($"{name}_g", new(w.Norm(2, others, keepdim: true).Data, true)),
                ($"{name}_v", new(w.Data.Clone(), true))];
        }, parts => parts[1] * (parts[0] / parts[1].Norm(2, others, keepdim: true)));
        return module;
    }
}
