namespace Tensorlet;

/// <summary>
/// The checksum that is used in gzip, zip and PNG (RFC 1952, section 8). The bits of the message, beginning with the
/// lowest bit of each byte, are the coefficients of a polynomial. It is divided by x³² + x²⁶ + x²³ + … + 1; the
/// checksum is the remainder.
/// </summary>
sealed class Crc32
{
    static readonly uint[] Remainders =
        [.. Enumerable.Range(0, 256).Select(i => Enumerable.Range(0, 8).Aggregate((uint)i, (r, _) =>
            (r & 1) == 0 ? r >> 1 : (r >> 1) ^ 0xEDB88320))];

    uint state = uint.MaxValue;

    /// <summary>The checksum of all bytes that have been added so far.</summary>
    public uint Value => ~state;

    /// <summary>Appends bytes to the message whose checksum is computed.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
            state = Remainders[(byte)(state ^ b)] ^ (state >> 8);
    }
}
