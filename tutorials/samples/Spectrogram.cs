using MathNet.Numerics.IntegralTransforms;
using Tensorlet;

namespace Tutorials;

/// <summary>Which frequencies a sound contains, and when.</summary>
static class Spectrogram
{
    /// <summary>
    /// 10·log₁₀ |X|² in decibels, (F, T): X is the Fourier transform of the sound (L) under Hann windows of size
    /// samples, each hop samples after the one before. Row f is the frequency f·rate/size; F = size/2 + 1, and T = ⌊(L
    /// − size)/hop⌋ + 1.
    /// </summary>
    public static Tensor Of(Tensor sound, int size = 512, int hop = 128)
    {
        var hann = Tensor.From(MathNet.Numerics.Window.HannPeriodic(size));
        var windows = sound.To(DType.Float64).Windows(0, size, hop) * hann;         // (T, size)
        return Tensor.Stack([.. Enumerable.Range(0, windows.Size(0))
            .Select(t => Tensor.From(Column(windows[t].ToArray<double>())))], 1);
    }

    static double[] Column(double[] window)
    {
        double[] x = [.. window, 0, 0];         // becomes real and imaginary part of X₀, of X₁, …
        Fourier.ForwardReal(x, window.Length, FourierOptions.NoScaling);
        return [.. x.Chunk(2).Select(part => 10 * Math.Log10(part[0] * part[0] + part[1] * part[1] + 1e-12))];
    }

    /// <summary>
    /// A picture (3, F, T) of the loudest 80 decibels, from black over red and yellow to white, with low frequencies at
    /// the bottom.
    /// </summary>
    public static Tensor Picture(Tensor decibels)
    {
        var level = (decibels - decibels.AMax()) / 80 + 1;
        return new Variable(Tensor.Stack([level * 3, level * 3 - 1, level * 3 - 2])).Clamp(0, 1).Data.Flip(1);
    }
}
