using System.Buffers.Binary;

namespace Tutorials;

/// <summary>
/// Compares the size that a JPEG file claims with its data, by reading the first scan without computing pixels: a
/// decoder would paint missing data grey, and ignore what is too much. (ITU-T T.81; the loop of a decoder without its
/// arithmetic.)
/// </summary>
sealed class JpegSize(byte[] bytes)
{
    /// <summary>How many codes there are of each length from 1 to 16 bits, and their values, in order.</summary>
    sealed record Codes(byte[] Counts, byte[] Symbols);

    readonly Dictionary<int, Codes> codes = [];             // by class (0: DC, 1: AC) and number
    readonly Dictionary<int, (int Across, int Down)> components = [];
    int height, width, interval, at = 2, held, bits;
    bool progressive;

    int Number(int place) => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(place));

    /// <exception cref="InvalidDataException">The size is too large, or is not that of the data.</exception>
    public void Check(long mostPixels)
    {
        while (true)
        {
            while (bytes[at] != 0xFF) at++;
            while (bytes[at] == 0xFF) at++;
            var (marker, start, end) = (bytes[at], at + 3, at + 1 + Number(at + 1));
            at = end;
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2: Frame(marker == 0xC2, start, mostPixels); break;
                case 0xC4: Tables(start, end); break;
                case 0xDD: interval = Number(start); break;
                case 0xDA: Scan(start); return;
            }
        }
    }

    void Frame(bool inSteps, int start, long mostPixels)
    {
        (progressive, height, width) = (inSteps, Number(start + 1), Number(start + 3));
        ImageFile.CheckPixels(height, width, mostPixels);
        for (var i = 0; i < bytes[start + 5]; i++)
            components[bytes[start + 6 + 3 * i]] = (bytes[start + 7 + 3 * i] >> 4, bytes[start + 7 + 3 * i] & 15);
    }

    void Tables(int from, int end)
    {
        for (int count; from < end; from += 17 + count)
        {
            var counts = bytes[(from + 1)..(from + 17)];
            count = counts.Sum(n => n);
            codes[bytes[from]] = new(counts, bytes[(from + 17)..(from + 17 + count)]);
        }
    }

    void Scan(int start)
    {
        var parts = Enumerable.Range(0, bytes[start]).Select(i => (Size: components[bytes[start + 1 + 2 * i]],
            DC: codes[bytes[start + 2 + 2 * i] >> 4],
            AC: progressive ? null : codes[16 + (bytes[start + 2 + 2 * i] & 15)])).ToList();
        var (across, down) = (components.Values.Max(c => c.Across), components.Values.Max(c => c.Down));
        if (progressive && bytes[start + 1 + 2 * parts.Count] != 0)
            throw new InvalidDataException("the first scan has no mean brightness");
        // a single component comes in its own blocks of 8 × 8; several take turns with as many as they have in a unit
        var alone = parts.Count == 1;
        var units = alone ? Blocks(width * parts[0].Size.Across, across) * Blocks(height * parts[0].Size.Down, down)
            : Blocks(width, across) * Blocks(height, down);
        for (var unit = 0L; unit < units; unit++)
        {
            if (interval > 0 && unit > 0 && unit % interval == 0) Restart();
            foreach (var (size, dc, ac) in parts)
                for (var i = alone ? 1 : size.Across * size.Down; i > 0; i--) Block(dc, ac);
        }
        while (bytes[at] == 0) at++;
        if (bytes[at] != 0xFF || bytes[at + 1] is 0 or (>= 0xD0 and <= 0xD7))
            throw new InvalidDataException($"there is more data than {height} × {width} pixels");

        static long Blocks(int pixels, int most) => (pixels + 8L * most - 1) / (8 * most);
    }

    void Block(Codes dc, Codes? ac)
    {
        Skip(Symbol(dc));
        for (var place = 1; ac is not null && place < 64;)
        {
            var symbol = Symbol(ac);
            if (symbol == 0) break;                         // zeros to the end of the block
            place += 1 + (symbol >> 4);
            Skip(symbol & 15);
        }
    }

    void Restart()
    {
        bits = 0;
        if (bytes[at] != 0xFF || bytes[at + 1] is < 0xD0 or > 0xD7) throw Less();
        at += 2;
    }

    int Symbol(Codes table)
    {
        var (code, first, index) = (0, 0, 0);
        foreach (var count in table.Counts)
        {
            code = 2 * code + Bit();
            first *= 2;
            if (code - first < count) return table.Symbols[index + code - first];
            (first, index) = (first + count, index + count);
        }
        throw new InvalidDataException("there is no such code");
    }

    void Skip(int count)
    {
        for (; count > 0; count--) Bit();
    }

    int Bit()
    {
        if (bits == 0)
        {
            (held, bits) = (bytes[at++], 8);
            if (held == 0xFF && bytes[at++] != 0) throw Less();
        }
        return held >> --bits & 1;
    }

    InvalidDataException Less() => new($"there is less data than {height} × {width} pixels");
}
