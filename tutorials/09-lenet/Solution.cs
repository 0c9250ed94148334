using Tensorlet;

namespace Tutorials.Chapter09;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IMaxPool
{
    /// <inheritdoc/>
    public Tensor Forward(Tensor x) => x.Reshape(-1)[Largest(x)];

    /// <inheritdoc/>
    public Tensor Backward(Tensor x, Tensor dy)
    {
        var dx = Tensor.Zeros([x.Numel], x.DType);
        dx[Largest(x)] = dy;                        // windows do not overlap, so each place comes once
        return dx.Reshape(x.Size());
    }

    /// <summary>The position of the maximum of each window in the flattened images, (N, C, H/2, W/2).</summary>
    static Tensor Largest(Tensor x)
    {
        var (pixels, width) = (x.ToArray<double>(), x.Size(3));
        var places = Tensor.Arange(x.Numel, DType.Int64).Reshape(x.Size());
        var corners = places[.., .., ..(x.Size(2) / 2 * 2), ..(width / 2 * 2)].Slice(2, step: 2).Slice(3, step: 2);
        return Tensor.From(Array.ConvertAll(corners.ToArray<long>(), first =>
        {
            var best = first;
            foreach (var place in (long[])[first + 1, first + width, first + width + 1])
                if (!double.IsNaN(pixels[best]) && !(pixels[place] <= pixels[best])) best = place;
            return best;
        }), corners.Size());
    }
}
