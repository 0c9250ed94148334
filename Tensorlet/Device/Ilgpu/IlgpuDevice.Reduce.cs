using ILGPU;

namespace Tensorlet;

/// <summary>
/// One operand of a reduction: the positions at which its rows begin, and the distances of the elements of a row
/// from the beginning of the row.
/// </summary>
readonly struct Rows<V>(ArrayView<V> memory, KernelAxes rows, KernelAxes folded) where V : unmanaged
{
    public int Row(int row) => rows.Of(row);
    public V At(int start, int j) => memory[start + folded.Of(j)];

    /// <summary>True if neighbours in a row are neighbours in memory.</summary>
    public bool AlongRows => folded.Step == 1;
}

/// <summary>
/// One thread reduces one part of a row: y[row, part] is the result of reducing f(a[row, j], b[row, j], …) with r
/// over j = part, part + parts, part + 2·parts, and so on. If rows are contiguous, neighbouring threads read
/// neighbouring elements of the same row; otherwise, they read elements of neighbouring rows. The last step, in
/// which each row has only one part, also finishes the result.
/// </summary>
/// <typeparam name="F">The formula that is computed from the operands.</typeparam>
/// <typeparam name="R">The reduction.</typeparam>
/// <typeparam name="V">The type of the elements that are read.</typeparam>
/// <typeparam name="S">The type in which sums are computed: double for floats.</typeparam>
/// <typeparam name="W">The type of the results that are written.</typeparam>
/// <typeparam name="In">The conversion from V to S.</typeparam>
/// <typeparam name="Out">The conversion from S to W.</typeparam>
readonly struct FoldKernel<F, R, V, S, W, In, Out>(F formula, R r, Rows<V> a, Rows<V> b, Rows<V> c, Rows<V> d,
    Rows<V> e, Rows<V> f, Rows<V> g, Rows<V> h, int count, int length, int parts, int level, View<W> y) : IKernel
    where F : struct, IFormula where R : struct, IReduction where V : unmanaged, IScalar<V>
    where S : unmanaged, IScalar<S> where W : unmanaged where In : struct, ICast<V, S> where Out : struct, ICast<S, W>
{
    public void At(int i)
    {
        var row = a.AlongRows ? i / parts : i % count;
        var part = a.AlongRows ? i % parts : i / count;
        int inA = a.Row(row), inB = Row(1, b, row), inC = Row(2, c, row), inD = Row(3, d, row), inE = Row(4, e, row),
            inF = Row(5, f, row), inG = Row(6, g, row), inH = Row(7, h, row);
        var sum = S.Of(r.Start);
        for (var j = part; j < length; j += parts)
        {
            var x = a.At(inA, j);
            var value = In.Of(formula.Apply(x, F.Inputs > 1 ? b.At(inB, j) : x, F.Inputs > 2 ? c.At(inC, j) : x,
                F.Inputs > 3 ? d.At(inD, j) : x, F.Inputs > 4 ? e.At(inE, j) : x, F.Inputs > 5 ? f.At(inF, j) : x,
                F.Inputs > 6 ? g.At(inG, j) : x, F.Inputs > 7 ? h.At(inH, j) : x));
            sum = r.Apply(sum, level == 0 ? r.Take(value) : value);
        }
        y[row * parts + part] = Out.Of(parts == 1 ? r.Finish(sum) : sum);
    }

    static int Row(int input, Rows<V> x, int row) => input < F.Inputs ? x.Row(row) : 0;
}

sealed partial class IlgpuDevice
{
    const int Part = 64, LongestPart = 256;     // the numbers that one thread reduces; longer rows are cut

    internal override void ReduceCore<F, R>(F f, R r, ReadOnlySpan<Tensor> x, Tensor y)
    {
        var (from, to) = (Array.ConvertAll(Alike(x), operand => Fit(operand, y.Rank)), Fit(y));
        y.DType.Run(new Folding<F, R>(this, f, r, from, to));
        Finish(to, y);
    }

    readonly struct Folding<F, R>(IlgpuDevice device, F f, R r, Tensor[] x, Tensor y) : IForType
        where F : struct, IFormula where R : struct, IReduction
    {
        void IForType.Run<V>()
        {
            if (typeof(V) == typeof(I64)) device.Fold<F, R, I64, I64, I64, Same<I64>, Same<I64>>(f, r, x, y.Rank, y);
            else device.Fold<F, R, V, F64, V, ByDouble<V, F64>, ByDouble<F64, V>>(f, r, x, y.Rank, y);
        }
    }

    /// <summary>
    /// Reduces the parts of each row, then the results of the parts, until there is one result for each row. Only
    /// the length of a row decides how the row is cut into parts.
    /// </summary>
    void Fold<F, R, V, S, W, In, Out>(F f, R r, Tensor[] x, int leading, Tensor y, int level = 0)
        where F : struct, IFormula where R : struct, IReduction where V : unmanaged, IScalar<V>
        where S : unmanaged, IScalar<S> where W : unmanaged where In : struct, ICast<V, S>
        where Out : struct, ICast<S, W>
    {
        int count = y.Numel, length = x[0].Numel / count, parts = (length + Part - 1) / Part;
        if (length <= LongestPart) Launch(count, To<W, Out>(y, 1), length + 1);
        else
        {
            var partial = Tensor.Empty([count, parts], typeof(S) == typeof(I64) ? DType.Int64 : DType.Float64, this);
            Launch(count * parts, To<S, Same<S>>(partial, parts), Part);
            Fold<Of1<IdentityFormula>, R, S, S, W, Same<S>, Out>(default, r, [partial], 1, y, level + 1);
        }
        KeepAlive(x);

        FoldKernel<F, R, V, S, T, In, O> To<T, O>(Tensor to, int cut)
            where T : unmanaged where O : struct, ICast<S, T> =>
            new(f, r, At(0), At(1), At(2), At(3), At(4), At(5), At(6), At(7), count, length, cut, level, Of<T>(to));

        Rows<V> At(int input)
        {
            var operand = x[Math.Min(input, x.Length - 1)];
            return new(MemoryOf<V>(operand), new(operand.Layout[..leading], operand.Layout.Offset),
                new(operand.Layout[leading..]));
        }
    }
}
