namespace Tensorlet;

/// <summary>
/// The axes along which an operation such as a sum reduces a tensor: one axis (<c>x.Sum(1)</c>), several axes
/// (<c>x.Sum([0, 2])</c>), or all axes if none is given. A negative axis counts from the end: −1 is the last axis.
/// </summary>
[CollectionBuilder(typeof(Axes), nameof(Of))]
public readonly struct Axes
{
    internal readonly int[]? list;

    Axes(int[]? list) => this.list = list;

    /// <summary>One axis.</summary>
    public static implicit operator Axes(int dim) => new([dim]);
    /// <summary>Several axes. If the array is empty or null, all axes are meant.</summary>
    public static implicit operator Axes(int[]? dims) => new(dims);
    /// <summary>
    /// Several axes, from a collection expression such as <c>[0, 2]</c>. If the collection is empty, all axes are
    /// meant.
    /// </summary>
    public static Axes Of(ReadOnlySpan<int> dims) => new(dims.ToArray());
    /// <summary>Enumerates the axes that were given. If all axes are meant, there are none.</summary>
    public IEnumerator<int> GetEnumerator() => (list ?? []).AsEnumerable().GetEnumerator();
}
