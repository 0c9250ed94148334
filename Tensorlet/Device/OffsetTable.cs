using System.Collections.Concurrent;

namespace Tensorlet;

/// <summary>
/// The offsets of the elements of a layout, in row-major order, and the lengths of the runs of elements that are
/// neighbours in memory. Large tables are cached, because training asks for the same tables in every step.
/// </summary>
/// <param name="Offsets">For each element, its distance from the first element.</param>
/// <param name="Runs">For each element, the length of the run of neighbours in memory that begins with this
/// element.</param>
/// <param name="Step">The distance from each element to the next, if all these distances are equal; otherwise
/// null.</param>
sealed record OffsetTable(int[] Offsets, int[] Runs, int? Step)
{
    const int Small = 1 << 6, MostRemembered = 1 << 22;
    static readonly ConcurrentDictionary<string, OffsetTable> remembered = new();
    static readonly ConcurrentDictionary<(int Count, int Step), OffsetTable> regular = new();
    static int rememberedCount;

    public int Count => Offsets.Length;

    public static OffsetTable Of(Layout layout)
    {
        if ((layout.Rank == 1 ? layout : layout.Reshape([layout.Count])) is { } flat)
            return regular.TryGetValue((flat.Count, flat.strides[0]), out var known) ? known
                : Remember(regular, (flat.Count, flat.strides[0]), flat);
        if (layout.Count <= Small) return Of(layout.Offsets());
        // the sizes and strides as the bits of a string
        var key = MemoryMarshal.Cast<int, char>((int[])[.. layout.shape, .. layout.strides]).ToString();
        return remembered.TryGetValue(key, out var table) ? table : Remember(remembered, key, layout);
    }

    static OffsetTable Remember<K>(ConcurrentDictionary<K, OffsetTable> tables, K key, Layout layout) where K : notnull
    {
        var table = Of(layout.Offsets());
        if (Interlocked.Add(ref rememberedCount, table.Count) > MostRemembered)
        {
            remembered.Clear();
            regular.Clear();
            rememberedCount = table.Count;
        }
        return tables[key] = table;
    }

    /// <summary>Returns the table for the given offsets.</summary>
    public static OffsetTable Of(int[] offsets)
    {
        var runs = new int[offsets.Length];
        int? step = offsets.Length < 2 ? 0 : offsets[1] - offsets[0];
        for (var j = runs.Length - 1; j >= 0; j--)
            runs[j] = j + 1 < runs.Length && offsets[j + 1] == offsets[j] + 1 ? runs[j + 1] + 1 : 1;
        for (var j = 2; j < offsets.Length; j++) if (offsets[j] - offsets[j - 1] != step) step = null;
        return new(offsets, runs, step);
    }
}
