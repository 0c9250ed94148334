namespace Tensorlet.Data;

/// <summary>Ways to make a batch from samples.</summary>
public static class Collate
{
    /// <summary>
    /// Stacks the first tensors of all samples along a new first axis, then the second tensors of all samples, and
    /// so on.
    /// </summary>
    /// <param name="samples">The samples.</param>
    /// <param name="numbers">The index of each sample in the dataset, which is used in error messages only. If the
    /// indices are not given, they are 0, 1, …</param>
    /// <exception cref="ShapeException">There are no samples; or the samples have different numbers of tensors; or
    /// tensors at the same position have different shapes or types.</exception>
    public static Tensor[] Default(Tensor[][] samples, ReadOnlySpan<long> numbers = default)
    {
        if (samples.Given() is not [var first, ..]) throw new ShapeException("Collate: there are no samples.");
        for (var i = 1; i < samples.Length; i++)
            if (samples[i].Length != first.Length || !samples[i].Zip(first, Alike).All(alike => alike))
                throw new ShapeException(
                    $"Collate: sample {Number(0, numbers)} is {Shown(first)}, and sample {Number(i, numbers)} is " +
                    $"{Shown(samples[i])}: they cannot be stacked. Give them one shape, or use Collate.Padded().");
        return [.. first.Select((_, part) => Tensor.Stack([.. samples.Select(sample => sample[part])]))];

        static bool Alike(Tensor a, Tensor b) =>
            a.Given(nameof(samples)).DType == b.Given(nameof(samples)).DType && a.Layout.SameShape(b.Layout);
        static long Number(int i, ReadOnlySpan<long> numbers) => numbers.IsEmpty ? i : numbers[i];
        static string Shown(Tensor[] sample) => string.Join(" and ", sample.Select(t => $"{t.DType} {t.Layout}"));
    }

    /// <summary>
    /// Returns a function that makes a batch from N samples. If the tensors at the same position in all samples are
    /// sequences of shape (L, …), where L may differ from sample to sample, the sequences are padded at the end to the
    /// length of the longest sequence and then stacked to a tensor of shape (N, L, …). Tensors without axes are stacked
    /// without padding, to a tensor of shape (N). For each position at which the samples have sequences, an Int64
    /// tensor of shape (N) is added at the end of the batch. It contains the lengths of the sequences before the
    /// padding.
    /// </summary>
    /// <param name="value">The value with which the shorter sequences are padded.</param>
    public static Func<Tensor[][], Tensor[]> Padded(double value = 0) => samples =>
    {
        if (samples is not [var first, ..] || samples.Any(s => s.Length != first.Length)) return Default(samples);
        int[] parts = [.. Enumerable.Range(0, first.Length).Where(part => first[part].Rank > 0)];
        var lengths = parts.Select(part =>
            Tensor.From<long>([.. samples.Select(sample => sample[part].Size(0))])).ToList();
        var longest = parts.ToDictionary(part => part, part => samples.Max(sample => sample[part].Size(0)));
        return [.. Default([.. samples.Select(sample => sample.Select(Pad).ToArray())]), .. lengths];

        Tensor Pad(Tensor t, int part) => !longest.TryGetValue(part, out var length) ? t
            : Tensor.Cat([t, t.NewEmpty([length - t.Size(0), .. t.Shape[1..]]).SetAll(value)]);
    };
}
