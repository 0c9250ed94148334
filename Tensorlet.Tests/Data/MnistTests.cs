using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests;

public sealed class MnistTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-mnist-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    void Write(string name, int[] shape, byte fill = 0)
    {
        var elements = new byte[shape.Aggregate((a, b) => a * b)];
        elements.AsSpan().Fill(fill);
        File.WriteAllBytes(Path.Combine(folder, name), [.. Idx.Header(shape), .. elements]);
    }

    [Fact]
    public void A_missing_file_is_named_with_the_folder_and_the_variable()
    {
        var error = Assert.Throws<FileNotFoundException>(() => MNIST.Load(folder, train: true));
        string[] words = ["train-images-idx3-ubyte.gz", folder, "TENSORLET_DATA"];
        Assert.All(words, word => Assert.Contains(word, error.Message));
    }

    [Fact]
    public void A_wrong_shape_is_refused()
    {
        Write("t10k-images-idx3-ubyte", [10, 28, 28]);
        var error = Assert.Throws<InvalidDataException>(() => MNIST.Load(folder, train: false));
        Assert.Contains("expected shape [10000, 28, 28], found [10, 28, 28]", error.Message);
    }

    [Fact]
    public void Other_data_of_the_same_shape_are_refused()
    {
        Write("t10k-images-idx3-ubyte", [10_000, 28, 28]);
        Assert.Contains("MD5", Assert.Throws<InvalidDataException>(() => MNIST.Load(folder, train: false)).Message);
    }

    /// <summary>
    /// The mean 0.1307 and the standard deviation 0.3081 are the figures with which every MNIST program normalizes.
    /// </summary>
    [DataFact]
    public void The_real_files_are_read()
    {
        var data = Assert.IsType<string>(MNIST.Folder);
        var (images, labels) = MNIST.Load(data, train: true);
        Assert.Equal((60_000 * 784, 60_000), (images.Length, labels.Length));
        Assert.Equal([5, 0, 4, 1, 9], labels[..5]);
        var mean = images.Average(pixel => pixel / 255.0);
        Assert.Equal(0.1307, mean, 4);
        Assert.Equal(0.3081, Math.Sqrt(images.Average(pixel => Math.Pow(pixel / 255.0 - mean, 2))), 4);
        (images, labels) = MNIST.Load(data, train: false);
        Assert.Equal((10_000 * 784, 10_000), (images.Length, labels.Length));
        Assert.Equal([7, 2, 1, 0, 4], labels[..5]);
    }

    [DataFact]
    public void A_real_file_with_one_changed_pixel_is_refused()
    {
        var place = Path.Combine(MNIST.Folder!, "mnist");
        if (!Directory.Exists(place)) place = MNIST.Folder!;
        var (data, shape) = Idx.Read(Directory.GetFiles(place, "t10k-images*")[0]);
        data[1234]++;
        File.WriteAllBytes(Path.Combine(folder, "t10k-images-idx3-ubyte"), [.. Idx.Header(shape), .. data]);
        Assert.Contains("MD5", Assert.Throws<InvalidDataException>(() => MNIST.Load(folder, train: false)).Message);
    }
}
