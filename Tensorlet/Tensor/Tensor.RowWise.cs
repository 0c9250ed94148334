namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>The numbers that are computed for each row. The reduced axes remain, with size 1.</summary>
    /// <param name="First">a, the results of the first reduction.</param>
    /// <param name="Second">b, the results of the second reduction.</param>
    /// <param name="Finished">c = p(b).</param>
    internal readonly record struct RowStatistics(Tensor First, Tensor Second, Tensor Finished);

    /// <summary>Stands for the second reduction of a row if there is only one reduction.</summary>
    internal readonly struct Nothing : IFormula, IReduction
    {
        public static int Inputs => 1;
        double IReduction.Start => 0;
        V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => a;
        V IReduction.Take<V>(V x) => x;
        V IReduction.Apply<V>(V a, V b) => a;
        V IReduction.Finish<V>(V y) => y;
    }

    /// <summary>
    /// Computes each row with numbers that summarize the row, as softmax and the norms do. A row consists of the
    /// elements along the given axes. For each row, g(x₀, x₁, …) is reduced with r, which gives a. Then
    /// h(x₀, x₁, …, a) is reduced with s, which gives b, and c = p(b). The result is f(x₀, x₁, …, a, c, m₀, m₁, …) at
    /// each position, where m₀, m₁, … are the operands <paramref name="more"/>. If <paramref name="keep"/> is true, f
    /// gets the values of h in place of x₀. g and h may use fewer operands: the first ones. x₀ has the shape of the
    /// result, and the other operands broadcast to it. An operand that a formula marks with
    /// <see cref="IFormula.OfRow"/> must have size 1 along the given axes.
    /// </summary>
    internal static (Tensor Y, RowStatistics Rows) RowWise<G, R, H, S, P, F>(string operation, int[] axes, G g, R r,
        H h, S s, P p, F f, bool keep, Tensor[] x, params Tensor[] more)
        where G : struct, IFormula where R : struct, IReduction where H : struct, IFormula where S : struct, IReduction
        where P : struct, IMap where F : struct, IFormula
    {
        Common(operation, [.. x, .. more]);
        var (y, one, twice) = (EmptyLike(x[0]), Ones(x[0].Layout.shape, axes), typeof(H) != typeof(Nothing));
        Tensor a = One(), b = twice ? One() : a, c = twice ? One() : a;
        var operands = Broadcast([.. Known(), y], y.Layout.shape);
        if (y.Numel > 0 && y.Device.RowWise(g, r, h, s, p, f, keep, operands, x.Length, Layout.Last(y.Rank, axes),
            axes.Length, b)) return (y, new(a, b, c));
        a = Fold(operation, g, r, axes, x[..G.Inputs]);
        if (keep) b = y.Set(h, Known()[..H.Inputs]).Reduce(s, operation, axes, keepdim: true);
        else if (twice) b = Fold(operation, h, s, axes, Known()[..H.Inputs]);
        if (twice) c = b.Map(p);
        var known = Known();
        if (keep) known[0] = y;
        return (y.Set(f, known), new(a, b, c));

        Tensor One() => y.NewEmpty(one, y.DType, operation);

        Tensor[] Known() => twice ? [.. x, a, c, .. more] : [.. x, a, .. more];
    }

    /// <summary>The same with one reduction: the result is f(x₀, x₁, …, a).</summary>
    internal static Tensor RowWise<G, R, F>(string operation, int[] axes, G g, R r, F f, params Tensor[] x)
        where G : struct, IFormula where R : struct, IReduction where F : struct, IFormula => RowWise(operation, axes,
            g, r, default(Nothing), default(Nothing), default(IdentityFormula), f, false, x).Y;
}
