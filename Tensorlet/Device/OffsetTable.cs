using System.Collections.Concurrent;

namespace Tensorlet;

/// <summary>
/// Where the elements of a layout lie, in row-major order, and how many neighbours follow each. Large
/// tables are remembered: a training asks for the same ones in every step.
/// </summary>
/// <param name="Offsets">For each element its distance from the first.</param>
/// <param name="Runs">For each element how many consecutive ones start with it, itself included.</param>
sealed record OffsetTable(int[] Offsets, int[] Runs)
{
    const int Small = 1 << 10, MostRemembered = 1 << 22;
    static readonly ConcurrentDictionary<string, OffsetTable> remembered = new();
    static int rememberedCount;

    public int Count => Offsets.Length;

    public static OffsetTable Of(Layout layout)
    {
        if (layout.Count <= Small) return Of(layout.Offsets());
        // the numbers as a string's bits
        var key = MemoryMarshal.Cast<int, char>((int[])[.. layout.shape, .. layout.strides]).ToString();
        if (remembered.TryGetValue(key, out var table)) return table;
        table = Of(layout.Offsets());
        if (Interlocked.Add(ref rememberedCount, table.Count) > MostRemembered)
        {
            remembered.Clear();
            rememberedCount = table.Count;
        }
        return remembered[key] = table;
    }

    /// <summary>The table of offsets that are known already.</summary>
    public static OffsetTable Of(int[] offsets)
    {
        var runs = new int[offsets.Length];
        for (var j = runs.Length - 1; j >= 0; j--)
            runs[j] = j + 1 < runs.Length && offsets[j + 1] == offsets[j] + 1 ? runs[j + 1] + 1 : 1;
        return new(offsets, runs);
    }
}
