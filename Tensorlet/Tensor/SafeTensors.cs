using System.Buffers.Binary;
using System.Text.Json;

namespace Tensorlet;

/// <summary>
/// Named tensors in a file, in the safetensors format: the length of a JSON header (8 bytes, little-endian), the header
/// with type, shape and place of each tensor, and the numbers.
/// </summary>
public static class SafeTensors
{
    const int LargestHeader = 100_000_000;

    /// <summary>
    /// Writes a file, first under a temporary name, flushed to disk and then renamed: the old or the new one is there
    /// whole.
    /// </summary>
    public static void Save(
        string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = new SortedDictionary<string, object>(StringComparer.Ordinal);
        if (metadata is { Count: > 0 }) header["__metadata__"] = metadata;
        var at = 0L;
        foreach (var (name, tensor) in tensors)
        {
            var bytes = (long)tensor.Numel * tensor.DType.Size();
            long[] place = [at, at + bytes];
            header[name] = new { dtype = Name(tensor.DType), shape = tensor.Size(), data_offsets = place };
            at += bytes;
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        Array.Resize(ref json, (json.Length + 7) / 8 * 8);
        json.AsSpan().Replace((byte)0, (byte)' ');
        Files.Write(path, file =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
            file.Write(length);
            file.Write(json);
            foreach (var tensor in tensors.Values) file.Write(tensor.Memory<byte>());
        });
    }

    /// <summary>Reads a file. Everything is checked before memory is taken for it.</summary>
    /// <exception cref="InvalidDataException">The file is no safetensors file, or damaged; the message says what was
    /// expected and what is there.</exception>
    public static Dictionary<string, Tensor> Load(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> length = stackalloc byte[8];
        if (file.Length < 8) throw Damaged(path, $"it has {file.Length} bytes, not even a header's 8");
        file.ReadExactly(length);
        var size = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (size is < 2 or > LargestHeader || size > file.Length - 8)
            throw Damaged(path, $"it says that its header has {size} bytes; the file has {file.Length}");
        var json = new byte[size];
        file.ReadExactly(json);
        var entries = Entries(path, json, file.Length - 8 - size);
        var result = new Dictionary<string, Tensor>();
        foreach (var (name, type, shape, begin, end) in entries)
        {
            var bytes = new byte[end - begin];
            file.Position = 8 + size + begin;
            file.ReadExactly(bytes);
            var tensor = Tensor.Empty(shape, type, Device.Cpu);
            Device.Cpu.Upload(bytes, tensor.Storage, 0);
            result[name] = tensor;
        }
        return result;
    }

    static List<(string Name, DType Type, int[] Shape, long Begin, long End)> Entries(string path, byte[] json,
        long dataLength)
    {
        List<(string Name, DType Type, int[] Shape, long Begin, long End)> entries = [];
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__") continue;
                var dtype = property.Value.GetProperty("dtype").GetString();
                var type = Enum.GetValues<DType>().Cast<DType?>().FirstOrDefault(t => Name(t!.Value) == dtype)
                    ?? throw Damaged(path, $"'{property.Name}' has type {dtype}; F32, F64, I64 and BOOL are read");
                int[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(s => s.GetInt32())];
                var offsets = property.Value.GetProperty("data_offsets");
                long[] place = [.. offsets.EnumerateArray().Select(offset => offset.GetInt64())];
                if (place.Length != 2 || (long)Layout.Product(shape) * type.Size() != place[1] - place[0])
                    throw Damaged(path,
                        $"'{property.Name}', {dtype} of {Layout.Show(shape)}, has not bytes {string.Join('…', place)}");
                entries.Add((property.Name, type, shape, place[0], place[1]));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or ShapeException)
        {
            throw Damaged(path, $"its header is not what the format says: {e.Message}");
        }
        // One after another, without gap or overlap, to the end of the file.
        var at = 0L;
        foreach (var entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != at) throw Damaged(path, $"'{entry.Name}' begins at byte {entry.Begin} instead of {at}");
            at = entry.End;
        }
        return at == dataLength ? entries
            : throw Damaged(path, $"its tensors take {at} bytes, and {dataLength} are there");
    }

    static InvalidDataException Damaged(string path, string what) =>
        new($"{path} is no sound safetensors file: {what}.");

    static string Name(DType type) =>
        type switch { DType.Bool => "BOOL", DType.Int64 => "I64", DType.Float32 => "F32", _ => "F64" };
}
