using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Tensorlet;

/// <summary>
/// NumPy's file of one array: six bytes of magic, the version, the length of a header that is a Python dictionary with
/// type, order and shape, and the elements (numpy.lib.format, versions 1.0 to 3.0).
/// </summary>
public static partial class Npy
{
    const int LargestHeader = 10_000;           // as in NumPy
    static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>
    /// Writes a file, at any moment the old or the new one whole: version 1.0, row-major, little-endian.
    /// </summary>
    public static void Save(string path, Tensor tensor) => Files.Write(path, file => Write(tensor, file.Write));

    /// <summary>
    /// Reads a file: truth values, integers of 8 to 64 bits, floats of 16 to 64 bits, in either order of bytes and of
    /// axes. Types that are not ours become the next larger one.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is no NPY file of such a type, or damaged.</exception>
    public static Tensor Load(string path) => Files.Read(path, "NPY", file => Read(file.Length, file.ReadExactly));

    internal static void Write(Tensor tensor, Action<ReadOnlySpan<byte>> put)
    {
        var type = FileType.Of(tensor.DType);
        var sizes = string.Concat(tensor.Size().Select(n => $"{n}, "));
        var header = $"{{'descr': '{(type.Size == 1 ? '|' : '<')}{type.Code}', 'fortran_order': False, " +
            $"'shape': ({(tensor.Rank == 1 ? sizes.TrimEnd() : sizes.TrimEnd(',', ' '))}), }}";
        header = header.PadRight((header.Length + 11 + 63) / 64 * 64 - 11) + '\n';      // elements begin aligned
        put([.. Magic, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header)]);
        FileType.Write(tensor, put);
    }

    /// <summary>Reads an array that takes so many bytes with its header, from whatever gives the next bytes.</summary>
    internal static Tensor Read(long length, Action<Span<byte>> fill)
    {
        byte[] Next(int count)
        {
            var bytes = new byte[(length -= count) >= 0 ? count : throw new InvalidDataException("it is truncated")];
            fill(bytes);
            return bytes;
        }

        var start = Next(8);
        if (!start.AsSpan(0, 6).SequenceEqual(Magic) || start[6] is < 1 or > 3)
            throw new InvalidDataException($"it begins with {Convert.ToHexString(start)}, not with NumPy's magic");
        var size = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(Next(2))
            : BinaryPrimitives.ReadUInt32LittleEndian(Next(4));
        if (size > LargestHeader) throw new InvalidDataException($"it says that its header has {size} bytes");
        var header = Encoding.Latin1.GetString(Next((int)size));
        var (entries, fields) = (Dictionary().Match(header), new Dictionary<string, string>());
        foreach (var (key, value) in entries.Groups["key"].Captures.Zip(entries.Groups["value"].Captures))
            fields[key.Value] = value.Value;
        if (fields.Count != 3) throw new InvalidDataException($"its header is {header.TrimEnd()}");
        var (descr, fortran) = (fields["descr"].Trim('\''), fields["fortran_order"] == "True");
        var type = FileType.All.FirstOrDefault(t => t.Code != "" && descr.Length == 3 && t.Code == descr[1..]);
        if (type is null || !"<>=|".Contains(descr[0]) || (type.Size > 1 && descr[0] == '|'))
            throw new InvalidDataException($"its type is '{descr}'; numbers and truth values are read, such as '<f4'");
        var sizes = Size().Matches(fields["shape"]).Select(n => long.Parse(n.Value));
        var shape = type.Shape([.. fortran ? sizes.Reverse() : sizes], length);
        var tensor = type.Read(shape, fill, reversed: descr[0] == '>');
        return fortran ? tensor.Permute([.. Enumerable.Range(0, tensor.Rank).Reverse()]).Contiguous() : tensor;
    }

    [GeneratedRegex(@"^\{\s*(?:'(?<key>descr|fortran_order|shape)'\s*:\s*" +
        @"(?<value>'[^']*'|True|False|\((?:\s*\d{1,18}L?\s*,)*(?:\s*\d{1,18}L?)?\s*\))(?:\s*,\s*|\s*(?=\}))){3}\}\s*$")]
    private static partial Regex Dictionary();
    [GeneratedRegex(@"\d+")]
    private static partial Regex Size();
}
