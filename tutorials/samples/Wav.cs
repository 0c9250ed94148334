using System.Buffers.Binary;
using System.Text;
using Tensorlet;

namespace Tutorials;

/// <summary>WAV files of 16-bit numbers (PCM) as sounds (C, L), C channels of L samples in [−1, 1), and back.</summary>
static class Wav
{
    /// <summary>Writes a sound (C, L); samples beyond ±1 are clipped.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sound">(C, L).</param>
    /// <param name="rate">Samples per second.</param>
    /// <exception cref="ShapeException">It is not a sound of 1 to 32,767 channels, or it is larger than 2
    /// GB.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not positive, or a second is larger than 2 GB.
    /// </exception>
    public static void Write(string path, Tensor sound, int rate)
    {
        const int header = 36;
        if (sound.Size() is not ([> 0 and <= short.MaxValue, _] and var shape)
            || sound.Numel > (int.MaxValue - header) / 2)
            throw new ShapeException($"Write: a sound is (C, L), C from 1 to {short.MaxValue}, not {sound.Layout}.");
        if (rate <= 0 || rate > int.MaxValue / 2 / shape[0]) throw new ArgumentOutOfRangeException(nameof(rate), rate,
            $"Write: the rate must be from 1 to {int.MaxValue / 2 / shape[0]} for {shape[0]} channels.");
        var samples = Array.ConvertAll(sound.T.ToArray<float>(), x =>
            (short)Math.Clamp(MathF.Round(x * 32768), short.MinValue, short.MaxValue));
        using var file = new BinaryWriter(File.Create(path));
        var (frame, bytes) = (2 * shape[0], 2 * samples.Length);
        file.Write("RIFF"u8);
        file.Write(header + bytes);
        file.Write("WAVEfmt "u8);
        file.Write(16);                     // what follows up to the data
        file.Write((short)1);               // PCM
        file.Write((short)shape[0]);
        file.Write(rate);
        file.Write(rate * frame);
        file.Write((short)frame);
        file.Write((short)16);
        file.Write("data"u8);
        file.Write(bytes);
        foreach (var sample in samples) file.Write(sample);
    }

    /// <summary>The sound (C, L), and the number of samples per second.</summary>
    /// <exception cref="InvalidDataException">It is not a WAV file of 16-bit PCM, or it is damaged.</exception>
    public static (Tensor Sound, int Rate) Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var (format, data) = (Array.Empty<byte>(), (byte[]?)null);
        if (bytes.Length < 12 || Name(0) != "RIFF" || Name(8) != "WAVE")
            throw Damaged("expected RIFF and WAVE at its beginning");
        for (long at = 12; at + 8 <= bytes.Length && data is null;)
        {
            var size = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((int)at + 4));
            if (size > bytes.Length - at - 8) throw Damaged($"expected {size} bytes of '{Name((int)at)}', found " +
                $"{bytes.Length - at - 8}");
            var content = bytes[((int)at + 8)..((int)at + 8 + (int)size)];
            if (Name((int)at) == "fmt ") format = content;
            if (Name((int)at) == "data") data = content;
            at += 8 + size + size % 2;      // chunks begin at even positions
        }
        if (data is null || format.Length < 16) throw Damaged("expected chunks 'fmt ' and 'data', one is missing");
        int Number(int at, int length) => length == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(at))
            : BinaryPrimitives.ReadInt32LittleEndian(format.AsSpan(at));
        var (kind, channels, rate, bits) = (Number(0, 2), Number(2, 2), Number(4, 4), Number(14, 2));
        if (kind != 1 || bits != 16) throw Damaged($"expected format 1 (PCM) of 16 bits, found {kind} of {bits}");
        if (channels == 0 || rate <= 0 || data.Length % (2 * channels) != 0)
            throw Damaged($"{data.Length} bytes are no samples of {channels} channels at {rate} a second");
        var samples = new float[data.Length / 2];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(data.AsSpan(2 * i)) / 32768f;
        return (Tensor.From(samples, [samples.Length / channels, channels]).T.Contiguous(), rate);

        string Name(int at) => Encoding.ASCII.GetString(bytes, at, 4);
        InvalidDataException Damaged(string what) => new($"{path}: {what}.");
    }
}
