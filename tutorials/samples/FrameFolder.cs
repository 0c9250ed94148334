using System.Text.RegularExpressions;
using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>
/// A video as a folder of numbered images: sample i is the clip (T, C, H, W) that begins with the i-th frame. Frames
/// are in the order of the last number in their names, 10 after 9.
/// </summary>
sealed class FrameFolder : Dataset
{
    readonly int length;
    readonly Func<string, Tensor> decode;
    readonly Transform? transform;

    /// <param name="folder">The folder with the frames, and no other files.</param>
    /// <param name="length">T, the number of frames in a clip.</param>
    /// <param name="decode">Reads the image (C, H, W) from a file.</param>
    /// <param name="transform">A transform of the clips, which treats all frames of a clip alike.</param>
    /// <exception cref="InvalidDataException">A name has no number, or two have the same.</exception>
    public FrameFolder(string folder, int length, Func<string, Tensor> decode, Transform? transform = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        (this.length, this.decode, this.transform) = (length, decode, transform);
        var frames = Directory.GetFiles(folder).OrderBy(Number).ToList();
        foreach (var (a, b) in frames.Zip(frames.Skip(1)))
            if (Number(a) == Number(b)) throw new InvalidDataException($"{a} and {b} have the same number.");
        Frames = frames;
    }

    static long Number(string path) =>
        long.TryParse(Regex.Match(Path.GetFileNameWithoutExtension(path), @"[0-9]+(?=[^0-9]*$)").Value, out var number)
            ? number : throw new InvalidDataException($"{path}: expected a number in the name of a frame.");

    /// <summary>The files of the frames in order.</summary>
    public IReadOnlyList<string> Frames { get; }
    /// <inheritdoc/>
    public override int Count => Math.Max(0, Frames.Count - length + 1);
    /// <inheritdoc/>
    public override Tensor[] this[int index] => Sample(index, Generator.Default);

    /// <inheritdoc/>
    public override Tensor[] Sample(int index, Generator random)
    {
        var clip = Tensor.Stack([.. Frames.Skip(index).Take(length).Select(decode)]);
        return [transform?.Apply(clip, random) ?? clip];
    }
}
