using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Tensorlet;

/// <summary>
/// Reads and writes a file with one tensor, in NumPy's format. The file consists of a magic number and a version, the
/// length of the header, the header (a Python dictionary with the type, the order of the axes and the shape), and the
/// numbers.
/// </summary>
public static class Npy
{
    const int LongestHeader = ushort.MaxValue;
    static readonly byte[] magic = [0x93, .. "NUMPY"u8];

    // a header has three members and no others; atomic groups never backtrack, so that the time is linear
    const string Sizes = @"(?>(?: *[0-9]{1,10}L? *,)+)(?: *[0-9]{1,10}L?)? *| *",
        Member = @"(?> *(?<q>['""])(?:descr\k<q> *: *(?<p>['""])(?<order>[<>|=])(?<code>\w+)\k<p>" +
            $@"|fortran_order\k<q> *: *(?<fortran>True|False)|shape\k<q> *: *\((?<sizes>{Sizes})\)) *)";
    static readonly Regex dictionary = new($@"^\{{{Member},{Member},{Member}(?:, *)?\}} *\n?\z");

    /// <summary>
    /// Writes a tensor in the same way as <c>numpy.save</c>: as version 1.0, in row-major order, little-endian. If
    /// writing is interrupted, an old file with this path remains unchanged; see <see cref="SafeTensors.Save"/>.
    /// </summary>
    /// <exception cref="ShapeException">The tensor has more than 64 axes.</exception>
    public static void Save(string path, Tensor tensor) => Files.Write(path, file => Write(tensor, file.Write));

    /// <summary>
    /// Reads a file of version 1.0, 2.0 or 3.0, with either byte order, and in row-major (C) or column-major (Fortran)
    /// order. If the file is in column-major order, the result is a view whose strides have this order too. NumPy's
    /// types b1, i8, f4 and f8 become Bool, Int64, Float32 and Float64; f2 becomes Float32; i4, i2, i1, u4, u2 and u1
    /// become Int64. Before memory is allocated, the shape is compared with the length of the file. The format has no
    /// checksum, so a change of the numbers is not noticed.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is not an .npy file; or the file is shorter or longer than its
    /// shape says; or the header is longer than 65,535 bytes; or the type of the elements is not one of the types
    /// above. Python objects are never unpickled.</exception>
    public static Tensor Load(string path) => Files.Read(path, "npy", file => Read(file.ReadExactly, file.Length));

    internal static void Write(Tensor tensor, Action<ReadOnlySpan<byte>> put)
    {
        const int align = 64, before = 10;
        var (type, sizes) = (FileType.Of(nameof(tensor), tensor), string.Join(", ", tensor.Size()));
        var text = $"{{'descr': '{(type.Size == 1 ? '|' : '<')}{type.Code}', 'fortran_order': False, " +
            $"'shape': ({sizes}{(tensor.Rank == 1 ? "," : "")}), }}";
        var length = (before + text.Length + align) / align * align - before;
        byte[] header = [.. magic, 1, 0, (byte)length, (byte)(length >> 8),
            .. Encoding.ASCII.GetBytes(text.PadRight(length - 1) + '\n')];
        put(header);
        FileType.Write(tensor, put);
    }

    /// <summary>
    /// Reads a header and a tensor, which together take <paramref name="length"/> bytes. The caller ensures that no
    /// more bytes follow.
    /// </summary>
    internal static Tensor Read(Action<Span<byte>> fill, long length)
    {
        var start = Next(8);
        if (!start.AsSpan().StartsWith(magic) || start is not [.., 1 or 2 or 3, 0]) throw new InvalidDataException(
            $"it begins with {BitConverter.ToString(start)}; expected 93-4E-55-4D-50-59 and version 1.0, 2.0 or 3.0");
        var size = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(Next(2))
            : BinaryPrimitives.ReadUInt32LittleEndian(Next(4));
        if (size > Math.Min(LongestHeader, length)) throw new InvalidDataException(
            $"it says that its header has {size} bytes; at most {Math.Min(LongestHeader, length)} are possible");
        var text = Encoding.Latin1.GetString(Next((int)size));
        var found = dictionary.Match(text).Groups;
        var type = FileType.All.FirstOrDefault(t => t.Code == found["code"].Value);
        if (type is null || !found["fortran"].Success || !found["sizes"].Success) throw new InvalidDataException(
            "expected a header with descr, fortran_order and shape, of the types " +
            $"{string.Join(", ", FileType.All.Select(t => t.Code).Where(c => c != ""))}; found {text.TrimEnd()}");
        long[] sizes = [.. found["sizes"].Value.Split([',', ' ', 'L'], StringSplitOptions.RemoveEmptyEntries)
            .Select(long.Parse)];
        var fortran = found["fortran"].Value == "True";
        var shape = type.Shape(fortran ? [.. sizes.Reverse()] : sizes, length);
        var tensor = type.Read(shape, fill, reversed: found["order"].Value == ">");
        return fortran ? tensor.Permute([.. Enumerable.Range(0, shape.Length).Reverse()]) : tensor;

        byte[] Next(int count)
        {
            var bytes = new byte[count];
            fill(bytes);
            length -= count;
            return bytes;
        }
    }
}
