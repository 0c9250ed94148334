namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>The sum a + b of two numbers, or the sum of many numbers.</summary>
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
    /// <summary>
    /// The larger of two numbers, or NaN if one of the two is NaN. The formula works because NaN is not equal to
    /// itself, and no number is greater than NaN.
    /// </summary>
    internal readonly struct MaxFormula : IZip, IReduction
    {
        double IReduction.Start => double.NegativeInfinity;
        V IReduction.Take<V>(V x) => x;
        [MethodImpl(AggressiveInlining)]
        public V Apply<V>(V a, V b) where V : struct, INumeric<V> => V.IfEqual(a, a, V.IfGreater(a, b, a, b), a);
        V IReduction.Finish<V>(V y) => y;
    }
    internal readonly struct MinFormula : IZip, IReduction
    {
        double IReduction.Start => double.PositiveInfinity;
        V IReduction.Take<V>(V x) => x;
        [MethodImpl(AggressiveInlining)]
        public V Apply<V>(V a, V b) where V : struct, INumeric<V> => V.IfEqual(a, a, V.IfGreater(b, a, a, b), a);
        V IReduction.Finish<V>(V y) => y;
    }
    /// <summary>
    /// 1 if the value is better than the best value so far, or if the value is the first NaN; otherwise 0.
    /// </summary>
    internal readonly struct BetterFormula(int sign) : IZip
    {
        [MethodImpl(AggressiveInlining)]
        public V Apply<V>(V value, V best) where V : struct, INumeric<V>
        {
            var firstNaN = V.IfEqual(value, value, V.Of(0), V.IfEqual(best, best, V.Of(1), V.Of(0)));
            return sign > 0 ? V.IfGreater(value, best, V.Of(1), firstNaN) : V.IfGreater(best, value, V.Of(1), firstNaN);
        }
    }
    /// <summary>The mean Σx/n of n numbers x.</summary>
    internal readonly struct MeanFormula(double n) : IReduction
    {
        double IReduction.Start => 0;
        V IReduction.Take<V>(V x) => x;
        V IReduction.Apply<V>(V a, V b) => a + b;
        V IReduction.Finish<V>(V y) => y / V.Of(n);
    }
    /// <summary>The mean Σx²/n of the squares of n numbers x, or the root √(Σx²/n) of this mean.</summary>
    internal readonly struct MeanSquareFormula(double n, bool root = false) : IReduction
    {
        readonly int rooted = root ? 1 : 0;                                 // kernels cannot have a bool
        double IReduction.Start => 0;
        V IReduction.Take<V>(V x) => x * x;
        V IReduction.Apply<V>(V a, V b) => a + b;
        [MethodImpl(AggressiveInlining)]
        V IReduction.Finish<V>(V y) => rooted == 1 ? V.Sqrt(y / V.Of(n)) : y / V.Of(n);
    }

    /// <summary>
    /// The sum over the axes <paramref name="dim"/>, or over all axes if none is given. The sum of Booleans is the
    /// number of true elements.
    /// </summary>
    public Tensor Sum(Axes dim = default, bool keepdim = false) =>
        Counted().Reduce(new AddFormula(), "Sum", dim, keepdim);
    /// <summary>The product over the axes <paramref name="dim"/>, or over all axes if none is given.</summary>
    public Tensor Prod(Axes dim = default, bool keepdim = false) =>
        Counted().Reduce(new MultiplyFormula(), "Prod", dim, keepdim);
    Tensor Counted() => DType == DType.Bool ? To(DType.Int64) : this;
    /// <summary>
    /// The maximum over the axes <paramref name="dim"/>, or over all axes if none is given. If one of the elements is
    /// NaN, the maximum is NaN.
    /// </summary>
    /// <exception cref="ShapeException">An axis that is reduced has no elements.</exception>
    public Tensor AMax(Axes dim = default, bool keepdim = false) =>
        NotEmpty("AMax", dim).Reduce(new MaxFormula(), "AMax", dim, keepdim);
    /// <summary>
    /// The minimum over the axes <paramref name="dim"/>, or over all axes if none is given. If one of the elements is
    /// NaN, the minimum is NaN.
    /// </summary>
    /// <exception cref="ShapeException">An axis that is reduced has no elements.</exception>
    public Tensor AMin(Axes dim = default, bool keepdim = false) =>
        NotEmpty("AMin", dim).Reduce(new MinFormula(), "AMin", dim, keepdim);
    /// <summary>
    /// The mean over the axes <paramref name="dim"/>, or over all axes if none is given. The mean of no elements is
    /// NaN.
    /// </summary>
    public Tensor Mean(Axes dim = default, bool keepdim = false) =>
        OnlyFloat("Mean").Reduce(new MeanFormula(CountOver(dim)), "Mean", dim, keepdim);

    /// <summary>
    /// The number of elements that are not 0, over the axes <paramref name="dim"/>, or over all axes if none is
    /// given.
    /// </summary>
    public Tensor CountNonzero(Axes dim = default, bool keepdim = false) =>
        Named(() => To(DType.Bool).Sum(dim, keepdim));
    /// <summary>Returns true if at least one element is not 0.</summary>
    public bool Any() => Any(default).Item<bool>();
    /// <summary>Returns true if no element is 0.</summary>
    public bool All() => All(default).Item<bool>();
    /// <summary>
    /// Reduces the axes <paramref name="dim"/>, or all axes if none is given. The result is a mask: an element of the
    /// mask is true if at least one of the elements from which it is computed is not 0.
    /// </summary>
    public Tensor Any(Axes dim, bool keepdim = false) =>
        To(DType.Bool).Reduce(new AddFormula(), "Any", dim, keepdim);
    /// <summary>
    /// Reduces the axes <paramref name="dim"/>, or all axes if none is given. The result is a mask: an element of the
    /// mask is true if none of the elements from which it is computed is 0.
    /// </summary>
    public Tensor All(Axes dim, bool keepdim = false) => Named(() => !(!this).Any(dim, keepdim));

    /// <summary>
    /// The position of the maximum along an axis, or in the flattened tensor if no axis is given. If the maximum
    /// occurs several times, the result is the position of the first occurrence. The type of the result is Int64.
    /// </summary>
    public Tensor ArgMax(int? dim = null, bool keepdim = false) => ArgReduce("ArgMax", true, dim, keepdim);
    /// <summary>
    /// The position of the minimum along an axis, or in the flattened tensor if no axis is given. If the minimum
    /// occurs several times, the result is the position of the first occurrence. The type of the result is Int64.
    /// </summary>
    public Tensor ArgMin(int? dim = null, bool keepdim = false) => ArgReduce("ArgMin", false, dim, keepdim);

    /// <summary>Reduces <paramref name="dim"/>, or all axes if none is given, with an operation of your own.</summary>
    public Tensor Reduce<R>(R r, string operation, Axes dim = default, bool keepdim = false)
        where R : struct, IReduction => Fold(operation.Given(), Layout.Axes(operation, dim), keepdim, DType, (x, y) =>
            Device.Reduce(r, x[0], y), this);

    Tensor ArgReduce(string operation, bool largest, int? axis, bool keepdim)
    {
        var axes = Layout.Axes(operation, axis is { } a ? a : default(Axes));
        return Fold(operation, axes, keepdim, DType.Int64, (x, y) =>
            Device.ArgReduce(largest, x[0], y, asOffset: false), NotEmpty(operation, axes));
    }

    /// <summary>
    /// Broadcasts the tensors x₀, x₁, …, computes f(x₀, x₁, …) at each position, and reduces the result over the
    /// given axes with r. The reduced axes remain, with size 1.
    /// </summary>
    internal static Tensor Fold<F, R>(string operation, F f, R r, int[] axes, params ReadOnlySpan<Tensor> x)
        where F : struct, IFormula where R : struct, IReduction =>
        Fold(operation, axes, true, Device.TypeOf(x), (x, y) => y.Device.Reduce(f, r, y, x), x);

    /// <summary>
    /// Broadcasts the operands, moves their reduced axes behind all other axes, and passes the operands to a
    /// primitive.
    /// </summary>
    static Tensor Fold(string operation, int[] axes, bool keepdim, DType type, Action<Tensor[], Tensor> verb,
        params ReadOnlySpan<Tensor> x)
    {
        var shape = Common(operation, x);
        var (operands, order, kept) = (Broadcast(x.ToArray(), shape), Layout.Last(shape.Length, axes),
            new int[shape.Length - axes.Length]);
        for (var a = 0; a < kept.Length; a++) kept[a] = shape[order[a]];
        var result = x[0].NewEmpty(kept, type, operation);
        if (axes is [var first, ..] && first < kept.Length)         // not the last axes yet
            for (var k = 0; k < operands.Length; k++) operands[k] = operands[k].With(operands[k].Layout.Permute(order));
        verb(operands, result);
        return keepdim ? result.With(Layout.Contiguous(Ones(shape, axes))) : result;
    }

    /// <summary>Returns a copy of a shape, in which the given axes have the size 1.</summary>
    static int[] Ones(int[] shape, int[] axes)
    {
        int[] result = [.. shape];
        foreach (var a in axes) result[a] = 1;
        return result;
    }

    Tensor NotEmpty(string operation, Axes axes)
    {
        foreach (var a in Layout.Axes(operation, axes))
            if (Layout.shape[a] == 0)
                throw new ShapeException($"{operation}: axis {a} of shape {Layout} is empty and has no extreme.");
        return this;
    }

    /// <summary>The number of elements that are reduced to a single element if the given axes are reduced.</summary>
    internal int CountOver(Axes axes) => Layout.Axes("Mean", axes).Aggregate(1, (n, a) => n * Layout.shape[a]);

    /// <summary>
    /// Returns c with c[batch, rows, columns] = Σₖ a[batch, rows, k] · b[batch, k, columns]. Each of the four indices
    /// stands for a group of axes. The arguments say how many axes belong to batch, rows and columns; the remaining
    /// axes belong to k.
    /// </summary>
    /// <exception cref="ShapeException">The operands do not have these groups of axes; or an axis that belongs to
    /// batch or to k does not have the same size in both operands.</exception>
    public static Tensor Contract(Tensor a, Tensor b, int batch, int rows, int columns)
    {
        a.Given().SameDevice("Contract", b);
        b.OnlyType("Contract: the second operand", a.DType);
        ReadOnlySpan<int> left = a.Shape, right = b.Shape;
        int wide = batch + rows, inner = a.Rank - wide;
        if (batch < 0 || rows < 0 || columns < 0 || inner < 0 || b.Rank != batch + inner + columns
            || !left[..batch].SequenceEqual(right[..batch])
            || !left[wide..].SequenceEqual(right[batch..(batch + inner)]))
            throw new ShapeException($"Contract: shapes {a.Layout} and {b.Layout} do not have {batch} batch axes, " +
                $"{rows} for rows and {columns} for columns, and the same axes to sum over.");
        var result = a.NewEmpty([.. left[..wide], .. right[(batch + inner)..]]);
        a.Device.Contract(a, b, result, batch, rows, columns);
        return result;
    }

    /// <summary>
    /// Multiplies the matrices in the last two axes. The axes before the last two are broadcast. A 1-dimensional first
    /// operand is read as a matrix with one row, and a 1-dimensional second operand as a matrix with one column; the
    /// result does not have this axis of size 1.
    /// </summary>
    /// <exception cref="ShapeException">The number of columns of the first operand is not the number of rows of the
    /// second operand.</exception>
    public static Tensor MatMul(Tensor a, Tensor b)
    {
        CheckMatMul(a, b);
        if (a.Rank == 2 && b.Rank == 2) return Contract(a, b, 0, 1, 1);
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
            throw new ShapeException($"MatMul: {a.Layout} and {b.Layout}: a 0-d operand is not a matrix; use *.");
        var (columns, rows) = (a.Size(-1), b.Size(b.Rank == 1 ? 0 : -2));
        if (columns != rows) throw new ShapeException($"MatMul: shapes {a.Layout} and {b.Layout} do not multiply: " +
            $"{columns} columns against {rows} rows. Transpose one of them (.T), perhaps.");
    }

    /// <summary>The shape to which the axes before the last two axes of each operand broadcast.</summary>
    internal static int[] Batch(Tensor a, Tensor b) => Layout.Broadcast("MatMul", a.Layout[..^2], b.Layout[..^2]);
}
