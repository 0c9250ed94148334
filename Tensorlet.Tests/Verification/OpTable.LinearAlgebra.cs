namespace Tensorlet.Tests.Verification;

// Factors are unique except for signs, so the rows check what does not depend on these. Singular values and eigenvalues
// are generated far apart, because the gradients of vectors have their differences in the denominator.

public static partial class OpTable
{
    static IEnumerable<Op> LinearAlgebra() =>
    [
        Square("inverse", x => x.Inverse(), (n, _) => [n, n], x => Dense.Solve(x, Dense.Identity(x.Length))),
        Square("det", x => x.Det(), (_, _) => [], x => [[Dense.Det(x)]], singular: true),
        Square("slogdet", x => x.Slogdet() is var (sign, log) ? log * sign : null!, (_, _) => [], x =>
            [[Math.Sign(Dense.Det(x)) * Math.Log(Math.Abs(Dense.Det(x)))]]),
        new("linearalgebra", "solve", d =>
        {
            int[] batch = d.Shape(0, 2), left = d.Operand(batch), right = d.Operand(batch);
            var (n, k) = (d.Size(1), d.Size());
            if (k == n) k++;                    // (…, n, n) may be vectors for (…, n, n, n)
            var (a, b) = (Regular(d, left, n, n), d.Input([.. right, n, k]));
            int[] shared = Naive.BroadcastShape(left, right);
            return new(v => v[0].Solve(v[1]), [a, b], [.. shared, n, k], v => [.. Naive.Indices(shared).SelectMany(i =>
                Dense.Solve(Dense.At(v[0], Naive.Broadcast(i, left), n, n), Dense.At(v[1], Naive.Broadcast(i, right),
                    n, k)).SelectMany(row => row))]);
        }),
        new("linearalgebra", "solve for vectors", d =>
        {
            var (batch, n) = (d.Shape(0, 2), d.Size(1));
            var (a, b) = (Regular(d, batch, n, n), d.Input(d.Coin() ? [n] : [.. batch, n]));
            return new(v => v[0].Solve(v[1]), [a, b], [.. batch, n], v => [.. Naive.Indices(batch).SelectMany((_, i) =>
                Dense.Solve(Dense.At(v[0], i, n, n), Dense.At(v[1], b.Shape.Length == 1 ? 0 : i, n, 1))
                    .Select(row => row[0]))]);
        }),
        Symmetric("cholesky", x => x.Cholesky(), n => [n, n], Dense.Cholesky, positive: true),
        Symmetric("cholesky, upper", x => x.Cholesky(upper: true), n => [n, n], x => Dense.T(Dense.Cholesky(x)),
            positive: true),
        Symmetric("eigenvalues", x => x.Eigh().Eigenvalues, n => [n], x => [Dense.Eigen(x).Values]),
        Symmetric("matrix exponential by eigenvectors", x =>
            x.Eigh() is var (l, v) ? (v * l.Exp().Unsqueeze(-2)).MatMul(v.T) : null!, n => [n, n], Dense.Exp),
        Symmetric("projector onto an eigenvector", x => x.Eigh() is var (_, v) ? Projector(v, 0) : null!, n => [n, n],
            x => Dense.Projector(Dense.Eigen(x).Vectors, 0)),
        Any("qr, product", x => x.Qr() is var (q, r) ? q.MatMul(r) : null!, (m, n) => [m, n], x => x, Regular),
        Any("qr, Q²", x => x.Qr().Q.Square(), (m, n) => [m, Math.Min(m, n)], x => Dense.Squared(Dense.GramSchmidt(x)),
            Regular),
        Any("qr, R²", x => x.Qr().R.Square(), (m, n) => [Math.Min(m, n), n], x =>
            Dense.Squared(Dense.Product(Dense.T(Dense.GramSchmidt(x)), x)), Regular),
        Any("singular values", x => x.Svd().S, (m, n) => [Math.Min(m, n)], x => [Dense.Singular(x).Values]),
        Any("svd, U·S³·Vh", x => x.Svd() is var (u, s, vh) ? (u * s.Pow(3).Unsqueeze(-2)).MatMul(vh) : null!,
            (m, n) => [m, n], x => Dense.Product(Dense.Product(x, Dense.T(x)), x)),
        Any("svd, U·Vh", x => x.Svd() is var (u, _, vh) ? u.MatMul(vh) : null!, (m, n) => [m, n], Dense.Polar),
        Any("projector onto a left singular vector", x => Projector(x.Svd().U, 0), (m, n) => [m, m], x =>
            Dense.Projector(Dense.Singular(x).Left, 0)),
        Any("projector onto a right singular vector", x => Projector(x.Svd().Vh.T, 0), (m, n) => [n, n], x =>
            Dense.Projector(Dense.Singular(Dense.T(x)).Left, 0)),
    ];

    static Variable Projector(Variable vectors, int column) =>
        vectors.Narrow(-1, column, 1) is var v ? v.MatMul(v.T) : null!;

    /// <summary>One matrix after another.</summary>
    static Case Each(Func<Variable, Variable> f, Input x, int[] batch, int m, int n, int[] shape,
        Func<double[][], double[][]> oracle) => new(v => f(v[0]), [x], [.. batch, .. shape], v =>
            [.. Naive.Indices(batch).SelectMany((_, i) => oracle(Dense.At(v[0], i, m, n)).SelectMany(row => row))]);

    static Op Square(string name, Func<Variable, Variable> f, Func<int, int, int[]> shape,
        Func<double[][], double[][]> oracle, bool singular = false) => new("linearalgebra", name, d =>
    {
        var (batch, n) = (d.Shape(0, 2), Math.Min(4, d.Size(singular ? 0 : 1)));
        return Each(f, Regular(d, batch, n, n), batch, n, n, shape(n, n), oracle);
    });

    /// <summary>
    /// Tall, square and wide matrices, with singular values that are far apart unless generated otherwise.
    /// </summary>
    static Op Any(string name, Func<Variable, Variable> f, Func<int, int, int[]> shape,
        Func<double[][], double[][]> oracle, Func<Draw, int[], int, int, Input>? draw = null) =>
        new("linearalgebra", name, d =>
    {
        var (batch, m, n) = (d.Shape(0, 2), Math.Min(4, d.Size(1)), Math.Min(4, d.Size(1)));
        var x = draw?.Invoke(d, batch, m, n) ?? Spectral(d, batch, m, n, positive: true);
        return Each(f, x, batch, m, n, shape(m, n), oracle);
    });

    /// <summary>Symmetric matrices with eigenvalues far apart; differences break symmetry, so it is restored.</summary>
    static Op Symmetric(string name, Func<Variable, Variable> f, Func<int, int[]> shape,
        Func<double[][], double[][]> oracle, bool positive = false) => new("linearalgebra", name, d =>
    {
        var (batch, n) = (d.Shape(0, 2), Math.Min(4, d.Size(1)));
        return Each(x => f((x + x.T) / 2), Spectral(d, batch, n, n, positive, symmetric: true), batch, n, n, shape(n),
            oracle);
    });

    /// <summary>Small numbers, and one large one in every row and column of the leading square.</summary>
    static Input Regular(Draw d, int[] batch, int m, int n)
    {
        var x = d.Values(Naive.Count(batch) * m * n);
        for (var b = 0; b < Naive.Count(batch); b++)
        {
            var large = d.Order(Math.Min(m, n));
            for (var i = 0; i < m * n; i++) x[b * m * n + i] *= 0.15;
            for (var i = 0; i < large.Length; i++) x[b * m * n + i * n + large[i]] += d.Coin() ? 2 : -2;
        }
        return new([.. batch, m, n], x);
    }

    /// <summary>U·S·Vᵀ with random rotations and S far apart; V = U if symmetric.</summary>
    static Input Spectral(Draw d, int[] batch, int m, int n, bool positive, bool symmetric = false)
    {
        var values = new List<double>();
        for (var b = 0; b < Naive.Count(batch); b++)
        {
            var (u, order) = (Rotation(d, m), d.Order(Math.Min(m, n)));
            var v = symmetric ? u : Rotation(d, n);
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                    values.Add(order.Select((at, k) => u[i][k] * v[j][k] * (at * 0.7 + (positive ? 0.6 : -0.9))).Sum());
        }
        return new([.. batch, m, n], [.. values]);
    }

    static double[][] Rotation(Draw d, int n)
    {
        var x = Dense.Identity(n);
        for (var p = 0; p < n; p++)
            for (var q = p + 1; q < n; q++) Dense.Rotate(x, p, q, d.Int(1, 60) / 10.0);
        return x;
    }
}
