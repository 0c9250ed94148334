using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>
/// Images stored as bytes, with labels: a sample is (image, label), where the image is Float32 (C, H, W) in [0, 1]
/// after the transform, and the label is a 0-dimensional Int64.
/// </summary>
abstract class ImageDataset : Dataset
{
    readonly int[] shape;
    readonly Transform? transform;

    private protected ImageDataset((byte[] Images, byte[] Labels) data, int[] shape, Transform? transform) =>
        (Images, Labels, this.shape, this.transform) = (data.Images, data.Labels, shape, transform);

    /// <summary>The bytes of all images, (N, C, H, W).</summary>
    public byte[] Images { get; }
    /// <summary>The labels, (N).</summary>
    public byte[] Labels { get; }

    /// <summary>The first folder that has a file with this name, gzipped or not; or null.</summary>
    internal static string? Find(string name, params IEnumerable<string> folders) => folders
        .Select(folder => Path.Combine(folder, name)).SelectMany(path => new[] { path, path + ".gz" })
        .FirstOrDefault(File.Exists);

    /// <inheritdoc/>
    public override int Count => Labels.Length;
    /// <inheritdoc/>
    public override Tensor[] this[int index] => Sample(index, Generator.Default);

    /// <inheritdoc/>
    public override Tensor[] Sample(int index, Generator random)
    {
        var size = shape[0] * shape[1] * shape[2];
        var pixels = Transform.ToTensor(Images.AsSpan(index * size, size), size, 1, 1).Reshape(shape);
        return [transform?.Apply(pixels, random) ?? pixels, Tensor.From([(long)Labels[index]], [])];
    }
}
