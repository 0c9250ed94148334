namespace Tensorlet;

// These operations are an adjoint pair: each of the two moves every element back to the position from which the
// other took it.
public static partial class F
{
    /// <summary>
    /// Turns each group of r² channels into one channel, in which each pixel becomes a square of r by r pixels (Shi
    /// et al. 2016). The shape changes from (…, C·r², H, W) to (…, C, H·r, W·r), where r is
    /// <paramref name="upscaleFactor"/>, C is the new number of channels, and H and W are the old height and width.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than three axes, or the number of channels
    /// is not divisible by r².</exception>
    public static Variable PixelShuffle(Variable x, int upscaleFactor)
    {
        long r = upscaleFactor.In("PixelShuffle", 1);
        if (x.Given().Rank < 3 || x.Size(-3) % (r * r) != 0)
            throw new ShapeException($"PixelShuffle: shape {x.Data.Layout} must be (…, C, H, W), where C is " +
                $"divisible by {r}·{r}.");
        var (a, side) = (x.Rank - 3, upscaleFactor);
        int[] shape = [.. x.Shape[..a], (int)(x.Size(a) / (r * r)), Layout.Fitting("PixelShuffle", x.Size(-2) * r),
            Layout.Fitting("PixelShuffle", x.Size(-1) * r)];
        return Named(() => x.Reshape([.. shape[..(a + 1)], side, side, .. x.Shape[(a + 1)..]])
            .Permute([.. Enumerable.Range(0, a + 1), a + 3, a + 1, a + 4, a + 2]).Reshape(shape));
    }

    /// <summary>
    /// Turns each channel into a group of r² channels, in which each square of r by r pixels becomes one pixel. The
    /// shape changes from (…, C, H·r, W·r) to (…, C·r², H, W), where r is <paramref name="downscaleFactor"/>, C is
    /// the old number of channels, and H and W are the new height and width. <see cref="PixelShuffle"/> is the
    /// inverse.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than three axes, or the height or the width
    /// is not divisible by r.</exception>
    public static Variable PixelUnshuffle(Variable x, int downscaleFactor)
    {
        var r = downscaleFactor.In("PixelUnshuffle", 1);
        if (x.Given().Rank < 3 || x.Size(-2) % r != 0 || x.Size(-1) % r != 0)
            throw new ShapeException($"PixelUnshuffle: shape {x.Data.Layout} must be (…, C, H, W), where H and W are " +
                $"divisible by {r}.");
        var (a, h, w) = (x.Rank - 3, x.Size(-2) / r, x.Size(-1) / r);
        int[] shape = [.. x.Shape[..a], Layout.Fitting("PixelUnshuffle", (long)x.Size(a) * r * r), h, w];
        return Named(() => x.Reshape([.. x.Shape[..(a + 1)], h, r, w, r])
            .Permute([.. Enumerable.Range(0, a + 1), a + 2, a + 4, a + 1, a + 3]).Reshape(shape));
    }
}
