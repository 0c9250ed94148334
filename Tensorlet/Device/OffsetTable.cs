using System.Collections.Concurrent;

namespace Tensorlet;

/// <summary>
/// Where the elements of some axes of a layout lie, in row-major order, and how many neighbours follow each. Large tables are
/// remembered: a training asks for the same ones in every step.
/// </summary>
/// <param name="Offsets">For each element its distance from the first.</param>
/// <param name="Runs">For each element how many consecutive ones start with it, itself included.</param>
sealed record OffsetTable(int[] Offsets, int[] Runs)
{
    const int Small = 1 << 10, MostRemembered = 1 << 22;
    static readonly ConcurrentDictionary<Key, OffsetTable> remembered = new();
    static int rememberedCount;

    public int Count => Offsets.Length;

    public static OffsetTable Of(Layout layout, int from, int to)
    {
        if (Layout.Product(layout.Shape[from..to]) <= Small) return Make(layout, from, to);
        var key = new Key(layout.shape[from..to], layout.strides[from..to]);
        if (remembered.TryGetValue(key, out var table)) return table;
        table = Make(layout, from, to);
        if (Interlocked.Add(ref rememberedCount, table.Count) > MostRemembered)
        {
            remembered.Clear();
            rememberedCount = table.Count;
        }
        return remembered[key] = table;
    }

    static OffsetTable Make(Layout layout, int from, int to) => Of(layout.Offsets(from, to));

    /// <summary>The table of offsets that are known already.</summary>
    public static OffsetTable Of(int[] offsets)
    {
        var runs = new int[offsets.Length];
        for (var j = runs.Length - 1; j >= 0; j--) runs[j] = j + 1 < runs.Length && offsets[j + 1] == offsets[j] + 1 ? runs[j + 1] + 1 : 1;
        return new(offsets, runs);
    }

    readonly struct Key(int[] shape, int[] strides) : IEquatable<Key>
    {
        readonly int[] shape = shape, strides = strides;
        public bool Equals(Key other) => shape.AsSpan().SequenceEqual(other.shape) && strides.AsSpan().SequenceEqual(other.strides);
        public override bool Equals(object? obj) => obj is Key key && Equals(key);
        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var size in shape) hash.Add(size);
            foreach (var stride in strides) hash.Add(stride);
            return hash.ToHashCode();
        }
    }
}
