using System.Buffers;

namespace Tensorlet;

/// <summary>
/// Sorts numbers by their digits (Knuth, The Art of Computer Programming 3, 5.2.5). Each number is converted to a
/// key, which is an unsigned integer. The keys have the same order as the numbers. The keys are sorted by their last
/// digit, then by the digit before the last digit, and so on. Equal keys keep their order.
/// </summary>
[SkipLocalsInit]
static class Ranking
{
    const int Word = 32, DigitBits = 8, Digits = 1 << DigitBits;
    const int Few = 32;                 // places up to here are sorted by insertion
    const int WorthSelecting = 4;       // numbers for each one that is selected, from which on selecting pays

    /// <summary>
    /// Sorts each row of a tensor in ascending order, or in descending order if <paramref name="descending"/> is
    /// true. Takes <paramref name="count"/> elements of the sorted row, beginning at index <paramref name="from"/>,
    /// and returns the positions of these elements in the original row. The result is on the CPU. −0 counts as 0, and
    /// NaN counts as the largest number.
    /// </summary>
    public static Tensor Places(Tensor rows, bool descending, int from, int count)
    {
        rows = (rows.DType == DType.Bool ? rows.To(DType.Float32) : rows).Cpu().Contiguous();
        var (n, bits) = (rows.Size(-1), 8 * rows.DType.Size());
        var result = Tensor.Empty([.. rows.Shape[..^1], count], DType.Int64, Device.Cpu);
        if (result.Numel > 0) Device.Cpu.Slices(rows.Numel / n, n, (first, last) =>
        {
            var pool = ArrayPool<ulong>.Shared;
            ulong[] keys = pool.Rent(n), items = pool.Rent(n), spare = pool.Rent(n);
            for (var row = first; row < last; row++)
            {
                ReadKeys(rows, row * n, keys.AsSpan(0, n), descending ? ulong.MaxValue >> (2 * Word - bits) : 0);
                var (some, before) = n / WorthSelecting < count ? (All(items.AsSpan(0, n)), 0)
                    : Between(keys.AsSpan(0, n), bits, from, from + count - 1, items);
                var sorted = Sorted(keys, bits, items.AsSpan(0, some), spare.AsSpan(0, some))[(from - before)..];
                ref var to = ref Unsafe.Add(ref HostStorage.First<long>(result), row * count);
                for (var i = 0; i < count; i++) Unsafe.Add(ref to, i) = (uint)sorted[i];
            }
            foreach (var rented in (ulong[][])[keys, items, spare]) pool.Return(rented);
        });
        GC.KeepAlive(rows);
        return result;
    }

    /// <summary>
    /// Fills <paramref name="keys"/> with the keys of successive numbers of <paramref name="x"/>, beginning at
    /// position <paramref name="from"/>. A key has as many bits as a number. The bits that are set in
    /// <paramref name="inverted"/> are inverted in all keys.
    /// </summary>
    static void ReadKeys(Tensor x, int from, Span<ulong> keys, ulong inverted)
    {
        if (x.DType == DType.Int64)
        {
            ref var first = ref Unsafe.Add(ref HostStorage.First<long>(x), from);
            for (var i = 0; i < keys.Length; i++)
                keys[i] = inverted ^ (ulong)(Unsafe.Add(ref first, i) ^ long.MinValue);
        }
        else if (x.DType == DType.Float64)
        {
            ref var first = ref Unsafe.Add(ref HostStorage.First<double>(x), from);
            for (var i = 0; i < keys.Length; i++)
            {
                var value = Unsafe.Add(ref first, i) + 0.0;
                var bits = BitConverter.DoubleToInt64Bits(value);
                keys[i] = inverted ^ (double.IsNaN(value) ? ulong.MaxValue
                    : (ulong)(bits ^ (bits >> 63 | long.MinValue)));
            }
        }
        else
        {
            ref var first = ref Unsafe.Add(ref HostStorage.First<float>(x), from);
            for (var i = 0; i < keys.Length; i++)
            {
                var value = Unsafe.Add(ref first, i) + 0f;
                var bits = BitConverter.SingleToInt32Bits(value);
                keys[i] = inverted ^ (float.IsNaN(value) ? uint.MaxValue : (uint)(bits ^ (bits >> 31 | int.MinValue)));
            }
        }
    }

    /// <summary>
    /// Fills <paramref name="places"/> with the positions 0, 1, 2, …, and returns the number of positions.
    /// </summary>
    static int All(Span<ulong> places)
    {
        for (var i = 0; i < places.Length; i++) places[i] = (ulong)i;
        return places.Length;
    }

    /// <summary>
    /// Finds the positions of all keys from the key at index <paramref name="from"/> of the sorted keys to the key at
    /// index <paramref name="to"/>, both included. Returns the number of these positions, and the number of keys that
    /// are smaller than the key at index <paramref name="from"/>.
    /// </summary>
    static (int Count, int Before) Between(ReadOnlySpan<ulong> keys, int bits, int from, int to, ulong[] places)
    {
        var (high, smaller) = OfRank(keys, bits, to);
        var (low, before) = from == 0 ? (0, 0) : from == to ? (high, smaller) : OfRank(keys, bits, from);
        var count = 0;
        for (var i = 0; i < keys.Length; i++)
            if (keys[i] >= low && keys[i] <= high) places[count++] = (ulong)i;
        return (count, before);
    }

    /// <summary>
    /// Finds the key at index <paramref name="rank"/> of the sorted keys, and counts the keys that are smaller. The
    /// digits of the key are found one after another, beginning with the first digit.
    /// </summary>
    static (ulong Key, int Smaller) OfRank(ReadOnlySpan<ulong> keys, int bits, int rank)
    {
        Span<int> counts = stackalloc int[Digits];
        var (known, smaller) = (0UL, 0);
        for (var shift = bits - DigitBits; shift >= 0; shift -= DigitBits)
        {
            counts.Clear();
            foreach (var key in keys)
            {
                var digit = (key >> shift) - (known << DigitBits);
                if (digit < Digits) counts[(int)digit]++;
            }
            var found = 0;
            for (; smaller + counts[found] <= rank; found++) smaller += counts[found];
            known = known << DigitBits | (uint)found;
        }
        return (known, smaller);
    }

    /// <summary>
    /// Sorts positions by the keys at these positions. Returns the span that holds the result: one of the two given
    /// spans.
    /// </summary>
    static Span<ulong> Sorted(ulong[] keys, int bits, Span<ulong> places, Span<ulong> spare)
    {
        if (places.Length > Few)
            for (var shift = 0; shift < bits; shift += Word)
            {
                // a part of the key is stored beside its position, so that memory is read in order from then on
                for (var i = 0; i < places.Length; i++)
                    places[i] = keys[(uint)places[i]] >> shift << Word | (uint)places[i];
                Distribute(ref places, ref spare);
            }
        else
            for (var i = 1; i < places.Length; i++)
            {
                var (place, j) = (places[i], i);
                for (; j > 0 && keys[places[j - 1]] > keys[place]; j--) places[j] = places[j - 1];
                places[j] = place;
            }
        return places;
    }

    /// <summary>
    /// Sorts items by their upper word. The two spans may be exchanged; afterwards, <paramref name="items"/> holds
    /// the result.
    /// </summary>
    static void Distribute(ref Span<ulong> items, ref Span<ulong> spare)
    {
        var differing = 0UL;
        foreach (var item in items) differing |= item ^ items[0];
        Span<int> ends = stackalloc int[Digits];
        for (var shift = Word; shift < 2 * Word; shift += DigitBits)
        {
            if ((byte)(differing >> shift) == 0) continue;
            ends.Clear();
            foreach (var item in items) ends[(byte)(item >> shift)]++;
            for (var (digit, sum) = (0, 0); digit < Digits; digit++) (ends[digit], sum) = (sum, sum + ends[digit]);
            foreach (var item in items) spare[ends[(byte)(item >> shift)]++] = item;
            var swapped = items;
            items = spare;
            spare = swapped;
        }
    }
}
