using System.Runtime.InteropServices;
using NAudio.Wave;
using Tensorlet;

namespace Tutorials;

/// <summary>WAV files of 16-bit numbers (PCM) as sounds (C, L), C channels of L samples in [−1, 1), and back.</summary>
static class Wav
{
    const int Bits = 16;
    const int Channels = short.MaxValue / 2;        // a frame has at most 32,767 bytes

    /// <summary>Writes a sound (C, L); samples beyond ±1 are clipped.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sound">(C, L).</param>
    /// <param name="rate">Samples per second.</param>
    /// <exception cref="ShapeException">It is not a sound of 1 to 16,383 channels, or it is larger than 2
    /// GB.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not positive, or a second is larger than 2 GB.
    /// </exception>
    public static void Write(string path, Tensor sound, int rate)
    {
        const int header = 44;
        if (sound.Size() is not ([> 0 and <= Channels, _] and var shape)
            || sound.Numel > (int.MaxValue - header) / 2)
            throw new ShapeException($"Write: a sound is (C, L), C from 1 to {Channels}, not {sound.Layout}.");
        if (rate <= 0 || rate > int.MaxValue / 2 / shape[0]) throw new ArgumentOutOfRangeException(nameof(rate), rate,
            $"Write: the rate must be from 1 to {int.MaxValue / 2 / shape[0]} for {shape[0]} channels.");
        var samples = Array.ConvertAll(sound.T.ToArray<float>(), x =>
            (short)Math.Clamp(MathF.Round(x * 32768), short.MinValue, short.MaxValue));
        using var file = new WaveFileWriter(path, new WaveFormat(rate, Bits, shape[0]));
        file.WriteSamples(samples, 0, samples.Length);
    }

    /// <summary>The sound (C, L), and the number of samples per second.</summary>
    /// <exception cref="InvalidDataException">It is not a WAV file of 16-bit PCM, or it is damaged.</exception>
    public static (Tensor Sound, int Rate) Read(string path)
    {
        using var file = File.OpenRead(path);
        using var sound = Open();
        var (format, bytes) = (sound.WaveFormat, new byte[sound.Length]);
        if (format.Encoding != WaveFormatEncoding.Pcm || format.BitsPerSample != Bits)
            throw Damaged($"expected PCM of {Bits} bits, found {format.Encoding} of {format.BitsPerSample}");
        // The reader accepts a file that was cut off. The number of bytes that it should have is before the samples.
        file.Position -= sizeof(uint);
        var expected = new BinaryReader(file).ReadUInt32();
        if (expected != bytes.Length) throw Damaged($"expected {expected} bytes of samples, found {bytes.Length}");
        if (format.Channels <= 0 || format.SampleRate <= 0 || bytes.Length % (2 * format.Channels) != 0) throw Damaged(
            $"{bytes.Length} bytes are no samples of {format.Channels} channels at {format.SampleRate} a second");
        file.ReadExactly(bytes);
        var samples = Array.ConvertAll(MemoryMarshal.Cast<byte, short>(bytes).ToArray(), x => x / 32768f);
        var frames = Tensor.From(samples, [samples.Length / format.Channels, format.Channels]);
        return (frames.T.Contiguous(), format.SampleRate);

        WaveFileReader Open()
        {
            try
            {
                return new(file);
            }
            catch (Exception e) when (e is FormatException or EndOfStreamException or InvalidDataException)
            {
                throw Damaged(e.Message.TrimEnd('.'));
            }
        }

        InvalidDataException Damaged(string what) => new($"{path}: {what}.");
    }
}
