using Tensorlet;

namespace Tutorials.Chapter01;

sealed class Grader : Exercise<IStandardise>
{
    public override string Title => "Standardising a table";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.BatchNorm", "BatchNorm1d", "F.InstanceNorm", "InstanceNorm1d", "F.LayerNorm", "LayerNorm"],
            "The exercise is to write what this does."),
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "x.Mean([0]) lets axis 0, the rows, disappear. What is left is a number for each column.",
        "A tensor of shape (C) can be taken from one of shape (N, C): each row is treated alike. Then " +
            "new Variable(…).Sqrt().Data of the mean of what was squared is the deviation.",
        "0 / 0 is NaN. Tensor.Where(mask, a, b) takes a where the mask is true, and what b is there does not matter.",
        "A deviation that should be 0 may be a tiny number, because the mean was rounded. A column is constant if " +
            "its largest and its smallest element are equal: table.AMax([0]).Eq(table.AMin([0])).",
    ];

    /// <summary>Rows of numbers, and the table that an answer gets of them.</summary>
    static Tensor Table(double[,] rows, DType type) => Tensor.From(rows).To(type);

    static string Show(double[,] rows) => rows.Length > 12 ? $"a table of shape ({rows.GetLength(0)}, " +
        $"{rows.GetLength(1)})" : $"[{string.Join(", ", Enumerable.Range(0, rows.GetLength(0)).Select(i =>
            $"[{string.Join(", ", Enumerable.Range(0, rows.GetLength(1)).Select(j => Expect.Text(rows[i, j])))}]"))}]";

    /// <summary>Means and deviations of the columns in plain loops.</summary>
    static (double[] Means, double[] Deviations) Columns(double[,] x)
    {
        var (n, columns) = (x.GetLength(0), x.GetLength(1));
        var (means, deviations) = (new double[columns], new double[columns]);
        for (var j = 0; j < columns; j++)
        {
            for (var i = 0; i < n; i++) means[j] += x[i, j] / n;
            for (var i = 0; i < n; i++) deviations[j] += Math.Pow(x[i, j] - means[j], 2) / n;
            deviations[j] = Math.Sqrt(deviations[j]);
        }
        return (means, deviations);
    }

    static bool IsConstant(double[,] x, int column) =>
        Enumerable.Range(0, x.GetLength(0)).All(i => x[i, column] == x[0, column]);

    static Tensor Standard(double[,] x)
    {
        var (means, deviations) = Columns(x);
        var result = new double[x.GetLength(0), x.GetLength(1)];
        for (var i = 0; i < x.GetLength(0); i++)
            for (var j = 0; j < x.GetLength(1); j++)
                result[i, j] = IsConstant(x, j) ? 0 : (x[i, j] - means[j]) / deviations[j];
        return Tensor.From(result);
    }

    static double[,] Drawn(int rows, int columns)
    {
        var (random, result) = (new Random(1), new double[rows, columns]);
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++) result[i, j] = Math.Round(10 * j + (j + 1) * random.NextDouble(), 3);
        return result;
    }

    static Action<IStandardise> Check(Func<IStandardise, Tensor, Tensor> asked, Func<double[,], Tensor> expected,
        string what, DType type, params (double[,] Rows, string Why)[] cases) => answer =>
    {
        foreach (var (rows, why) in cases)
        {
            var (table, name) = (Table(rows, type), $"the {what} of {Show(rows)}");
            var before = table.ToArray<double>();
            var yours = asked(answer, table);
            Expect.Same(yours, expected(rows), name, type == DType.Float64 ? 1e-9 : 1e-4, why);
            Expect.That(yours.DType == type, $"{name}: yours is {yours.DType}, the table {type}.");
            Expect.That(table.ToArray<double>().SequenceEqual(before), $"{name} is right, but the table that was " +
                "given has changed. Methods with an underscore write in place; operators do not.");
        }
    };

    static readonly double[,] one = { { 1 }, { 3 } }, two = { { 1, 10 }, { 2, 20 }, { 3, 60 } },
        constant = { { 1, 5 }, { 3, 5 } }, tenths = { { 0.1, 1 }, { 0.1, 2 }, { 0.1, 4 } },
        far = { { 10000 }, { 10001 }, { 10002 } }, small = { { 1e-9, 1 }, { 3e-9, 2 } }, large = Drawn(50, 4);

    const string DownTheColumn = "Axis 0 goes down a column; it is the one to disappear.";
    const string Biased = "Divide by how many rows there are, N, and not by N − 1; and take the root at the end.";
    const string Far = "The mean of squares less the square of the mean takes one large number from another, and " +
        "what is left is rounding. Take the mean off first, then square.";
    const string Apart = "Each column by itself: its own mean, its own deviation.";
    const string Zero = "A column of equal numbers has deviation 0, and 0 / 0 is NaN. Such a column becomes 0.";
    const string Rounded = "A mean of equal numbers may be rounded, and then the deviation is tiny and not 0. How " +
        "else is seen that all are equal?";
    const string Small = "A column of small numbers has a small deviation and is not constant.";

    protected override Step<IStandardise>[] Requirements =>
    [
        new("the mean of each column", Check((a, x) => a.Means(x), x => Tensor.From(Columns(x).Means), "means",
            DType.Float32, (one, DownTheColumn), (two, DownTheColumn), (large, DownTheColumn))),
        new("the deviation of each column", Check((a, x) => a.Deviations(x), x => Tensor.From(Columns(x).Deviations),
            "deviations", DType.Float32, (one, Biased), (two, Biased), (constant, Biased), (large, Biased),
            (far, Far))),
        new("columns with mean 0 and deviation 1", Check((a, x) => a.Standardise(x), Standard, "standardised table",
            DType.Float32, (one, Apart), (two, Apart), (large, Apart))),
        new("a constant column becomes 0", Check((a, x) => a.Standardise(x), Standard, "standardised table",
            DType.Float32, (constant, Zero), (new double[,] { { 7, 8 } }, "With one row each column is constant."))),
        new("Float64 stays Float64",
            Check((a, x) => a.Means(x), x => Tensor.From(Columns(x).Means), "means", DType.Float64,
                (two, DownTheColumn)) +
            Check((a, x) => a.Deviations(x), x => Tensor.From(Columns(x).Deviations), "deviations", DType.Float64,
                (two, Biased)) +
            Check((a, x) => a.Standardise(x), Standard, "standardised table", DType.Float64,
            (two, Apart), (constant, Zero))),
        new("a constant column whose mean is rounded, and one that is only small", Check((a, x) => a.Standardise(x),
            Standard, "standardised table", DType.Float32, (tenths, Rounded), (Tenths(10), Rounded),
            (Tenths(1000), Rounded), (small, Small))),
    ];

    /// <summary>Rows of 0.1, 0.7, 1.1 and the number of the row.</summary>
    static double[,] Tenths(int rows)
    {
        var result = new double[rows, 4];
        for (var i = 0; i < rows; i++)
            (result[i, 0], result[i, 1], result[i, 2], result[i, 3]) = (0.1, 0.7, 1.1, i);
        return result;
    }

    protected override Mistake<IStandardise>[] WrongAnswers =>
    [
        new("rows for columns", new Wrong(axis: 1), "Axis 0 goes down a column"),
        new("one mean for the whole table", new Wrong(axis: null), "has shape ()"),
        new("N − 1 rows", new Wrong(unbiased: true), "not by N − 1"),
        new("a variance and no root", new Wrong(root: false), "take the root"),
        new("NaN for what is constant", new Wrong(constant: false), "0 / 0 is NaN"),
        new("takes a deviation of 0 for what is constant", new Wrong(threshold: 0), "may be rounded"),
        new("takes a small deviation for what is constant", new Wrong(threshold: 1e-6), "is not constant"),
        new("writes into the table", new Wrong(inPlace: true), "has changed"),
    ];

    /// <summary>An answer with one mistake.</summary>
    sealed class Wrong(int? axis = 0, bool unbiased = false, bool root = true, bool constant = true,
        double? threshold = null, bool inPlace = false) : IStandardise
    {
        int[]? Axes => axis is { } a ? [a] : null;

        public Tensor Means(Tensor table) =>
            threshold == 0 ? table.Sum(Axes) * (1.0 / table.Size(0)) : table.Mean(Axes);

        public Tensor Deviations(Tensor table)
        {
            var d = table - Means(table);
            var variance = (d * d).Mean(Axes) * (unbiased ? (double)table.Size(0) / (table.Size(0) - 1) : 1);
            return root ? new Variable(variance).Sqrt().Data : variance;
        }

        public Tensor Standardise(Tensor table)
        {
            if (inPlace)
            {
                var (means, deviations) = (Means(table), Deviations(table));
                return table.Sub_(means).Div_(deviations);
            }
            var result = (table - Means(table)) / Deviations(table);
            if (!constant) return result;
            var same = threshold is { } t ? Deviations(table) <= t : table.AMax([0]).Eq(table.AMin([0]));
            return Tensor.Where(same, Tensor.Scalar(0, table.DType), result);
        }
    }
}
