using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Values that are sent to another process as JSON, followed by the bytes of the tensors that are copied. A shared
/// tensor is sent as its name. A parcel is marked as leaving if it may be read after this process has ended; the
/// result of the process is such a parcel. In a leaving parcel, a tensor that this process itself has shared is
/// copied instead.
/// </summary>
[RequiresUnreferencedCode(Why), RequiresDynamicCode(Why)]
sealed class Parcel
{
    internal const string Why = "What is sent between processes is JSON of any type, read and written by reflection.";

    sealed record Head(JsonElement[] Values, Kind[] Copies);
    sealed record Kind(DType Type, int[] Shape);
    sealed record Shared(string Name, int[] Shape, int[] Strides, int Offset);

    static readonly JsonSerializerOptions options = new()
    {
        Converters = { new Converter() }, IncludeFields = true,             // needed for pairs
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
    [ThreadStatic] static Parcel? current; // the parcel that the converter reads or writes
    readonly List<Tensor> copies = [];
    readonly JsonElement[] values;
    readonly byte[] head;
    readonly bool leaving;

    /// <summary>Creates a parcel from copies of the values in their current state.</summary>
    public Parcel(bool leaving, params IEnumerable<(object? Value, Type Type)> items)
    {
        this.leaving = leaving;
        values = Converting<JsonElement[]>(() =>
            [.. items.Select(item => JsonSerializer.SerializeToElement(item.Value, item.Type, options))]);
        head = JsonSerializer.SerializeToUtf8Bytes(
            new Head(values, [.. copies.Select(x => new Kind(x.DType, x.Size()))]), options);
    }

    /// <summary>Reads a parcel that <see cref="Write"/> has written.</summary>
    /// <exception cref="JsonException">The stream does not contain such a parcel.</exception>
    /// <exception cref="EndOfStreamException">The parcel is shorter than its header says.</exception>
    public Parcel(Stream stream)
    {
        var length = 0;
        stream.ReadExactly(MemoryMarshal.AsBytes(new Span<int>(ref length)));
        if (length < 0 || (stream.CanSeek && length > stream.Length - stream.Position))
            throw new JsonException($"What another process sent is damaged: its length is {length}.");
        stream.ReadExactly(head = new byte[length]);
        (values, var kinds) = JsonSerializer.Deserialize<Head>(head, options)!;
        foreach (var (type, shape) in kinds)
        {
            copies.Add(Tensor.Empty(shape, type, Device.Cpu));
            stream.ReadExactly(Bytes(copies[^1]));
        }
    }

    static Span<byte> Bytes(Tensor x) => ((HostStorage)x.Storage).Bytes;

    /// <summary>The number of bytes that <see cref="Write"/> writes.</summary>
    public long Length => sizeof(int) + head.Length + copies.Sum(x => (long)Bytes(x).Length);

    public void Write(Stream stream)
    {
        stream.Write(BitConverter.GetBytes(head.Length));
        stream.Write(head);
        foreach (var x in copies) stream.Write(Bytes(x));
    }

    /// <exception cref="JsonException">The value does not have this type.</exception>
    public object? Get(int i, Type type) => Converting(() => values[i].Deserialize(type, options));

    T Converting<T>(Func<T> step)
    {
        current = this;
        try { return step(); }
        finally { current = null; }
    }

    [RequiresUnreferencedCode(Why), RequiresDynamicCode(Why)]
    sealed class Converter : JsonConverter<Tensor>
    {
        public override void Write(Utf8JsonWriter writer, Tensor x, JsonSerializerOptions options)
        {
            if (x.File() is { } file && !(current!.leaving && file.IsMine))
                JsonSerializer.Serialize(writer,
                    new Shared(file.Name, x.Size(), x.Layout.Strides.ToArray(), x.Layout.Offset), options);
            else
            {
                writer.WriteNumberValue(current!.copies.Count);
                current.copies.Add(x.Cpu().Clone());
            }
        }

        public override Tensor Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.Number) return current!.copies[reader.GetInt32()];
            var (name, shape, strides, offset) = JsonSerializer.Deserialize<Shared>(ref reader, options)!;
            return SharedTensors.Open(name).With(new Layout(shape, strides, offset));
        }
    }
}
