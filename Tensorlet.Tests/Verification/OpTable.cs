namespace Tensorlet.Tests.Verification;

/// <summary>A row of the table: everything that is verified about an operation follows from it.</summary>
public sealed record Op(string Family, string Name, Func<Draw, Case> Draw);

/// <summary>Every operation, with an oracle in plain doubles that uses no code of the library.</summary>
public static partial class OpTable
{
    public static IReadOnlyList<Op> All { get; } =
        [.. Arithmetic(), .. Elementwise(), .. MoreElementwise(), .. Reductions(), .. MoreReductions(), .. Shapes(),
            .. MoreShapes(), .. Indexing(), .. MoreIndexing(),
            .. Products(), .. Images(), .. Losses(), .. LinearProducts(), .. LinearAlgebra(), .. Layers()];

    public static Op Named(string name) => All.Single(op => op.Name == name);

    static Op Unary(string name, Func<Variable, Variable> f, Func<Jet, Jet> oracle, Domain domain = Domain.Any,
        string family = "elementwise") =>
        new(family, name, d =>
        {
            var x = d.Input(d.Shape(), domain);
            return Case.Smooth(v => f(v[0]), [x], x.Shape, values => Array.ConvertAll(values[0], v => oracle(v)));
        });

    static Op Binary(string name, Func<Variable, Variable, Variable> f, Func<Jet, Jet, Jet> oracle,
        Domain second = Domain.Any) => new("arithmetic", name, d =>
    {
        var shape = d.Shape();
        var (a, b) = (d.Input(shape), d.Input(d.Operand(shape), second));
        // Away from where the two are equal.
        if (second == Domain.Distinct) (a, b) = (a with { Values = Array.ConvertAll(a.Values, x => Math.Round(x, 1)) },
            b with { Values = Array.ConvertAll(b.Values, x => Math.Round(x, 1) + 0.05) });
        var result = Naive.BroadcastShape(a.Shape, b.Shape);
        return Case.Smooth(v => f(v[0], v[1]), [a, b], result,
            v => [.. Naive.Indices(result).Select(i =>
                oracle(v[0][Naive.Broadcast(i, a.Shape)], v[1][Naive.Broadcast(i, b.Shape)]))]);
    });

    /// <summary>A result whose elements are elements of the input.</summary>
    static Case Moved(Func<Variable, Variable> f, Input x, int[] shape, Func<int[], int[]> from) =>
        new(v => f(v[0]), [x], shape, v => [.. Naive.Indices(shape).Select(i => v[0][Naive.Place(from(i), x.Shape)])]);

    /// <summary>A reduction over random axes.</summary>
    static Op Fold(string name, Func<Variable, int[], bool, Variable> f, Func<Jet[], Jet> oracle,
        Domain domain = Domain.Any, int leastSize = 0) => new("reductions", name, d =>
    {
        var x = d.Input(d.Shape(leastRank: leastSize > 1 ? 1 : 0, leastSize: leastSize), domain);
        var (axes, keep) = (d.Axes(x.Shape.Length), d.Coin());
        var folded = axes.Length == 0 ? [.. Enumerable.Range(0, x.Shape.Length)] : axes;
        int[] ones = [.. x.Shape.Select((size, a) => folded.Contains(a) ? 1 : size)], shape = keep ? ones
            : [.. x.Shape.Where((_, a) => !folded.Contains(a))];
        return Case.Smooth(v => f(v[0], axes, keep), [x], shape, v =>
        {
            var groups = Naive.Indices(ones).Select(_ => new List<Jet>()).ToArray();
            var n = 0;
            foreach (var i in Naive.Indices(x.Shape)) groups[Naive.Place([.. i.Select((at, a) =>
                folded.Contains(a) ? 0 : at)], ones)].Add(v[0][n++]);
            return [.. groups.Select(group => oracle([.. group]))];
        });
    });

    static IEnumerable<Op> Arithmetic() =>
    [
        Binary("add", (a, b) => a + b, (a, b) => a + b),
        Binary("subtract", (a, b) => a - b, (a, b) => a - b),
        Binary("multiply", (a, b) => a * b, (a, b) => a * b),
        Binary("divide", (a, b) => a / b, (a, b) => a / b, Domain.Positive),
        Binary("maximum", Variable.Maximum, Math.Max, Domain.Distinct),
        Binary("minimum", Variable.Minimum, Math.Min, Domain.Distinct),
        Unary("numbers", x => 3 - (2 * x + 1 - 0.5) * 1.5 + (1 + -x), x =>
            3 - (2 * x + 0.5) * 1.5 + 1 - x, family: "arithmetic"),
        Unary("divide by a number", x => x / 3, x => x / 3, family: "arithmetic"),
        Unary("divide a number", x => 3 / x, x => 3 / x, family: "arithmetic"),
        Unary("square", x => x.Square(), x => x * x, family: "arithmetic"),
        Unary("reciprocal", x => x.Reciprocal(), x => 1 / x, family: "arithmetic"),
        Unary("power 3", x => x.Pow(3), x => x * x * x, family: "arithmetic"),
        Unary("power 0", x => x.Pow(0), _ => 1, family: "arithmetic"),
        Unary("power −1.5", x => x.Pow(-1.5), x => Math.Pow(x, -1.5), Domain.Positive, "arithmetic"),
        new("arithmetic", "where", d =>
        {
            var shape = d.Shape();
            var (a, b, mask) = (d.Input(d.Operand(shape)), d.Input(shape), d.Operand(shape));
            bool[] condition = [.. Enumerable.Range(0, Naive.Count(mask)).Select(_ => d.Coin())];
            return new(v => Variable.Where(Tensor.From(condition, mask, device: v[0].Device), v[0], v[1]), [a, b],
                shape, v => [.. Naive.Indices(shape).Select(i => condition[Naive.Broadcast(i, mask)]
                    ? v[0][Naive.Broadcast(i, a.Shape)] : v[1][Naive.Place(i, shape)])]);
        }),
    ];

    static IEnumerable<Op> Elementwise() =>
    [
        Unary("exp", x => x.Exp(), Math.Exp), Unary("log", x => x.Log(), Math.Log, Domain.Positive),
            Unary("sqrt", x => x.Sqrt(), Math.Sqrt, Domain.Positive),
        Unary("sin", x => x.Sin(), Math.Sin), Unary("cos", x => x.Cos(), Math.Cos),
            Unary("abs", x => x.Abs(), Math.Abs), Unary("sign", x => x.Sign(), x => Math.Sign(x)),
        Unary("tanh", x => x.Tanh(), Math.Tanh), Unary("sigmoid", x => x.Sigmoid(), x => 1 / (1 + Math.Exp(-x))),
            Unary("relu", x => x.Relu(), x => Math.Max(x, 0)),
        Unary("leaky relu", x => x.LeakyRelu(0.2), x => x > 0 ? x : 0.2 * x),
            Unary("softplus", x => x.Softplus(), x => Math.Log(1 + Math.Exp(x))),
            Unary("softplus, β = 3", x => x.Softplus(3), x => Math.Log(1 + Math.Exp(3 * x)) / 3),
        Unary("clamp", x => x.Clamp(-0.8, 1.1), x => Math.Clamp(x, -0.8, 1.1)),
            Unary("cast", x => x.To(DType.Float64), x => x),
    ];

    static IEnumerable<Op> Reductions() =>
    [
        Fold("sum", (x, axes, keep) => x.Sum(axes, keep), g => g.Sum()),
        Fold("mean", (x, axes, keep) => x.Mean(axes, keep), g => g.Average(), leastSize: 1),
        Fold("amax", (x, axes, keep) => x.AMax(axes, keep), g => g.Max(), Domain.Distinct, 1),
        Fold("amin", (x, axes, keep) => x.AMin(axes, keep), g => g.Min(), Domain.Distinct, 1),
        Fold("logsumexp", (x, axes, keep) => x.LogSumExp(axes, keep), g => Math.Log(g.SumOf(Math.Exp)), leastSize: 1),
        Fold("norm", (x, axes, keep) => x.Norm(2, axes, keep), g => Math.Sqrt(g.SumOf(x => x * x)), leastSize: 1),
        Fold("variance", (x, axes, keep) => x.Var(axes, correction: 0, keep), g =>
            g.SumOf(x => (x - g.Average()) * (x - g.Average())) / g.Length, leastSize: 1),
        Fold("variance, unbiased", (x, axes, keep) => x.Var(axes, keepdim: keep), g =>
            g.SumOf(x => (x - g.Average()) * (x - g.Average())) / (g.Length - 1), leastSize: 2),
        Fold("standard deviation", (x, axes, keep) => x.Std(axes, keepdim: keep), g =>
            Math.Sqrt(g.SumOf(x => (x - g.Average()) * (x - g.Average())) / (g.Length - 1)), Domain.Distinct, 2),
        Along("prod", (x, axis, keep) => x.Prod(axis, keep), g => g.Aggregate((Jet)1, (p, x) => p * x), Domain.Any, 0),
        Along("max", (x, axis, keep) => x.Max(axis, keep).Values, g => g.Max(), Domain.Distinct, 1),
        Along("min", (x, axis, keep) => x.Min(axis, keep).Values, g => g.Min(), Domain.Distinct, 1),
        Softmax("softmax", (x, axis) => x.Softmax(axis), (x, group) => Math.Exp(x) / group.SumOf(Math.Exp)),
        Softmax("log softmax", (x, axis) => x.LogSoftmax(axis), (x, group) => x - Math.Log(group.SumOf(Math.Exp))),
    ];

    static Op Along(string name, Func<Variable, int, bool, Variable> f, Func<Jet[], Jet> oracle, Domain domain,
        int leastSize) => new("reductions", name, d =>
    {
        var x = d.Input(d.Shape(1, 4, leastSize), domain);
        var (axis, keep) = (d.Int(0, x.Shape.Length - 1), d.Coin());
        int[] ones = [.. x.Shape.Select((size, a) => a == axis ? 1 : size)], shape = keep ? ones
            : [.. x.Shape.Where((_, a) => a != axis)];
        return Case.Smooth(v => f(v[0], d.Coin() ? axis : axis - x.Shape.Length, keep), [x], shape, v =>
            [.. Naive.Indices(ones).Select(i => oracle(Group(v[0], x.Shape, i, axis)))]);
    });

    static Op Softmax(string name, Func<Variable, int, Variable> f, Func<Jet, Jet[], Jet> oracle) =>
        new("reductions", name, d =>
    {
        var x = d.Input(d.Shape(1, 4, 1));
        var axis = d.Int(0, x.Shape.Length - 1);
        return Case.Smooth(v => f(v[0], axis), [x], x.Shape, v =>
            [.. Naive.Indices(x.Shape).Select((i, n) => oracle(v[0][n], Group(v[0], x.Shape, i, axis)))]);
    });

    /// <summary>The elements along an axis through an index.</summary>
    static T[] Group<T>(T[] values, int[] shape, int[] index, int axis) =>
        [.. Enumerable.Range(0, shape[axis]).Select(j =>
            values[Naive.Place([.. index.Select((at, a) => a == axis ? j : at)], shape)])];
}
