using Tensorlet;

namespace Tutorials.Chapter11;

sealed class Grader : Exercise<ITiledProduct>
{
    public override string Title => "A tiled product kernel";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["Tensorlet.Tensor", "Tensorlet.Variable"],
            "The product is what is to be written, as a kernel."),
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Begin with sizes of exactly four: each thread copies a[Row, X] to TileA[Y, X] and b[Y, Column] to TileB[Y, " +
            "X], waits, and sums TileA[Y, q] · TileB[q, X] over q.",
        "For longer sums go through k = 0, 4, 8, … and load a[Row, k + X] and b[k + Y, Column]. The tiles are " +
            "overwritten then, so wait once more, after multiplying.",
        "Where Row, Column, k + X or k + Y is outside, load 0: it adds nothing. No thread may leave the loop early, " +
            "because the others would wait for it.",
        "The frame: for (var k = 0; k < a.Columns; k += Group.Size) { load both; yield return thread.Barrier; " +
            "multiply; yield return thread.Barrier; } and after it the one write, if the element is inside of c.",
    ];

    /// <summary>Small whole numbers, so that every order of adding them gives the same.</summary>
    static float[,] Numbers(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var x = new float[rows, columns];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++) x[i, j] = random.Next(-9, 10);
        return x;
    }

    /// <summary>Runs the answer, and compares with three loops.</summary>
    static (Memory A, Memory B) Multiply(ITiledProduct answer, int rows, int inner, int columns)
    {
        var (x, y) = (Numbers(rows, inner, 1), Numbers(inner, columns, 2));
        Memory a = new("a", x), b = new("b", y), c = new("c", Nothing(rows, columns));
        var expected = new double[rows * columns];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
                for (var k = 0; k < inner; k++) expected[i * columns + j] += x[i, k] * y[k, j];
        var what = $"({rows}, {inner}) times ({inner}, {columns})";
        try { Machine.Launch(answer, a.Matrix, b.Matrix, c.Matrix); }
        catch (Rejected e) { throw new Rejected($"{what}: {e.Message}"); }
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
                Expect.That(c.Writes(i, j) > 0, $"{what}: nothing was written to c[{i}, {j}].");
        Expect.That(c.Reads == 0, $"{what}: c was read. Nothing is there before it is written: keep the sum in a " +
            "variable.");
        Expect.Same(Tensor.From(c.Values, [rows, columns]), Tensor.From(expected, [rows, columns]), what,
            because: Reason(x, y, c.Values));
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
                Expect.That(c.Writes(i, j) == 1, $"{what}: c[{i}, {j}] was written {c.Writes(i, j)} times. Keep the " +
                    "sum in a variable, and write it after the loop.");
        return (a, b);
    }

    /// <summary>What is in memory before anything was written.</summary>
    static float[,] Nothing(int rows, int columns)
    {
        var nothing = new float[rows, columns];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++) nothing[i, j] = float.NaN;
        return nothing;
    }

    /// <summary>Other products that the numbers may be, and what is said then.</summary>
    static string Reason(float[,] a, float[,] b, float[] yours)
    {
        var (rows, inner, columns) = (a.GetLength(0), a.GetLength(1), b.GetLength(1));
        bool Is(Func<int, int, int, float> term, int from = 0, int? to = null) => Enumerable.Range(0, rows * columns)
            .All(i => yours[i] == Enumerable.Range(from, (to ?? inner) - from)
                .Sum(k => term(i / columns, i % columns, k)));
        var last = (inner - 1) / Group.Size * Group.Size;
        return inner > Group.Size && Is((i, j, k) => a[i, k] * b[k, j], to: Group.Size)
                ? "Only the first tile counts. Go on to the next ones: k = 0, 4, 8, …"
            : inner > Group.Size && Is((i, j, k) => a[i, k] * b[k, j], from: last)
                ? "Only the last tile counts: the sum begins anew with each tile. It has to begin before the loop."
            : rows == inner && inner == columns && Is((i, j, k) => a[i, k] * b[j, k])
                ? "This is a·bᵀ: row i of c takes row i of a, and column j of c takes column j of b."
            : rows == inner && inner == columns && Is((i, j, k) => a[k, i] * b[k, j])
                ? "This is aᵀ·b: row i of c takes row i of a, and column j of c takes column j of b."
            : "";
    }

    static Action<ITiledProduct> Products(params (int Rows, int Inner, int Columns)[] sizes) => answer =>
    {
        foreach (var (rows, inner, columns) in sizes) Multiply(answer, rows, inner, columns);
    };

    static void FewReads(ITiledProduct answer)
    {
        foreach (var (rows, inner, columns) in new[] { (4, 4, 4), (8, 8, 8), (6, 5, 9) })
        {
            var (a, b) = Multiply(answer, rows, inner, columns);
            int down = (rows + 3) / 4, across = (columns + 3) / 4;
            Check(a, rows * inner * across, "a");
            Check(b, inner * columns * down, "b");

            void Check(Memory x, int most, string name) => Expect.That(x.Reads <= most,
                $"({rows}, {inner}) times ({inner}, {columns}): {x.Reads} numbers of {name} were read from memory, " +
                $"and {most} are enough, once for each group; the three loops read {rows * inner * columns}. While " +
                "multiplying, take numbers only from the tiles.");
        }
    }

    protected override Step<ITiledProduct>[] Requirements =>
    [
        new("one tile of each matrix", Products((4, 4, 4))),
        new("a sum over several tiles", Products((4, 8, 4), (4, 12, 4))),
        new("several groups", Products((8, 4, 4), (4, 4, 8), (8, 8, 12))),
        new("a sum that ends within a tile", Products((4, 1, 4), (4, 5, 4), (4, 7, 4))),
        new("a result that ends within a group", Products((1, 4, 4), (4, 4, 1), (1, 1, 1), (5, 3, 2), (3, 9, 6))),
        new("each number is read once by a group", FewReads),
    ];

    protected override Mistake<ITiledProduct>[] WrongAnswers =>
    [
        new("no barrier after loading", new Variant { First = false }, "barrier between loading"),
        new("no barrier after multiplying", new Variant { Second = false }, "between reading it and overwriting it"),
        new("rows and columns of c swapped", new Variant { Swapped = true }, "transposed"),
        new("the tile of b read by rows", new Variant { ByRows = true }, "column j of c takes column j of b"),
        new("the edges are not handled", new Variant { Edges = false }, "must leave it alone"),
        new("threads outside return at once", new Variant { Returns = true }, "has ended"),
        new("nothing is put where the tile is outside", new Variant { Zeros = false }, "(4, 1) times (1, 4)"),
        new("the sum is written after each tile", new Variant { Adds = true }, "was written 2 times"),
        new("a sum that begins anew with each tile", new Variant { Anew = true }, "Only the last tile counts"),
        new("c is read", new Variant { ReadsC = true }, "c was read"),
        new("three loops over memory", new ThreeLoops(), "the three loops read 64"),
    ];

    sealed class ThreeLoops : ITiledProduct
    {
        public IEnumerable<Barrier> Run(GpuThread thread, Matrix a, Matrix b, Matrix c)
        {
            if (thread.Row >= c.Rows || thread.Column >= c.Columns) yield break;
            var sum = 0f;
            for (var k = 0; k < a.Columns; k++) sum += a[thread.Row, k] * b[k, thread.Column];
            c[thread.Row, thread.Column] = sum;
        }
    }

    /// <summary>A kernel in which one thing can be wrong.</summary>
    sealed class Variant : ITiledProduct
    {
        public bool First { get; init; } = true;
        public bool Second { get; init; } = true;
        public bool Edges { get; init; } = true;
        public bool Zeros { get; init; } = true;
        public bool Swapped { get; init; }
        public bool ByRows { get; init; }
        public bool Returns { get; init; }
        public bool Adds { get; init; }
        public bool Anew { get; init; }
        public bool ReadsC { get; init; }

        public IEnumerable<Barrier> Run(GpuThread t, Matrix a, Matrix b, Matrix c)
        {
            if (Returns && (t.Row >= c.Rows || t.Column >= c.Columns)) yield break;
            var sum = 0f;
            for (var k = 0; k < a.Columns; k += Group.Size)
            {
                Load(t.TileA, a, t.Row, k + t.X);
                Load(t.TileB, b, k + t.Y, t.Column);
                if (First) yield return t.Barrier;
                if (Anew) sum = 0;
                for (var q = 0; q < Group.Size; q++)
                    sum += t.TileA[t.Y, q] * (ByRows ? t.TileB[t.X, q] : t.TileB[q, t.X]);
                if (Second) yield return t.Barrier;
                if (Adds) Store(sum);
            }
            if (!Adds) Store(sum);

            void Load(Tile tile, Matrix from, int row, int column)
            {
                var inside = row < from.Rows && column < from.Columns;
                if (inside || !Edges) tile[t.Y, t.X] = from[row, column];
                else if (Zeros) tile[t.Y, t.X] = 0;
            }

            void Store(float value)
            {
                if (t.Row >= c.Rows || t.Column >= c.Columns) return;
                if (ReadsC) value += c[t.Row, t.Column];
                if (Swapped) c[t.Column, t.Row] = value;
                else c[t.Row, t.Column] = value;
            }
        }
    }
}
