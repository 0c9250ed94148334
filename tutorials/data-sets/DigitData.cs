using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>Digits for training and testing: bytes as they are drawn, and tensors as LeNet takes them.</summary>
sealed record DigitData(string Source, byte[] Images, byte[] Labels)
{
    const float Mean = 0.1307f, Deviation = 0.3081f;

    /// <summary>(N, 1, 32, 32), with mean 0 and standard deviation 1 over MNIST, and the labels.</summary>
    public TensorDataset Dataset(DType type = DType.Float32) => new(Pixels(Mean, Deviation).To(type), Classes);

    /// <summary>The same, with each digit rotated, moved and scaled a little, in another way each time.</summary>
    public Dataset Augmented() => new TensorDataset(Pixels(0, 1), Classes)
        .Map(new RandomAffine(10, translate: (0.06, 0.06), scale: (0.9, 1.1)))
        .Map(new Normalize([Mean], [Deviation]));

    Tensor Classes => Tensor.From(Array.ConvertAll(Labels, label => (long)label));

    Tensor Pixels(float mean, float deviation)
    {
        var pixels = Tensor.From(Array.ConvertAll(Images, pixel => (pixel / 255f - mean) / deviation),
            [Labels.Length, 1, 28, 28]);
        var padded = Tensor.Full([Labels.Length, 1, 32, 32], -mean / deviation);
        padded[.., .., 2..30, 2..30] = pixels;
        return padded;
    }

    public DigitData First(int count) =>
        count >= Labels.Length ? this : this with { Images = Images[..(count * 784)], Labels = Labels[..count] };

    /// <summary>MNIST if the folder has it, otherwise generated digits; fewer of them in the quick form.</summary>
    public static (DigitData Train, DigitData Test) Load(Options options)
    {
        if (options.Data is { Length: > 0 } folder)
        {
            var (train, test) = (MNIST.Load(folder, train: true), MNIST.Load(folder, train: false));
            return (new DigitData("MNIST", train.Images, train.Labels).First(options.Quick ? 12_000 : 60_000),
                new DigitData("MNIST", test.Images, test.Labels).First(options.Quick ? 2_000 : 10_000));
        }
        var (drawn, held) = (Digits.Generate(options.Quick ? 12_000 : 40_000, seed: 1),
            Digits.Generate(options.Quick ? 2_000 : 10_000, seed: 2));
        return (new("generated digits", drawn.Images, drawn.Labels), new("generated digits", held.Images, held.Labels));
    }
}
