using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tensorlet;

/// <summary>
/// Reads and writes a file with named tensors, in the safetensors format. The file consists of three parts without
/// gaps: the length of a JSON header (8 bytes, little-endian); the header, which has the type, shape and position of
/// each tensor; and the elements of the tensors.
/// </summary>
/// <remarks>
/// A file that is written gets the metadata entry <c>tensorlet.sha256</c>. If a file that is read has this entry, the
/// entry is verified. The entry is the SHA-256 of the whole file, including the header, in 64 hexadecimal digits. So
/// the check also covers the names and shapes of the tensors, and not only their elements. While the SHA-256 is
/// computed, 64 zeros are in place of its digits.
/// </remarks>
public static partial class SafeTensors
{
    const int LargestHeader = 100_000_000;
    const string Metadata = "__metadata__", Checksum = "tensorlet.sha256";

    /// <summary>
    /// Writes a file under a temporary name in the folder of <paramref name="path"/>, flushes the file to disk, and
    /// renames it to <paramref name="path"/>. So a new file replaces an old one only when it is complete, and the old
    /// file remains if writing is interrupted. If a process is killed while it writes the file, its temporary file is
    /// deleted when a file is next written to this path. Tensors whose elements take more bytes come first, so that all
    /// elements are aligned. Before the old file is replaced, the new header is read and checked in the same way as by
    /// <see cref="Load(string)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">A tensor is null or named <c>__metadata__</c>; or a metadata entry is null
    /// or named <c>tensorlet.sha256</c>; or a name or a metadata entry is not valid Unicode, because it contains an
    /// unpaired surrogate; or the header would be longer than 100,000,000 bytes.</exception>
    /// <exception cref="ShapeException">A tensor has more than 64 axes.</exception>
    public static void Save(
        string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var zeros = new string('0', 2 * SHA256.HashSizeInBytes);
        if (metadata?.ContainsKey(Checksum) == true || tensors.Given().ContainsKey(Metadata))
            throw new ArgumentException(
                $"Save: the note '{Checksum}' and the name '{Metadata}' are reserved by the format; choose others.");
        var notes = new Dictionary<string, string>([new(Checksum, zeros), .. metadata?.AsEnumerable() ?? []]);
        var header = new Dictionary<string, object> { [Metadata] = notes };
        var ordered = tensors.OrderByDescending(t => FileType.Of(t.Key, t.Value).Size).ToArray();
        var end = 0L;
        foreach (var (name, tensor) in ordered)
            header.Add(name, new Written(FileType.Of(name, tensor).Name, [.. tensor.Size()],
                [end, end += (long)tensor.Numel * tensor.DType.Size()]));
        var json = JsonSerializer.SerializeToUtf8Bytes(header, Json.Default.DictionaryStringObject);
        var sum = 8 + json.AsSpan().IndexOf(Encoding.UTF8.GetBytes(zeros));         // the digits come first
        Array.Resize(ref json, (json.Length + 7) / 8 * 8);
        json.AsSpan().Replace((byte)0, (byte)' ');
        if (json.Length > LargestHeader) throw new ArgumentException($"Save: the names take {json.Length} bytes.");
        try
        {
            var (entries, read) = Header(json, end);
            if (!header.Keys.Except(entries.Select(e => e.Name)).SequenceEqual([Metadata]) || read.Except(notes).Any())
                throw new InvalidDataException("a name or a note is not valid text: it contains half a character");
        }
        catch (InvalidDataException e)
        { throw new ArgumentException($"Save: {path} could not be read again: {e.Message}.", e); }
        Files.Write(path, file =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Put(BitConverter.GetBytes((long)json.Length));
            Put(json);
            foreach (var (_, tensor) in ordered) FileType.Write(tensor, Put);
            file.Position = sum;
            file.Write(Encoding.UTF8.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset())));

            void Put(ReadOnlySpan<byte> bytes)
            {
                hash.AppendData(bytes);
                file.Write(bytes);
            }
        });
    }

    /// <summary>
    /// Reads a file. The types BOOL, I64, F32 and F64 become Bool, Int64, Float32 and Float64; F16 and BF16 become
    /// Float32; I32, I16, I8, U32, U16 and U8 become Int64. The header is checked completely before memory is
    /// allocated for tensors. The header is read one token at a time. Therefore, reading a file needs memory only for
    /// the header and for the elements of the tensors, plus about 1 kB for each tensor.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is not a safetensors file, or it is damaged; the message says
    /// what was expected and what was found.</exception>
    public static Dictionary<string, Tensor> Load(string path) => Load(path, out _);

    /// <inheritdoc cref="Load(string)"/>
    /// <param name="path">The file.</param>
    /// <param name="metadata">The metadata of the file, without the checksum.</param>
    public static Dictionary<string, Tensor> Load(string path, out Dictionary<string, string> metadata)
    {
        (var tensors, metadata) = Load(path, checksum: false);
        return tensors;
    }

    /// <summary>Reads a file. If <paramref name="checksum"/> is true, a file without a checksum is refused.</summary>
    internal static (Dictionary<string, Tensor> Tensors, Dictionary<string, string> Metadata) Load(
        string path, bool checksum) => Files.Read(path, "safetensors", file =>
    {
        var length = new byte[8];
        file.ReadExactly(length);
        var size = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (size is < 2 or > LargestHeader || size > file.Length - 8)
            throw new InvalidDataException($"it says that its header has {size} bytes, but the file has {file.Length}");
        var json = new byte[size];
        file.ReadExactly(json);
        var (entries, notes) = Header(json, file.Length - 8 - size);
        notes.Remove(Checksum, out var sum);
        if (checksum && sum is null) throw new InvalidDataException($"it has no checksum '{Checksum}'");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (sum is not null)
        {
            var digits = json.AsSpan().IndexOf(Encoding.UTF8.GetBytes(sum));
            if (digits >= 0) json.AsSpan(digits, sum.Length).Fill((byte)'0');
            hash.AppendData(length);
            hash.AppendData(json);
        }
        var tensors = new Dictionary<string, Tensor>(entries.Count);
        foreach (var (name, type, shape, _, _) in entries)
            tensors[name] = type.Read(shape, bytes =>
            {
                file.ReadExactly(bytes);
                if (sum is not null) hash.AppendData(bytes);
            });
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return sum is null || sum == found ? (tensors, notes) : throw new InvalidDataException(
            $"its checksum is {found}, but it says {sum}: it was damaged or changed");
    });

    /// <summary>
    /// Reads the header, and returns the entries in the order of their positions in the data. The entries must follow
    /// one another without gaps, from the beginning to the end of the data.
    /// </summary>
    static (List<Entry> Entries, Dictionary<string, string> Notes) Header(ReadOnlySpan<byte> json, long dataLength)
    {
        var reader = new Utf8JsonReader(json);
        var entries = new Dictionary<string, Entry>();
        Dictionary<string, string>? notes = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidDataException($"its header begins with {reader.TokenType} instead of StartObject");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (name == Metadata ? notes is not null : entries.ContainsKey(name))
                throw new InvalidDataException($"its header has '{name}' twice");
            if (name == Metadata) notes = JsonSerializer.Deserialize(ref reader, Json.Default.DictionaryStringString);
            else entries.Add(name, Checked(name, JsonSerializer.Deserialize(ref reader, Json.Default.Written)));
        }
        if (notes?.ContainsValue(null!) == true) throw new InvalidDataException("one of its notes is null");
        reader.Read();                  // throws an exception at whatever follows
        var (ordered, at) = (entries.Values.OrderBy(e => e.Begin).ThenBy(e => e.End).ToList(), 0L);
        foreach (var entry in ordered)
        {
            if (entry.Begin != at)
                throw new InvalidDataException($"'{entry.Name}' begins at byte {entry.Begin} instead of {at}");
            at = entry.End;
        }
        return at == dataLength ? (ordered, notes ?? [])
            : throw new InvalidDataException($"its tensors take {at} bytes, but there are {dataLength}");
    }

    static Entry Checked(string name, Written? entry)
    {
        var type = FileType.All.FirstOrDefault(t => t.Name == entry?.Type) ?? throw new InvalidDataException(
            $"'{name}' has type {entry?.Type}; known are {string.Join(", ", FileType.All.Select(t => t.Name))}");
        if (entry!.Place is not [>= 0 and var begin, >= 0 and var end])
            throw new InvalidDataException($"'{name}' does not have two data_offsets from 0 on");
        try { return new(name, type, type.Shape(entry.Shape, end - begin), begin, end); }
        catch (Exception e) when (Files.IsDamage(e)) { throw new InvalidDataException($"'{name}': {e.Message}", e); }
    }

    sealed record Entry(string Name, FileType Type, int[] Shape, long Begin, long End);

    /// <summary>
    /// The entry of a tensor in the header, as it is written in JSON. It must have each of these members exactly
    /// once, and no other members.
    /// </summary>
    sealed record Written(
        [property: JsonPropertyName("dtype")] string Type, [property: JsonPropertyName("shape")] List<long> Shape,
        [property: JsonPropertyName("data_offsets")] List<long> Place);

    /// <summary>
    /// The code that converts these types to JSON and back. The code is generated by the compiler, so that it needs
    /// no reflection.
    /// </summary>
    [JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, Converters = [typeof(Sizes)])]
    [JsonSerializable(typeof(Dictionary<string, object>)), JsonSerializable(typeof(Written))]
    [JsonSerializable(typeof(Dictionary<string, string>))]
    sealed partial class Json : JsonSerializerContext;

    /// <summary>
    /// Reads and writes the sizes of a tensor in JSON. A list of more sizes than a tensor may have is not read to its
    /// end.
    /// </summary>
    sealed class Sizes : JsonConverter<List<long>>
    {
        public override List<long> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            List<long> numbers = [];
            while (reader.Read() && reader.TokenType == JsonTokenType.Number && numbers.Count <= FileType.MostAxes)
                numbers.Add(reader.GetInt64());
            return reader.TokenType == JsonTokenType.EndArray ? numbers : throw new InvalidDataException(
                $"it has {reader.TokenType} within a list of up to {FileType.MostAxes} sizes");
        }

        public override void Write(Utf8JsonWriter writer, List<long> value, JsonSerializerOptions options) =>
            writer.WriteRawValue($"[{string.Join(',', value)}]");
    }
}
