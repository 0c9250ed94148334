using ILGPU;

namespace Tensorlet;

/// <summary>
/// y[row, part] = r over j = part, part + parts, … of x[row, j]: one thread folds a part of a row. Neighbouring threads
/// read neighbouring elements: of the same row where rows lie in one piece, of neighbouring rows where they do not.
/// </summary>
/// <remarks>What is folded first is taken; what is left at the end, in one part, is finished.</remarks>
/// <typeparam name="R">What folds.</typeparam>
/// <typeparam name="V">What is read.</typeparam>
/// <typeparam name="S">What is summed up in: double for floats.</typeparam>
/// <typeparam name="W">What is written.</typeparam>
/// <typeparam name="In">How V becomes S.</typeparam>
/// <typeparam name="Out">How S becomes W.</typeparam>
readonly struct FoldKernel<R, V, S, W, In, Out>(
    R r, ArrayView<V> x, Axes rows, Axes folded, int count, int length, int parts, int level, View<W> y) : IKernel
    where R : struct, IReduction where V : unmanaged where S : unmanaged, IScalar<S> where W : unmanaged
    where In : struct, ICast<V, S> where Out : struct, ICast<S, W>
{
    public void At(int i)
    {
        var row = folded.Step == 1 ? i / parts : i % count;
        var part = folded.Step == 1 ? i % parts : i / count;
        var start = rows.Of(row);
        var sum = S.Of(r.Start);
        for (var j = part; j < length; j += parts)
        {
            var value = In.Of(x[start + folded.Of(j)]);
            sum = r.Apply(sum, level == 0 ? r.Take(value) : value);
        }
        y[row * parts + part] = Out.Of(parts == 1 ? r.Finish(sum) : sum);
    }
}

sealed partial class IlgpuDevice
{
    const int Part = 64, LongestPart = 256;     // what one thread folds; what is longer is cut into parts

    internal override void ReduceCore<R>(R r, Tensor x, Tensor y)
    {
        var (from, to) = (Fit(x, y.Rank), Fit(y));
        x.DType.Run(new Folding<R>(this, r, from, to));
        Finish(to, y);
    }

    readonly struct Folding<R>(IlgpuDevice device, R r, Tensor x, Tensor y) : IForType where R : struct, IReduction
    {
        void IForType.Run<V>()
        {
            if (typeof(V) == typeof(I64)) device.Fold<R, I64, I64, I64, Same<I64>, Same<I64>>(r, x, y.Rank, y);
            else device.Fold<R, V, F64, V, ByDouble<V, F64>, ByDouble<F64, V>>(r, x, y.Rank, y);
        }
    }

    /// <summary>
    /// Folds parts of rows, then what they gave, until one is left. How a row is cut depends on its length alone.
    /// </summary>
    void Fold<R, V, S, W, In, Out>(R r, Tensor x, int leading, Tensor y, int level = 0)
        where R : struct, IReduction where V : unmanaged where S : unmanaged, IScalar<S>
        where W : unmanaged where In : struct, ICast<V, S> where Out : struct, ICast<S, W>
    {
        int count = y.Numel, length = x.Numel / count, parts = (length + Part - 1) / Part;
        Axes rows = new(x.Layout[..leading], x.Layout.Offset), folded = new(x.Layout[leading..]);
        if (length <= LongestPart)
            Launch(count, new FoldKernel<R, V, S, W, In, Out>(r, Memory<V>(x), rows, folded, count, length, 1,
                level, Of<W>(y)), length + 1);
        else
        {
            var partial = Tensor.Empty([count, parts], typeof(S) == typeof(I64) ? DType.Int64 : DType.Float64, this);
            Launch(count * parts, new FoldKernel<R, V, S, S, In, Same<S>>(r, Memory<V>(x), rows, folded, count, length,
                parts, level, Of<S>(partial)), Part);
            Fold<R, S, S, W, Same<S>, Out>(r, partial, 1, y, level + 1);
        }
        GC.KeepAlive(x);
    }
}
