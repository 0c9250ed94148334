using ILGPU;

namespace Tensorlet;

/// <summary>
/// One operand of a product: the offsets of its batches, of its wide axes (the rows of a, or the columns of b) and
/// of its summed axes.
/// </summary>
readonly struct Side<V>(ArrayView<V> memory, KernelAxes batch, KernelAxes wide, KernelAxes inner) where V : unmanaged
{

    public int Batch(int g) => batch.Of(g);
    public int Wide(int i) => wide.Of(i);
    public int Inner(int k) => inner.Of(k);

    /// <summary>True if neighbours along the summed axes are neighbours in memory.</summary>
    public bool AlongInner => inner.Step == 1;

    public V this[int place] => memory[place];
}

/// <summary>
/// Computes c[batch, row, column] = Σₖ a[batch, row, k] · b[batch, k, column]. One thread computes one element of c.
/// The products are summed in the type <typeparamref name="S"/>, which is double for floats.
/// </summary>
readonly struct ProductKernel<V, S, In, Out>(Side<V> a, Side<V> b, View<V> c, int rows, int columns, int inner)
    : IKernel
    where V : unmanaged where S : unmanaged, IScalar<S> where In : struct, ICast<V, S> where Out : struct, ICast<S, V>
{
    public void At(int i)
    {
        var (column, row, batch) = (i % columns, i / columns % rows, i / columns / rows);
        int left = a.Batch(batch) + a.Wide(row), right = b.Batch(batch) + b.Wide(column);
        var sum = S.Of(0);
        for (var k = 0; k < inner; k++) sum += In.Of(a[left + a.Inner(k)]) * In.Of(b[right + b.Inner(k)]);
        c[i] = Out.Of(sum);
    }
}
