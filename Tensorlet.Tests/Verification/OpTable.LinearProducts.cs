namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static IEnumerable<Op> LinearProducts() =>
    [
        Sized("mm", (d, n, k, m) => Pairs(v => v[0].Mm(v[1]), "ik,kj->ij", d.Input([n, k]), d.Input([k, m]))),
        Sized("mv", (d, n, k, _) => Pairs(v => v[0].Mv(v[1]), "ik,k->i", d.Input([n, k]), d.Input([k]))),
        Sized("dot of vectors", (d, n, _, _) => Pairs(v => v[0].Dot(v[1]), "i,i->", d.Input([n]), d.Input([n]))),
        Sized("outer", (d, n, _, m) => Pairs(v => v[0].Outer(v[1]), "i,j->ij", d.Input([n]), d.Input([m]))),
        Sized("bmm", (d, n, k, m) => d.Size() is var b
            ? Pairs(v => v[0].Bmm(v[1]), "bik,bkj->bij", d.Input([b, n, k]), d.Input([b, k, m])) : null!),
        Sized("trace", (d, n, _, m) => new(v => v[0].Trace(), [d.Input([n, m])], [], v =>
            [Enumerable.Range(0, Math.Min(n, m)).Sum(i => v[0][i * m + i])])),
        Sized("addmm", (d, n, k, m) => Added(d, (v, beta, alpha) => v[2].Addmm(v[0], v[1], beta, alpha),
            Pairs(null!, "ik,kj->ij", d.Input([n, k]), d.Input([k, m])))),
        Sized("baddbmm", (d, n, k, m) => d.Size() is var b
            ? Added(d, (v, beta, alpha) => v[2].Baddbmm(v[0], v[1], beta, alpha),
                Pairs(null!, "bik,bkj->bij", d.Input([b, n, k]), d.Input([b, k, m]))) : null!),
        new("products", "tensordot", d =>
        {
            var (shared, rows, columns) = (d.Int(0, 2), d.Int(0, 2), d.Int(0, 2));
            string left = Shuffled(d, "abcdef"[..(shared + rows)]),
                right = Shuffled(d, "abcdef"[..shared] + "uvw"[..columns]);
            int[] axes = [.. Enumerable.Range(0, left.Length).Where(a => right.Contains(left[a]))],
                others = [.. axes.Select(a => right.IndexOf(left[a]) - (d.Coin() ? right.Length : 0))];
            var result = string.Concat(left.Where(x => !right.Contains(x)).Concat(right.Where(x => !left.Contains(x))));
            return Named(d, v => v[0].Tensordot(v[1], axes, others), [left, right], result);
        }),
        new("products", "tensordot of the last axes", d =>
        {
            var (axes, rows, columns) = (d.Int(0, 2), d.Int(0, 2), d.Int(0, 2));
            var (shared, left, right) = ("abcd"[..axes], "ijk"[..rows], "uvw"[..columns]);
            return Named(d, v => v[0].Tensordot(v[1], axes), [left + shared, shared + right], left + right);
        }),
        new("products", "einsum", d => Equation(d, [.. Enumerable.Range(0, d.Int(1, 3)).Select(_ => Drawn(d))])),
        new("products", "einsum, ellipsis", d =>
        {
            string[] terms = [.. Enumerable.Range(0, d.Int(1, 3)).Select(_ =>
                d.Int(0, 2) is var at && Drawn(d) is var term ? term.Insert(Math.Min(at, term.Length),
                    "01"[d.Int(0, 2)..]) : "")];
            return Equation(d, terms, ellipsis: true);
        }),
    ];

    static Op Sized(string name, Func<Draw, int, int, int, Case> make) =>
        new("products", name, d => make(d, d.Size(), d.Size(), d.Size()));

    static string Shuffled(Draw d, string letters) => string.Concat(d.Order(letters.Length).Select(i => letters[i]));

    /// <summary>Names of up to three axes, possibly one of them twice.</summary>
    static string Drawn(Draw d) => string.Concat(Enumerable.Range(0, d.Int(0, 3)).Select(_ => "ijKl"[d.Int(0, 3)]));

    /// <summary>A sum of products by an equation in which every axis of the inputs has its size.</summary>
    static Case Pairs(Func<Variable[], Variable> f, string equation, params Input[] inputs)
    {
        var (terms, result) = (equation.Split("->")[0].Split(','), equation.Split("->")[1]);
        var sizes = new Dictionary<char, int>();
        for (var i = 0; i < terms.Length; i++)
            for (var a = 0; a < terms[i].Length; a++) sizes[terms[i][a]] = inputs[i].Shape[a];
        return Summed(f, inputs, terms, result, sizes);
    }

    /// <summary>beta·(a third input, broadcast) + alpha·the product.</summary>
    static Case Added(Draw d, Func<Variable[], double, double, Variable> f, Case product)
    {
        var (beta, alpha) = (d.Coin() ? 1 : -0.5, d.Coin() ? 1 : 1.5);
        var added = d.Input(d.Operand(product.Shape));
        int[][] indices = [.. Naive.Indices(product.Shape)];
        return new(v => f(v, beta, alpha), [.. product.Inputs, added], product.Shape, v =>
            [.. product.Oracle(v).Select((x, i) => alpha * x + beta * v[2][Naive.Broadcast(indices[i], added.Shape)])]);
    }

    /// <summary>Inputs of random sizes, some of them 1 where another operand has more.</summary>
    static Case Named(Draw d, Func<Variable[], Variable> f, string[] terms, string result)
    {
        var names = string.Concat(terms).Distinct().ToArray();
        var sizes = names.ToDictionary(name => name, _ => d.Size());
        Input[] inputs = [.. terms.Select(term =>
        {
            var ones = names.Where(name => d.Int(0, 6) == 0
                && terms.Any(other => other != term && other.Contains(name))).ToArray();
            return d.Input([.. term.Select(name => ones.Contains(name) ? 1 : sizes[name])]);
        })];
        foreach (var name in names)             // all may be 1
            sizes[name] = terms.SelectMany((term, i) => term.Select((x, a) => (x, Size: inputs[i].Shape[a])))
                .Where(axis => axis.x == name).Select(axis => axis.Size).Aggregate((x, y) => x == 1 ? y : x);
        return Summed(f, inputs, terms, result, sizes);
    }

    static Case Equation(Draw d, string[] terms, bool ellipsis = false)
    {
        var implied = d.Coin();
        var names = string.Concat(terms);
        var dots = ellipsis ? string.Concat(names.Where(char.IsDigit).Distinct().Order()) : "";
        var letters = implied
            ? string.Concat(names.Where(x => char.IsLetter(x) && names.Count(y => y == x) == 1).Order())
            : Shuffled(d, string.Concat(names.Where(char.IsLetter).Distinct().Where(_ => d.Coin())));
        var kept = ellipsis && (implied || d.Coin());
        var at = implied ? 0 : d.Int(0, letters.Length);
        var right = kept ? letters.Insert(at, "...") : letters;
        var left = string.Join(", ", terms.Select(term => !ellipsis ? term
            : term.Any(char.IsDigit) ? term.Replace("01", "...").Replace("1", "...")
            : term + "..."));
        return Named(d, v => Variable.Einsum(implied ? left : $"{left} -> {right}", v), terms,
            kept ? letters.Insert(at, dots) : letters);
    }

    /// <summary>
    /// For every value of all names the product of the elements there, added where the result has it.
    /// </summary>
    static Case Summed(Func<Variable[], Variable> f, Input[] inputs, string[] terms, string result,
        Dictionary<char, int> sizes)
    {
        char[] names = [.. sizes.Keys];
        int[] shape = [.. result.Select(name => sizes[name])];
        return new(f, inputs, shape, v =>
        {
            var sums = new double[Naive.Count(shape)];
            foreach (var at in Naive.Indices([.. names.Select(name => sizes[name])]))
            {
                int[] Index(string term) => [.. term.Select(name => at[Array.IndexOf(names, name)])];
                var product = 1.0;
                for (var i = 0; i < terms.Length; i++)
                    product *= v[i][Naive.Broadcast(Index(terms[i]), inputs[i].Shape)];
                sums[Naive.Place(Index(result), shape)] += product;
            }
            return sums;
        });
    }
}
