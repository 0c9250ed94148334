namespace Tensorlet.Data;

/// <summary>
/// Random rotation by up to a number of degrees and, where they are given, translation by up to these fractions of
/// width and height, scale in a range, and shear along x by up to a number of degrees. The centre stays, and pixels
/// from outside are 0.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">An angle is negative, a fraction is not from 0 to 1, or the scales are
/// not a range of positive numbers.</exception>
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
    /// The image rotated clockwise by degrees, sheared along x and y by degrees, scaled, and moved by pixels: what was
    /// at p is at s·R·p + t, relative to the centre. For the angle a and the shears u and v, R has the columns
    /// (cos(a−v), sin(a−v))/cos v and −tan u times that + (−sin a, cos a), and the determinant 1.
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
    /// Pixel (column, row) of the result is taken from a point between four pixels, weighted by distance; outside the
    /// image, pixels are 0.
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

/// <summary>Random rotation about the centre by up to a number of degrees; pixels from outside are 0.</summary>
/// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
public sealed class RandomRotation(double degrees) : Transform
{
    readonly double most = degrees.In(nameof(RandomRotation), 0);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random) =>
        RandomAffine.Affine(x, Uniform(random, -most, most), (0, 0), 1, (0, 0));
}
