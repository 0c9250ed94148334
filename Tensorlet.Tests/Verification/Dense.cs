namespace Tensorlet.Tests.Verification;

/// <summary>
/// Linear algebra on arrays of rows, by the shortest textbook method; it shares no code with the library.
/// </summary>
static class Dense
{
    public static double[][] At(double[] values, int b, int m, int n) =>
        [.. Enumerable.Range(b * m, m).Select(i => values[(i * n)..((i + 1) * n)])];

    public static double[][] Build(int m, int n, Func<int, int, double> f) =>
        [.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, n).Select(j => f(i, j)).ToArray())];

    public static double[][] Identity(int n) => Build(n, n, (i, j) => i == j ? 1 : 0);
    public static double[][] T(double[][] x) => Build(x[0].Length, x.Length, (i, j) => x[j][i]);
    public static double[][] Squared(double[][] x) => Build(x.Length, x[0].Length, (i, j) => x[i][j] * x[i][j]);
    public static double[][] Product(double[][] a, double[][] b) => Build(a.Length, b[0].Length, (i, j) =>
        a[i].Select((x, k) => x * b[k][j]).Sum());

    /// <summary>By cofactors along the first row.</summary>
    public static double Det(double[][] x) => x.Length == 0 ? 1 : Enumerable.Range(0, x.Length).Sum(j =>
        (j % 2 == 0 ? 1 : -1) * x[0][j] * Det([.. x[1..].Select(row => row.Where((_, at) => at != j).ToArray())]));

    /// <summary>Gauss-Jordan elimination, each time with the largest pivot.</summary>
    public static double[][] Solve(double[][] a, double[][] b)
    {
        double[][] x = [.. a.Zip(b, (left, right) => (double[])[.. left, .. right])];
        for (var k = 0; k < x.Length; k++)
        {
            var best = Enumerable.Range(k, x.Length - k).MaxBy(i => Math.Abs(x[i][k]));
            (x[k], x[best]) = (x[best], x[k]);
            x[k] = [.. x[k].Select(v => v / x[k][k])];
            for (var i = 0; i < x.Length; i++)
                if (i != k && x[i][k] is var factor) x[i] = [.. x[i].Zip(x[k], (v, pivot) => v - factor * pivot)];
        }
        return [.. x.Select(row => row[a.Length..])];
    }

    public static double[][] Cholesky(double[][] x)
    {
        var l = Build(x.Length, x.Length, (_, _) => 0);
        for (var i = 0; i < x.Length; i++)
            for (var j = 0; j <= i; j++)
            {
                var rest = x[i][j] - Enumerable.Range(0, j).Sum(k => l[i][k] * l[j][k]);
                l[i][j] = i == j ? Math.Sqrt(rest) : rest / l[j][j];
            }
        return l;
    }

    /// <summary>The columns of x (m, n), as many as rows, made orthonormal one after another.</summary>
    public static double[][] GramSchmidt(double[][] x)
    {
        var columns = T(x)[..Math.Min(x.Length, x[0].Length)];
        for (var k = 0; k < columns.Length; k++)
        {
            for (var j = 0; j < k; j++)
            {
                var along = columns[k].Zip(columns[j], (a, b) => a * b).Sum();
                columns[k] = [.. columns[k].Zip(columns[j], (a, b) => a - along * b)];
            }
            var norm = Math.Sqrt(columns[k].Sum(a => a * a));
            columns[k] = [.. columns[k].Select(a => a / norm)];
        }
        return T(columns);
    }

    /// <summary>Columns p and q rotated by an angle, in place.</summary>
    public static void Rotate(double[][] x, int p, int q, double angle)
    {
        var (c, s) = (Math.Cos(angle), Math.Sin(angle));
        foreach (var row in x) (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }

    /// <summary>Jacobi rotations: eigenvalues in ascending order, and eigenvectors as columns.</summary>
    public static (double[] Values, double[][] Vectors) Eigen(double[][] x)
    {
        var (n, v) = (x.Length, Identity(x.Length));
        for (var sweep = 0; sweep < 30; sweep++)
            for (var p = 0; p < n; p++)
                for (var q = p + 1; q < n; q++)
                {
                    var turn = Identity(n);
                    Rotate(turn, p, q, Math.Atan2(2 * x[p][q], x[q][q] - x[p][p]) / 2);
                    (x, v) = (Product(Product(T(turn), x), turn), Product(v, turn));
                }
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => x[i][i])];
        return ([.. order.Select(i => x[i][i])], Build(n, n, (i, j) => v[i][order[j]]));
    }

    /// <summary>
    /// Singular values in descending order, and left vectors as columns, from the eigenvalues of X·Xᵀ.
    /// </summary>
    public static (double[] Values, double[][] Left) Singular(double[][] x)
    {
        var (values, vectors) = Eigen(Product(x, T(x)));
        return ([.. values.Reverse().Take(x[0].Length).Select(Math.Sqrt)],
            [.. vectors.Select(row => row.Reverse().ToArray())]);
    }

    /// <summary>U·Vᵀ of X = U·S·Vᵀ: (X·Xᵀ)⁻½·X for those that are not tall.</summary>
    public static double[][] Polar(double[][] x)
    {
        if (x.Length > x[0].Length) return T(Polar(T(x)));
        var (values, left) = Eigen(Product(x, T(x)));
        return Product(Product(Build(x.Length, x.Length, (i, j) => left[i][j] / Math.Sqrt(values[j])), T(left)), x);
    }

    public static double[][] Projector(double[][] vectors, int column) =>
        Build(vectors.Length, vectors.Length, (i, j) => vectors[i][column] * vectors[j][column]);

    /// <summary>Σ Xᵏ/k!</summary>
    public static double[][] Exp(double[][] x)
    {
        var (sum, term) = (Identity(x.Length), Identity(x.Length));
        for (var k = 1; k < 60; k++)
        {
            term = Product(term, x);
            term = Build(x.Length, x.Length, (i, j) => term[i][j] / k);
            sum = Build(x.Length, x.Length, (i, j) => sum[i][j] + term[i][j]);
        }
        return sum;
    }
}
