using System.Text;

namespace Tutorials;

/// <summary>
/// The file format tar: for each file a header of 512 bytes with its name and its length in octal digits, and then its
/// bytes, filled up with zeros to the next 512. A header of zeros ends it.
/// </summary>
static class Tar
{
    const int Block = 512;

    /// <summary>
    /// The ordinary files in order; a caller that needs one reads its bytes before continuing. Other entries are
    /// skipped, including long names.
    /// </summary>
    /// <exception cref="InvalidDataException">A header is damaged, or the archive ends before a file does.</exception>
    public static IEnumerable<(string Name, long Length)> Files(Unpacked archive)
    {
        while (archive.Left > 0 && archive.Next(Block, "a header") is var header && header.Any(b => b != 0))
        {
            var (length, sum) = (Octal(header, 124, 12), Octal(header, 148, 8));
            header.AsSpan(148, 8).Fill((byte)' ');
            if (header.Sum(b => b) != sum)
                throw new InvalidDataException($"expected the sum {sum} of a header, found {header.Sum(b => b)}.");
            var left = archive.Left - (length + Block - 1) / Block * Block;
            if (header[156] is 0 or (byte)'0') yield return (Text(header, 0, 100), length);
            archive.Skip(archive.Left - left, "a file");
        }
        archive.Skip(archive.Left, "zeros");
    }

    static string Text(byte[] header, int at, int length) =>
        Encoding.Latin1.GetString(header, at, length).Split('\0')[0].Trim(' ');

    static long Octal(byte[] header, int at, int length) => Text(header, at, length) is var digits
        && digits.All(c => c is >= '0' and <= '7') ? digits.Aggregate(0L, (number, c) => 8 * number + c - '0')
            : throw new InvalidDataException($"expected octal digits in a header, found '{digits}'.");
}
