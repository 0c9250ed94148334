using Tensorlet;

namespace Tutorials.Chapter14;

sealed class Grader : Exercise<IEmbedding>
{
    public override string Title => "An embedding, forward and backward";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.Embedding", "Embedding"],
            "An embedding is what is to be written."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Forward is a lookup: row index[i] of the table becomes row i of the result. Tensors have a method for it.",
        "table.IndexSelect(0, index) wants an index of one axis. Reshape the index to (-1) before, and the result to " +
            "the shape of the index and D after.",
        "Backward starts from zeros of (rows, D). For each i, dy[i] is to be added to row index[i]. A loop with " +
            "Select(0, …).Add_(…) does; ScatterAdd_ does it in one call.",
        "The padding row may get what it gets, if it is set to zero at the end: gradient.Select(0, row).Zero_().",
    ];

    static Tensor Table(int v, int d) => Tensor.Arange(v, DType.Float64).Reshape(v, 1) * 10
        + Tensor.Arange(d, DType.Float64);

    static Tensor Index(params long[] rows) => Tensor.From(rows);

    static Tensor Gradient(Tensor index, int d) =>
        Tensor.Randn([.. index.Shape, d], DType.Float64, generator: new(1));

    static string Show(Tensor index) => $"rows ({string.Join(", ", index.ToArray<long>())}) of shape {index.Layout}";

    static Action<IEmbedding> Forward(string because, params (Tensor Index, int V, int D)[] cases) => answer =>
    {
        foreach (var (index, v, d) in cases)
        {
            var table = Table(v, d).ToArray<double>();
            double[] expected = [.. index.ToArray<long>().SelectMany(row => table[((int)row * d)..((int)row * d + d)])];
            var what = $"{Show(index)}, table ({v}, {d})";
            foreach (var type in new[] { DType.Float64, DType.Float32 })
            {
                var (rows, given) = (index.Clone(), Table(v, d).To(type));
                var yours = answer.Forward(rows, given);
                Expect.Same(yours, Tensor.From(expected, [.. index.Shape, d]), what, because: because);
                Expect.Type(yours, type, what);
                Expect.Unchanged(what, ("the index", rows, index), ("the table", given, Table(v, d)));
            }
        }
    };

    static Action<IEmbedding> Backward(
        string because, params (Tensor Index, int V, int D, int? Padding)[] cases) => answer =>
    {
        foreach (var (index, v, d, padding) in cases)
        {
            var (dy, expected) = (Gradient(index, d), new double[v * d]);
            var (rows, given) = (index.ToArray<long>(), dy.ToArray<double>());
            for (var i = 0; i < rows.Length; i++)
                for (var j = 0; j < d && rows[i] != padding; j++) expected[rows[i] * d + j] += given[i * d + j];
            var before = dy.Clone();
            var what = $"{Show(index)}, table ({v}, {d})" + (padding is null ? "" : $", padding {padding}");
            Expect.Same(answer.Backward(index, dy, v, padding), Tensor.From(expected, [v, d]), what, because: because);
            Expect.Same(dy, before, $"{what}: dy after your method", 0, "It may not be written to.");
            var narrow = answer.Backward(index, dy.To(DType.Float32), v, padding);
            Expect.Same(narrow, Tensor.From(expected, [v, d]), $"{what}, in Float32", 1e-5, because);
            Expect.Type(narrow, DType.Float32, what);
        }
    };

    /// <summary>The answer as a function on the tape.</summary>
    sealed class Lookup(IEmbedding answer, Tensor index, int? padding) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(X); return answer.Forward(index, X.Data); }
        protected override Tensor[] Backward(Tensor dy) => [answer.Backward(index, dy, X.Size(0), padding)];
    }

    protected override Step<IEmbedding>[] Requirements =>
    [
        new("rows are looked up", Forward("Row i of the result is the row of the table that index[i] names.",
            (Index(0), 1, 1), (Index(1), 3, 2), (Index(2, 0, 2), 3, 2))),
        new("an index of any shape", Forward("The result has the shape of the index, and behind it D.",
            (Tensor.From([2L, 0, 1, 1], [2, 2]), 3, 2), (Tensor.From([3L, 0], [2, 1, 1]), 4, 3))),
        new("backward, each row at most once", Backward(
            "A row that was looked up gets its gradient, the others get zeros; the shape is the table's.",
            (Index(0), 1, 1, null), (Index(1), 3, 2, null), (Index(2, 0), 3, 2, null))),
        new("backward, where an index repeats", Backward(
            "A row that was looked up several times gets the sum of its gradients, not the last of them.",
            (Index(0, 0), 1, 1, null), (Index(1, 0, 1), 2, 2, null),
            (Tensor.From([2L, 0, 2, 2], [2, 2]), 3, 2, null))),
        new("a padding row", Backward("The padding row of the table gets no gradient; all others are as before.",
            (Index(0, 1), 2, 1, 0), (Index(2, 1, 2, 0), 3, 2, 2), (Tensor.From([1L, 1, 0, 2], [2, 2]), 3, 2, 1))),
        new("on the tape, as the engine's own", answer =>
        {
            foreach (var padding in new int?[] { null, 3 })
            {
                var index = Tensor.RandInt(0, 5, [3, 4], generator: new(2));
                Variable mine = new(Table(5, 2), true), engine = new(Table(5, 2), true);
                var what = $"{Show(index)}, {(padding is { } at ? $"padding {at}" : "no padding")}";
                var weights = Gradient(index, 2);
                (new Lookup(answer, index, padding).Apply(mine) * weights).Sum().Backward();
                (F.Embedding(index, engine, padding) * weights).Sum().Backward();
                Expect.Same(mine.Grad?.Data, engine.Grad!.Data, what);
            }
        }),
    ];

    protected override Mistake<IEmbedding>[] WrongAnswers =>
    [
        new("assigns where it should add", new Wrong { Sum = false }, "not the last of them"),
        new("a gradient in the padding row", new Wrong { Padding = (g, _) => g }, "gets no gradient"),
        new("takes the padding for a place in the text",
            new Wrong { Given = (dy, p) => p < dy.Size(0) ? Zeroed(dy, p) : dy, Padding = (g, _) => g },
            "The padding row of the table"),
        new("flattens the index", new Wrong { Result = (y, _) => y }, "behind it D"),
        new("as many rows as the largest number needs", new Wrong { Size = (index, _) => (int)index.AMax().Item() + 1 },
            "the table's"),
        new("writes zeros into dy", new Wrong { Given = (dy, p) => { dy.Select(0, p).Zero_(); return dy; } },
            "dy after your method"),
    ];

    static Tensor Zeroed(Tensor x, int row)
    {
        x = x.Clone();
        x.Select(0, row).Zero_();
        return x;
    }

    sealed class Wrong : IEmbedding
    {
        public bool Sum { get; init; } = true;
        public Func<Tensor, int, Tensor> Padding { get; init; } = Zeroed;
        public Func<Tensor, int, Tensor> Given { get; init; } = (dy, _) => dy;
        public Func<Tensor, int[], Tensor> Result { get; init; } = (y, shape) => y.Reshape(shape);
        public Func<Tensor, int, int> Size { get; init; } = (_, rows) => rows;

        public Tensor Forward(Tensor index, Tensor table) =>
            Result(table.IndexSelect(0, index.Reshape(-1)), [.. index.Shape, table.Size(1)]);

        public Tensor Backward(Tensor index, Tensor dy, int rows, int? padding)
        {
            if (padding is { } p) dy = Given(dy, p);
            var gradient = Tensor.Zeros([Size(index, rows), dy.Size(-1)], dy.DType);
            foreach (var (i, row) in index.ToArray<long>().Index())
            {
                var (to, from) = (gradient.Select(0, (int)row), dy.Reshape(-1, dy.Size(-1)).Select(0, i));
                if (Sum) to.Add_(from);
                else to.Copy_(from);
            }
            return padding is { } at ? Padding(gradient, at) : gradient;
        }
    }
}
