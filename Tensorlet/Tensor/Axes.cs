namespace Tensorlet;

/// <summary>
/// The axes over which a reduction goes: one axis (<c>x.Sum(1)</c>), several axes (<c>x.Sum([0, 2])</c>), or all axes
/// if none is given. Negative axes count from the end.
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
    /// <summary>Several axes, from a collection expression.</summary>
    public static Axes Of(ReadOnlySpan<int> dims) => new(dims.ToArray());
    /// <summary>The axes that were given.</summary>
    public IEnumerator<int> GetEnumerator() => (list ?? []).AsEnumerable().GetEnumerator();
}
