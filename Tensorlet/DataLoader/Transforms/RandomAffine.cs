namespace Tensorlet.Data;

/// <summary>
/// Rotates images by a random angle of at most <paramref name="degrees"/> in either direction. If
/// <paramref name="translate"/> is given, images are also moved: horizontally by a random distance of at most
/// <c>translate.X</c> times their width, and vertically by a random distance of at most <c>translate.Y</c> times their
/// height. Both distances are whole pixels. If <paramref name="scale"/> is given, images are also scaled by a random
/// factor in this range. If <paramref name="shear"/> is given, images are also sheared along x by a random angle of at
/// most this number of degrees in either direction. Rotation, scaling and shear leave the centre of the image where it
/// is. Pixels from outside the image are 0.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">An angle is negative; or a part of <paramref name="translate"/> is not
/// between 0 and 1; or the scale is not a range of positive numbers.</exception>
public sealed class RandomAffine(double degrees, (double X, double Y)? translate = null,
    (double Min, double Max)? scale = null, double shear = 0) : Transform
{
    const string Name = nameof(RandomAffine);
    readonly (double Angle, double Shear) most = (degrees.In(Name, 0), shear.In(Name, 0));
    readonly (double X, double Y) reach = ((translate?.X ?? 0).In(Name, 0, 1), (translate?.Y ?? 0).In(Name, 0, 1));
    readonly (double Min, double Max) range =
        (scale ?? (1, 1)).In(Name, double.Epsilon, double.MaxValue, nameof(scale));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random)
    {
        var angle = Uniform(random, -most.Angle, most.Angle);
        var shift = (X: reach.X * x.Size(-1), Y: reach.Y * x.Size(-2));
        return Affine(x, angle,
            (Math.Round(Uniform(random, -shift.X, shift.X)), Math.Round(Uniform(random, -shift.Y, shift.Y))),
            Uniform(random, range.Min, range.Max), (Uniform(random, -most.Shear, most.Shear), 0));
    }

    /// <summary>
    /// Returns the image rotated clockwise, sheared along x and y, scaled, and moved. The angle and the shears are in
    /// degrees; the translation is in pixels. A pixel at position p moves to s·R·p + t, where s is the scale and t is
    /// the translation. Positions are measured from the centre of the image, first to the right and then downwards. The
    /// matrix R depends on the angle a, the shear u along x and the shear v along y. The first column of R is r =
    /// (cos(a − v), sin(a − v))/cos v, and the second column is (−sin a, cos a) − tan(u)·r. The determinant of R is 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The scale is not positive.</exception>
    public static Tensor Affine(Tensor x, double angle, (double X, double Y) translate, double scale,
        (double X, double Y) shear)
    {
        scale.In("Affine", double.Epsilon);
        var (a, u, v) = (angle * Math.PI / 180, shear.X * Math.PI / 180, shear.Y * Math.PI / 180);
        var (xx, yx) = (Math.Cos(a - v) / Math.Cos(v), Math.Sin(a - v) / Math.Cos(v));
        var (xy, yy) = (-xx * Math.Tan(u) - Math.Sin(a), -yx * Math.Tan(u) + Math.Cos(a));
        double cx = (x.Given().Size(-1) - 1) / 2.0, cy = (x.Size(-2) - 1) / 2.0;
        return Bilinear(x, (column, row) =>
        {
            var (px, py) = (column - cx - translate.X, row - cy - translate.Y);
            return ((yy * px - xy * py) / scale + cx, (xx * py - yx * px) / scale + cy);
        });
    }

    /// <summary>
    /// Computes each pixel (column, row) of the result from the four pixels of the image around the point
    /// <paramref name="from"/>(column, row). The nearer a pixel is to this point, the larger is its weight. Outside
    /// the image, pixels are 0.
    /// </summary>
    static Tensor Bilinear(Tensor x, Func<int, int, (double X, double Y)> from)
    {
        int h = x.Size(-2), w = x.Size(-1), area = h * w;
        var (places, weights) = (new long[4 * area], new double[4 * area]);
        for (var i = 0; i < area; i++)
        {
            var (px, py) = from(i % w, i / w);
            for (var corner = 0; corner < 4; corner++)
            {
                var (column, row) = ((int)Math.Floor(px) + corner % 2, (int)Math.Floor(py) + corner / 2);
                if (column < 0 || column >= w || row < 0 || row >= h) continue;
                places[corner * area + i] = row * w + column;
                weights[corner * area + i] = (1 - Math.Abs(px - column)) * (1 - Math.Abs(py - row));
            }
        }
        int[] lead = [.. x.Shape[..^2]];
        var corners = x.Reshape([.. lead, area]).IndexSelect(-1, Tensor.From(places, device: x.Device))
            * Tensor.From(weights).To(x.DType).To(x.Device);
        return corners.Reshape([.. lead, 4, h, w]).Sum([-3]);
    }
}

/// <summary>
/// Rotates images about the centre by a random angle of at most <paramref name="degrees"/> in either direction.
/// Pixels from outside the image are 0.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">The angle is negative.</exception>
public sealed class RandomRotation(double degrees) : Transform
{
    readonly double most = degrees.In(nameof(RandomRotation), 0);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random) =>
        RandomAffine.Affine(x, Uniform(random, -most, most), (0, 0), 1, (0, 0));
}
