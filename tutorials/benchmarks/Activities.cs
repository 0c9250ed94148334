using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Benchmarks;

/// <summary>What <see cref="Growth"/> measures. A line more is an activity more.</summary>
static class Activities
{
    const int Small = 1 << 16, Short = 1 << 12, Few = 1000;
    const double PerNumber = 10, PerSorted = 100;       // nanoseconds for each of a million

    public static IReadOnlyList<Activity> All { get; } =
    [
        new("sum, Int64", Small, 1, n => With(Whole(n), x => x.Sum()), PerNumber),
        new("sum of rows, Int64", Small, 1, n => With(Whole(n).Reshape(256, -1), x => x.Sum([1])), PerNumber),
        new("sum of columns, Int64", Small, 1, n => With(Whole(n).Reshape(256, -1), x => x.Sum([0])), PerNumber),
        new("prod, Int64", Small, 1, n => With(Whole(n), x => x.Prod()), PerNumber),
        new("largest, Int64", Small, 1, n => With(Whole(n), x => x.AMax()), PerNumber),
        new("sum, Bool", Small, 1, n => With(Mask(n), x => x.Sum()), PerNumber),
        new("sum of rows, Bool", Small, 1, n => With(Mask(n).Reshape(256, -1), x => x.Sum([1])), PerNumber),
        new("any, Bool", Small, 1, n => With(Mask(n), x => x.Any()), PerNumber),
        new("all, Bool", Small, 1, n => With(Mask(n), x => x.All()), PerNumber),
        new("any, Float32", Small, 1, n => With(Real(n), x => x.Any()), PerNumber),
        new("count of nonzeros", Small, 1, n => With(Real(n), x => x.CountNonzero()), PerNumber),
        new("add, Int64", Small, 1, n => With(Whole(n), x => x + x), PerNumber),
        new("greater, Int64", Small, 1, n => With(Whole(n), x => x > 3), PerNumber),
        new("bits, Int64", Small, 1, n => With(Whole(n), x => x & x), PerNumber),
        new("not, Bool", Small, 1, n => With(Mask(n), x => !x), PerNumber),
        new("largest, Float32", Small, 1, n => With(Real(n), x => x.AMax()), PerNumber),
        new("argmax", Small, 1, n => With(Real(n), x => x.ArgMax()), PerNumber),
        new("argmax of rows", Small, 1, n => With(Real(n).Reshape(256, -1), x => x.ArgMax(1)), PerNumber),
        new("argmax of columns", Small, 1, n => With(Real(n).Reshape(256, -1), x => x.ArgMax(0)), PerNumber),
        new("argmax, Int64", Small, 1, n => With(Whole(n), x => x.ArgMax()), PerNumber),
        new("argmax of rows, Int64", Small, 1, n => With(Whole(n).Reshape(256, -1), x => x.ArgMax(1)), PerNumber),
        new("to Float32, of Int64", Small, 1, n => With(Whole(n), x => x.To(DType.Float32)), PerNumber),
        new("mask of a view to Int64", Small, 1, n => With(Mask(2 * n)[TensorIndex.Every(2)], x => x.To(DType.Int64)),
            PerNumber),

        new("gather", Small, 1, n => With(Below(n, Few), i => Real(Few), (i, x) => x.Gather(0, i)), PerNumber),
        new("scatter-add, Float32", Small, 1, n => With(Below(n, Few), i => Tensor.Zeros(Few), (i, x) =>
            x.ScatterAdd_(0, i, Tensor.Ones(n))), PerNumber),
        new("scatter-add, Int64", Small, 1, n => With(Below(n, Few), i => Tensor.Zeros([Few], DType.Int64), (i, x) =>
            x.ScatterAdd_(0, i, Tensor.Ones([n], DType.Int64))), PerNumber),
        new("scatter-add of 8, Float32", Small, 0, n => With(Below(8, n), i => Tensor.Zeros(n), (i, x) =>
            x.ScatterAdd_(0, i, Tensor.Ones(8)))),
        new("scatter-add of 8, Int64", Small, 0, n => With(Below(8, n), i => Tensor.Zeros([n], DType.Int64), (i, x) =>
            x.ScatterAdd_(0, i, Tensor.Ones([8], DType.Int64)))),
        new("one-hot of 16", Short, 1, n => With(Below(n, 16), x => F.OneHot(x, 16)), 16 * PerNumber),
        new("pad by reflection", Small, 1, n => With(Real(n).Reshape(256, -1), x => F.Pad(x, [1, 1], PadMode.Reflect)),
            PerNumber),
        new("x[mask]", Small, 1, n => With(Mask(n), m => Real(n), (m, x) => x[m]), PerNumber),
        new("x[mask] = 1", Small, 1, n => With(Mask(n), m => Real(n), (m, x) => x[m] = Tensor.Scalar(1)), PerNumber),
        new("x[[3]] = 1", Small, 0, n => With(Real(n).Reshape(-1, 16), x => x[(int[])[3]] = Tensor.Scalar(1))),
        new("x[[3]]", Small, 0, n => With(Real(n).Reshape(-1, 16), x => x[(int[])[3]])),
        new("x[list]", Small, 1, n => With(Below(n, Few), i => Real(Few), (i, x) => x[i]), PerNumber),
        new("x[list] = 1", Small, 1, n => With(Below(n, Few), i => Real(Few), (i, x) => x[i] = Tensor.Scalar(1)),
            PerNumber),
        new("nonzero", Small, 1, n => With(Mask(n), x => x.Nonzero()), PerNumber),
        new("scatter", Small, 1, n => With(Below(n, Few), i => new Variable(Real(n)), (i, x) => x.Scatter(0, i, x)),
            2 * PerNumber),

        new("sort", Small, 1, n => With(Real(n), x => x.ArgSort()), PerSorted, true),
        new("sort of rows", Small, 1, n => With(Real(n).Reshape(256, -1), x => x.ArgSort()), PerSorted, true),
        new("sort of columns", Small, 1, n => With(Real(n).Reshape(256, -1), x => x.ArgSort(0)), PerSorted, true),
        new("sort, Int64", Small, 1, n => With(Whole(n), x => x.ArgSort()), PerSorted, true),
        new("sort, Float64", Small, 1, n => With(Real(n).To(DType.Float64), x => x.ArgSort()), PerSorted, true),
        new("sort down", Small, 1, n => With(Real(n), x => x.ArgSort(descending: true)), PerSorted, true),
        new("top 5", Small, 1, n => With(new Variable(Real(n)), x => x.TopK(5)), PerNumber),
        new("top 5 of rows", Small, 1, n => With(new Variable(Real(n).Reshape(256, -1)), x => x.TopK(5)), PerNumber),
        new("median", Small, 1, n => With(new Variable(Real(n)), x => x.Median()), PerSorted, true),
        new("median of rows", Small, 1, n => With(new Variable(Real(n).Reshape(256, -1)), x => x.Median(1)), PerSorted,
            true),
        new("unique", Small, 1, n => With(Below(n, 1000), x => x.Unique()), PerSorted, true),

        new("copy, transposed", Small, 1, n => With(Square(n).T, x => x.Contiguous()), PerNumber),
        new("copy, transposed, Int64", Small, 1, n => With(Square(n).T.To(DType.Int64), x => x.T.Contiguous()),
            PerNumber),
        new("copy, transposed, Bool", Small, 1, n => With(Square(n).T.To(DType.Bool), x => x.T.Contiguous()),
            PerNumber),
        new("copy, channels last", Small, 1, n => With(Real(n).Reshape(16, 16, -1).Permute(0, 2, 1),
            x => x.Contiguous()), PerNumber),
        new("copy, every second", Small, 1, n => With(Real(2 * n)[TensorIndex.Every(2)], x => x.Contiguous()),
            PerNumber),
        new("flip", Small, 1, n => With(Real(n), x => x.Flip(0)), PerNumber),
        new("cat of many", 1 << 8, 1, n => With(Enumerable.Range(0, n).Select(_ => Real(16)).ToArray(), parts =>
            Tensor.Cat(parts))),
        new("cumsum", Small, 1, n => With(new Variable(Real(n)), x => x.CumSum(0)), PerNumber),
        new("cumsum of rows", Small, 1, n => With(new Variable(Real(n).Reshape(256, -1)), x => x.CumSum(1)), PerNumber),
        new("cumsum of columns", Small, 1, n => With(new Variable(Real(n).Reshape(256, -1)), x => x.CumSum(0)),
            PerNumber),
        new("cumsum, Int64", Small, 1, n => With(new Variable(Whole(n)), x => x.CumSum(0)), PerNumber),
        new("cummax", Small, 1, n => With(new Variable(Real(n)), x => x.CumMax(0)), 2 * PerNumber),
        new("products of 4x4", Short, 1, n => With(Real(16 * n).Reshape(n, 4, 4), x => Tensor.MatMul(x, x)), 50),
        new("products of rows", Short, 1, n => With(Real(16 * n).Reshape(n, 1, 16), x => Tensor.MatMul(x,
            x.Transpose(1, 2))), 50),

        new("rand", Small, 1, n => () => Tensor.Rand(n), PerNumber),
        new("randn", Small, 1, n => () => Tensor.Randn(n), 2 * PerNumber),
        new("randint", Small, 1, n => () => Tensor.RandInt(0, 10, [n]), PerNumber),
        new("randperm", Small, 1, n => () => Tensor.RandPerm(n), 2 * PerNumber),
        new("dropout", Small, 1, n => With(new Variable(Real(n)), x => F.Dropout(x)), PerNumber),
        new("arange", Small, 1, n => () => Tensor.Arange(n), PerNumber),
        new("from an array of floats", Small, 1, n => With(new float[n / 16, 16], x => Tensor.From(x)), PerNumber),
        new("from an array of ints", Small, 1, n => With(new int[n], x => Tensor.From(x)), PerNumber),
        new("from nested arrays", Small, 1, n => With(Enumerable.Range(0, n / 64).Select(_ => new double[64]).ToArray(),
            x => Tensor.From(x)), PerNumber),
        new("numbers of a CSV", Short, 1, n => With(Lines(n), text => new Csv(text, "a text", header: false).Numbers()),
            100),

        new("conv, stride = window", 4, 0, k => Convolved(k, k, 1)),
        new("conv, 3x3, stride 2", 1, 1, n => Convolved(3, 2, n)),
        new("conv, 5x5, stride 2", 1, 1, n => Convolved(5, 2, n)),
        new("conv, 7x7, stride 2", 1, 1, n => Convolved(7, 2, n)),
        new("conv, 5x5, stride 3", 1, 1, n => Convolved(5, 3, n)),
        new("conv, 3x3, stride 1", 1, 1, n => Convolved(3, 1, n)),
        new("deep: parameters", 64, 1, n => With(Nested(n), net => net.Parameters())),
        new("deep: state", 64, 2, n => With(Nested(n), net => net.StateDict()), 10),
        new("deep: summary", 64, 2, n => With(Nested(n), net => net.Summary()), 10),
        new("deep: printing", 64, 2, n => With(Nested(n), net => $"{net}"), 20),
        new("deep: train", 64, 1, n => With(Nested(n), net => net.Train())),
        new("deep: to", 64, 1, n => With(Nested(n), net => net.To(DType.Float32))),
        new("wide: parameters", 64, 1, n => With(new Sequential(Enumerable.Range(0, n).Select(_ => new Linear(1, 1))),
            net => net.Parameters())),
        new("datasets, joined", 64, 1, n => With(new ConcatDataset([.. Enumerable.Range(0, n).Select(_ => Set())]),
            set => Enumerable.Range(0, set.Count).Select(i => set[i]).Count())),
        new("datasets, nested", 16, 1, n => With(Enumerable.Range(0, n).Aggregate(Set(), (set, _) =>
            new ConcatDataset(set, Set())), set => set[1])),
        new("batches with an AUC", 32, 1, n => () => Epoch(n, new AUC(), Real(64), Mask(64))),
        new("batches with F1", 16, 2, n => Do(Below(64, n), x => Epoch(8, new F1(n), x, x)), 100),
        new("function of n", 256, 1, n => Do(Leaves(n), x => new Total().Apply(x).Backward())),
        new("checkpoint of n", 256, 1, n => Do(Leaves(n), x => Autograd.Checkpoint(parts =>
            Variable.Cat(parts).Sum(), x).Backward())),
        new("cat, back", 256, 1, n => Do(Leaves(n), x => Variable.Cat(x).Sum().Backward())),
        new("split, back", 256, 1, n => Do(Leaves(1)[0], x => Variable.Cat(x.Expand(n).Split(1)).Sum().Backward())),
    ];

    // Operands, the same in every run.
    static Tensor Real(int n) => Tensor.From(Operands.Normal(1, n));
    static Tensor Square(int n) => Real(n).Reshape((int)Math.Sqrt(n), -1);
    static Tensor Below(int n, int bound) => Tensor.From(Operands.Below(2, n, bound));
    static Tensor Whole(int n) => Below(n, 10);
    static Tensor Mask(int n) => Real(n) > 0;
    static Dataset Set() => new TensorDataset(Tensor.Zeros(1, 1));
    static Variable[] Leaves(int n) => [.. Enumerable.Range(0, n).Select(_ => new Variable(Tensor.Ones(1), true))];
    static Module Nested(int n) => Enumerable.Range(0, n).Aggregate((Module)new Linear(1, 1), (net, _) =>
        new Sequential(net));
    static string Lines(int n) => string.Join('\n', Operands.Normal(2, n).Chunk(16).Select(row =>
        string.Join(',', row.Select(x => x.ToString("R", CultureInfo.InvariantCulture)))));

    /// <summary>Forward and backward; where the stride is the window, as much work for one of any size.</summary>
    static Action Convolved(int window, int stride, int channels)
    {
        var x = new Variable(Real(2 * channels * 128 * 128).Reshape(2, channels, 128, 128), true);
        var w = new Variable(Real(16 * channels * window * window).Reshape(16, channels, window, window), true);
        return () => F.Conv2d(x, w, stride: stride, padding: stride < window ? window / 2 : 0).Sum().Backward();
    }

    static void Epoch(int batches, Metric metric, Tensor output, Tensor target)
    {
        var net = new Linear(1, 1);
        new Trainer(net, (x, _) => x.Sum() * 0, new SGD(net.Parameters(), 0),
            Enumerable.Range(0, batches).Select(_ => (Tensor[])[Tensor.Ones(1, 1), Tensor.Ones(1)]),
            new Meter("metric", new Fixed(metric, output, target))).Run(1);
    }

    /// <summary>A metric that is told the same in every batch.</summary>
    sealed class Fixed(Metric metric, Tensor output, Tensor target) : Metric(0)
    {
        public override void Add(Tensor ignored, Tensor alsoIgnored) => metric.Add(output, target);
        public override double Value => metric.Value;
    }

    /// <summary>The sum of any number of inputs.</summary>
    sealed class Total : Function
    {
        protected override Tensor Forward()
        {
            var all = Enumerable.Range(0, Count).Select(Input).ToArray();
            Save(all);
            return Tensor.Stack([.. all.Select(x => x.Data)]).Sum([0]);
        }
        public override Variable?[] Backward(Variable dy) => [.. Enumerable.Repeat(dy, NextFunctions.Count)];
    }

    static Action With<A>(A a, Func<A, object> work) => () => work(a);
    static Action With<A, B>(A a, Func<A, B> b, Func<A, B, object> work) => With((A: a, B: b(a)), x => work(x.A, x.B));
    static Action Do<A>(A a, Action<A> work) => () => work(a);
}
