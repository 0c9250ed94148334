namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>a + b, and the sum of many.</summary>
    internal readonly struct AddFormula : IZip, IReduction
    {
        double IReduction.Start => 0;
        V IReduction.Take<V>(V x) => x;
        public V Apply<V>(V a, V b) where V : struct, INumeric<V> => a + b;
        V IReduction.Finish<V>(V y) => y;
    }
    internal readonly struct MultiplyFormula : IZip, IReduction
    {
        double IReduction.Start => 1;
        V IReduction.Take<V>(V x) => x;
        public V Apply<V>(V a, V b) where V : struct, INumeric<V> => a * b;
        V IReduction.Finish<V>(V y) => y;
    }
    /// <summary>The larger one; NaN wins, because it is neither greater nor equal to itself.</summary>
    internal readonly struct MaxFormula : IZip, IReduction
    {
        double IReduction.Start => double.NegativeInfinity;
        V IReduction.Take<V>(V x) => x;
        public V Apply<V>(V a, V b) where V : struct, INumeric<V> => V.IfEqual(a, a, V.IfGreater(a, b, a, b), a);
        V IReduction.Finish<V>(V y) => y;
    }
    internal readonly struct MinFormula : IZip, IReduction
    {
        double IReduction.Start => double.PositiveInfinity;
        V IReduction.Take<V>(V x) => x;
        public V Apply<V>(V a, V b) where V : struct, INumeric<V> => V.IfEqual(a, a, V.IfGreater(b, a, a, b), a);
        V IReduction.Finish<V>(V y) => y;
    }
    /// <summary>1 where a value is better than the best so far, or the first NaN; else 0.</summary>
    internal readonly struct BetterFormula(int sign) : IZip
    {
        [MethodImpl(AggressiveInlining)]
        public V Apply<V>(V value, V best) where V : struct, INumeric<V>
        {
            var firstNaN = V.IfEqual(value, value, V.Of(0), V.IfEqual(best, best, V.Of(1), V.Of(0)));
            return sign > 0 ? V.IfGreater(value, best, V.Of(1), firstNaN) : V.IfGreater(best, value, V.Of(1), firstNaN);
        }
    }
    /// <summary>Σx/n, or Σx²/n, or √(Σx²/n)</summary>
    internal readonly struct MeanFormula(double n, bool squares = false, bool root = false) : IReduction
    {
        readonly int power = squares ? 2 : 1, rooted = root ? 1 : 0;        // kernels take no bool
        double IReduction.Start => 0;
        V IReduction.Take<V>(V x) => power == 2 ? x * x : x;
        V IReduction.Apply<V>(V a, V b) => a + b;
        V IReduction.Finish<V>(V y) => rooted == 1 ? V.Sqrt(y / V.Of(n)) : y / V.Of(n);
    }

    /// <summary>The sum over these axes, or over all. Truth values are counted.</summary>
    public Tensor Sum(int[]? axes = null, bool keepDim = false) =>
        Counted().Reduce(new AddFormula(), "Sum", axes, keepDim);
    /// <summary>The product over these axes, or over all.</summary>
    public Tensor Prod(int[]? axes = null, bool keepDim = false) =>
        Counted().Reduce(new MultiplyFormula(), "Prod", axes, keepDim);
    Tensor Counted() => DType == DType.Bool ? To(DType.Int64) : this;
    /// <summary>The largest over these axes, or of all; NaN where there is one.</summary>
    /// <exception cref="ShapeException">Of nothing.</exception>
    public Tensor AMax(int[]? axes = null, bool keepDim = false) =>
        NotEmpty("AMax", axes).Reduce(new MaxFormula(), "AMax", axes, keepDim);
    /// <summary>The smallest over these axes, or of all; NaN where there is one.</summary>
    /// <exception cref="ShapeException">Of nothing.</exception>
    public Tensor AMin(int[]? axes = null, bool keepDim = false) =>
        NotEmpty("AMin", axes).Reduce(new MinFormula(), "AMin", axes, keepDim);
    /// <summary>The mean over these axes, or of all; NaN of nothing.</summary>
    public Tensor Mean(int[]? axes = null, bool keepDim = false) =>
        OnlyFloat("Mean").Reduce(new MeanFormula(CountOver(axes)), "Mean", axes, keepDim);

    /// <summary>How many elements over these axes, or of all, are not 0.</summary>
    public Tensor CountNonzero(int[]? axes = null, bool keepDim = false) =>
        Named(() => To(DType.Bool).Sum(axes, keepDim));
    /// <summary>Whether over these axes, or of all, any element is not 0.</summary>
    public Tensor Any(int[]? axes = null, bool keepDim = false) =>
        To(DType.Bool).Reduce(new AddFormula(), "Any", axes, keepDim);
    /// <summary>Whether over these axes, or of all, no element is 0.</summary>
    public Tensor All(int[]? axes = null, bool keepDim = false) => Named(() => !(!this).Any(axes, keepDim));

    /// <summary>
    /// The place of the largest along an axis (in the flattened tensor if none is named), Int64: the first of equal
    /// ones.
    /// </summary>
    public Tensor ArgMax(int? axis = null, bool keepDim = false) => ArgReduce("ArgMax", true, axis, keepDim);
    /// <summary>
    /// The place of the smallest along an axis (in the flattened tensor if none is named), Int64: the first of equal
    /// ones.
    /// </summary>
    public Tensor ArgMin(int? axis = null, bool keepDim = false) => ArgReduce("ArgMin", false, axis, keepDim);

    /// <summary>Folds these axes, or all, by an operation of one's own.</summary>
    public Tensor Reduce<R>(R r, string operation, int[]? axes = null, bool keepDim = false)
        where R : struct, IReduction => Fold(operation.Given(), Layout.Axes(operation, axes), keepDim, DType, (x, y) =>
            Device.Reduce(r, x[0], y), this);

    Tensor ArgReduce(string operation, bool largest, int? axis, bool keepDim)
    {
        var axes = Layout.Axes(operation, axis is { } a ? [a] : null);
        return Fold(operation, axes, keepDim, DType.Int64, (x, y) =>
            Device.ArgReduce(largest, x[0], y, asOffset: false), NotEmpty(operation, axes));
    }

    /// <summary>r over some axes, kept as 1, of f(x₀, x₁, …), broadcast.</summary>
    internal static Tensor Fold<F, R>(string operation, F f, R r, int[] axes, params ReadOnlySpan<Tensor> x)
        where F : struct, IFormula where R : struct, IReduction =>
        Fold(operation, axes, true, Device.TypeOf(x), (x, y) => y.Device.Reduce(f, r, y, x), x);

    /// <summary>Hands a verb what it folds, broadcast, with the folded axes at the end, as it wants them.</summary>
    static Tensor Fold(string operation, int[] axes, bool keepDim, DType type, Action<Tensor[], Tensor> verb,
        params ReadOnlySpan<Tensor> x)
    {
        var shape = Common(operation, x);
        int[] kept = [.. Enumerable.Range(0, shape.Length).Except(axes)], order = [.. kept, .. axes];
        var result = x[0].NewEmpty(Array.ConvertAll(kept, a => shape[a]), type, operation);
        verb(Array.ConvertAll(Spread(x, shape).ToArray(), t => t.With(t.Layout.Permute(order))), result);
        return keepDim ? result.With(Layout.Contiguous(Ones(shape, axes))) : result;
    }

    /// <summary>
    /// Runs what can be done apart for every line along an axis: on slices of this tensor, or of one that broadcasts to
    /// it, which the device cuts as it likes.
    /// </summary>
    internal void BySlices(int axis, Action<Func<Tensor, Tensor>> part)
    {
        var along = -1;
        for (var a = 0; a < Rank; a++)
            if (a != axis && (along < 0 || (Size(along) < WorthSlices && Size(a) > Size(along)))) along = a;
        if (along < 0) part(x => x);
        else
            Device.Slices(Size(along), Numel / Math.Max(1, Size(along)), (from, to) => part(x =>
                along - Rank + x.Rank < 0 || x.Size(along - Rank) == 1 ? x : x.Narrow(along - Rank, from, to - from)));
    }
    const int WorthSlices = 8;

    static int[] Ones(int[] shape, int[] axes) => [.. shape.Select((size, a) => axes.Contains(a) ? 1 : size)];

    Tensor NotEmpty(string operation, int[]? axes)
    {
        foreach (var a in Layout.Axes(operation, axes))
            if (Layout.shape[a] == 0)
                throw new ShapeException($"{operation}: axis {a} of shape {Layout} is empty, and so has no extreme.");
        return this;
    }

    /// <summary>How many elements are folded into one.</summary>
    internal int CountOver(int[]? axes) => Layout.Axes("Mean", axes).Aggregate(1, (n, a) => n * Layout.shape[a]);

    /// <summary>
    /// c[batch, rows, columns] = Σₖ a[batch, rows, k] · b[batch, k, columns], each a group of axes: the given numbers
    /// of them, and k what remains.
    /// </summary>
    /// <exception cref="ShapeException">The groups disagree.</exception>
    public static Tensor Contract(Tensor a, Tensor b, int batch, int rows, int columns)
    {
        a.Given().SameDevice("Contract", b);
        b.OnlyType("Contract: the second operand", a.DType);
        int wide = batch + rows, inner = a.Rank - wide;
        if (batch < 0 || rows < 0 || columns < 0 || inner < 0 || b.Rank != batch + inner + columns
            || !a.Shape[..batch].SequenceEqual(b.Shape[..batch])
            || !a.Shape[wide..].SequenceEqual(b.Shape[batch..(batch + inner)]))
            throw new ShapeException($"Contract: shapes {a.Layout} and {b.Layout} do not have {batch} batch axes, " +
                $"{rows} for rows and {columns} for columns, and the same axes to sum over.");
        var result = a.NewEmpty([.. a.Shape[..(batch + rows)], .. b.Shape[(batch + inner)..]]);
        a.Device.Contract(a, b, result, batch, rows, columns);
        return result;
    }

    /// <summary>
    /// The matrix product of the last two axes; leading axes broadcast; 1-d operands are a row and a column.
    /// </summary>
    /// <exception cref="ShapeException">The columns of a are not the rows of b.</exception>
    public static Tensor MatMul(Tensor a, Tensor b)
    {
        CheckMatMul(a, b);
        if (a.Rank == 1) return MatMul(a.Unsqueeze(0), b).Squeeze(b.Rank == 1 ? 0 : -2);
        if (b.Rank == 1) return MatMul(a, b.Unsqueeze(1)).Squeeze(-1);
        var batch = Batch(a, b);
        return Contract(a.Expand([.. batch, .. a.Shape[^2..]]), b.Expand([.. batch, .. b.Shape[^2..]]), batch.Length,
            1, 1);
    }

    internal static void CheckMatMul(Tensor a, Tensor b)
    {
        a.Given().SameDevice("MatMul", b.Given());
        b.OnlyType("MatMul: the second operand", a.NoMask("MatMul").DType);
        if (a.Rank == 0 || b.Rank == 0)
            throw new ShapeException($"MatMul: {a.Layout} and {b.Layout}: a 0-d operand is no matrix; use *.");
        var (columns, rows) = (a.Size(-1), b.Size(b.Rank == 1 ? 0 : -2));
        if (columns != rows) throw new ShapeException($"MatMul: shapes {a.Layout} and {b.Layout} do not multiply: " +
            $"{columns} columns against {rows} rows. Transpose one of them (.T), perhaps.");
    }

    /// <summary>The common shape of the axes before the last two.</summary>
    internal static int[] Batch(Tensor a, Tensor b) => Layout.Broadcast("MatMul", a.Layout[..^2], b.Layout[..^2]);
}
