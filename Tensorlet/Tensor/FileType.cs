using System.Numerics;

namespace Tensorlet;

/// <summary>Converts the elements of a file to elements of a tensor.</summary>
delegate void Widening(ReadOnlySpan<byte> from, Span<byte> to);

/// <summary>
/// An element type that occurs in files, and the element type of tensors to which its values are converted without
/// loss.
/// </summary>
/// <param name="Name">The name of this type in safetensors.</param>
/// <param name="Code">The name of this type in NumPy, without the byte order.</param>
/// <param name="Size">The number of bytes of an element in the file.</param>
/// <param name="Type">The element type of tensors to which the values are converted.</param>
/// <param name="Widen">The function that converts elements of the file to elements of the tensor.</param>
sealed record FileType(string Name, string Code, int Size, DType Type, Widening Widen)
{
    const int Piece = 1 << 16;          // elements that are read or written at a time

    /// <summary>The largest number of axes that a tensor in a file may have. NumPy has the same limit.</summary>
    public const int MostAxes = 64;

    /// <summary>All types that can be read. The types that are also written come first.</summary>
    public static readonly FileType[] All =
    [
        Of<byte, byte>("BOOL", "b1", DType.Bool, Truth), Of<long, long>("I64", "i8", DType.Int64),
        Of<float, float>("F32", "f4", DType.Float32), Of<double, double>("F64", "f8", DType.Float64),
        Of<int, long>("I32", "i4", DType.Int64), Of<short, long>("I16", "i2", DType.Int64),
        Of<sbyte, long>("I8", "i1", DType.Int64), Of<uint, long>("U32", "u4", DType.Int64),
        Of<ushort, long>("U16", "u2", DType.Int64), Of<byte, long>("U8", "u1", DType.Int64),
        Of<Half, float>("F16", "f2", DType.Float32), Of<ushort, float>("BF16", "", DType.Float32, UpperHalf),
    ];

    /// <summary>The file type in which a tensor is written.</summary>
    /// <exception cref="ShapeException">The tensor has more than <see cref="MostAxes"/> axes.</exception>
    public static FileType Of(string name, Tensor tensor) => tensor.Given(name).Rank <= MostAxes
        ? All.First(t => t.Type == tensor.DType) : throw new ShapeException(
            $"Save: '{name}', {tensor.Layout}, has {tensor.Rank} axes; files can have up to {MostAxes}.");

    /// <summary>Converts a BF16 to a float. The bits of a BF16 are the upper half of the bits of the float.</summary>
    static float UpperHalf(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    static byte Truth(byte value) => value <= 1 ? value
        : throw new InvalidDataException($"a Boolean has the value {value}, which is neither 0 nor 1");

    static FileType Of<S, T>(string name, string code, DType type, Func<S, T>? convert = null)
        where S : unmanaged, INumberBase<S> where T : unmanaged, INumberBase<T> =>
        new(name, code, Unsafe.SizeOf<S>(), type, convert is null && typeof(S) == typeof(T)
            ? (from, to) => from.CopyTo(to) : (from, to) =>
        {
            var source = MemoryMarshal.Cast<byte, S>(from);
            var target = MemoryMarshal.Cast<byte, T>(to);
            for (var i = 0; i < source.Length; i++)
                target[i] = convert is null ? T.CreateTruncating(source[i]) : convert(source[i]);
        });

    /// <summary>
    /// Converts the sizes to a shape. Refuses the shape if the size of its elements in bytes is not exactly
    /// <paramref name="bytes"/>.
    /// </summary>
    public int[] Shape(IReadOnlyList<long> sizes, long bytes)
    {
        var more = sizes.Count > MostAxes ? ", …" : "";
        var shown = $"{Name} of shape ({string.Join(", ", sizes.Take(MostAxes).Select(n => $"{n}"))}{more})";
        if (sizes.Count > MostAxes || sizes.Any(n => n is < 0 or > int.MaxValue))
            throw new InvalidDataException($"{shown}: expected up to {MostAxes} sizes from 0 to {int.MaxValue}");
        int[] shape = [.. sizes.Select(n => (int)n)];
        return (long)Layout.Product(shape) * Size == bytes ? shape
            : throw new InvalidDataException($"{shown} does not take the {bytes} bytes that the file has for it");
    }

    /// <summary>Reads a tensor, a piece at a time.</summary>
    /// <param name="shape">The shape of the tensor.</param>
    /// <param name="fill">A function that fills a span with the next bytes of the file.</param>
    /// <param name="reversed">Whether the highest byte of each element comes first in the file (big-endian).</param>
    public Tensor Read(int[] shape, Action<Span<byte>> fill, bool reversed = false)
    {
        var result = Tensor.Empty(shape, Type, Device.Cpu);
        var buffer = new byte[Math.Min(Piece, result.Numel) * (Size + Type.Size())];
        for (int at = 0, count; at < result.Numel; at += count)
        {
            count = Math.Min(Piece, result.Numel - at);
            var from = buffer.AsSpan(0, count * Size);
            var to = buffer.AsSpan(from.Length, count * Type.Size());
            fill(from);
            for (var i = 0; reversed && i < from.Length; i += Size) from.Slice(i, Size).Reverse();
            Widen(from, to);
            Device.Cpu.Upload(to, result.Storage, at);
        }
        return result;
    }

    /// <summary>Writes the elements of a tensor in row-major order, a piece at a time.</summary>
    public static void Write(Tensor tensor, Action<ReadOnlySpan<byte>> put)
    {
        tensor = tensor.Contiguous();
        var buffer = new byte[Math.Min(Piece, tensor.Numel) * tensor.DType.Size()];
        for (int at = 0, count; at < tensor.Numel; at += count)
        {
            count = Math.Min(Piece, tensor.Numel - at);
            var bytes = buffer.AsSpan(0, count * tensor.DType.Size());
            tensor.Device.Download(tensor.Storage, tensor.Layout.Offset + at, bytes);
            put(bytes);
        }
        GC.KeepAlive(tensor);
    }
}
