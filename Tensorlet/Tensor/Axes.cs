namespace Tensorlet;

/// <summary>
/// The axes that a reduction goes over: one (<c>x.Sum(1)</c>), several (<c>x.Sum([0, 2])</c>), or all if none are
/// named. Negative axes count from the end.
/// </summary>
[CollectionBuilder(typeof(Axes), nameof(Of))]
public readonly struct Axes
{
    internal readonly int[]? list;

    Axes(int[]? list) => this.list = list;

    /// <summary>One axis.</summary>
    public static implicit operator Axes(int axis) => new([axis]);
    /// <summary>Several axes; all of them if there are none, or null.</summary>
    public static implicit operator Axes(int[]? axes) => new(axes);
    /// <summary>Several axes, from a collection expression.</summary>
    public static Axes Of(ReadOnlySpan<int> axes) => new(axes.ToArray());
    /// <summary>The axes that were named.</summary>
    public IEnumerator<int> GetEnumerator() => (list ?? []).AsEnumerable().GetEnumerator();
}
