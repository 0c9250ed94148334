namespace Tensorlet;

/// <summary>
/// The checksum of gzip, zip and PNG: the remainder of the message, as a polynomial over bits, divided by x³² + x²⁶ +
/// x²³ + … + 1, lowest bits first (RFC 1952, section 8).
/// </summary>
sealed class Crc32
{
    static readonly uint[] Remainders =
        [.. Enumerable.Range(0, 256).Select(i => Enumerable.Range(0, 8).Aggregate((uint)i, (r, _) =>
            (r & 1) == 0 ? r >> 1 : (r >> 1) ^ 0xEDB88320))];

    uint state = uint.MaxValue;

    /// <summary>The checksum of all bytes so far.</summary>
    public uint Value => ~state;

    /// <summary>Appends bytes to the message.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
            state = Remainders[(byte)(state ^ b)] ^ (state >> 8);
    }
}
