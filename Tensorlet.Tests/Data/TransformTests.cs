using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests.Data;

/// <summary>
/// Numbers instead of comments: unless another source is given, they are those of torch 1.13 for the same formula.
/// </summary>
public class TransformTests
{
    /// <summary>1/12 … 12/12 in three rows.</summary>
    static readonly Tensor Ramp = (Tensor.Arange(1, 13, dtype: DType.Float64) / 12).Reshape(1, 3, 4);

    static Tensor Colour(double r, double g, double b) => Tensor.From([r, g, b], [3, 1, 1]);

    static void Near(double[] expected, Tensor found, double tolerance = 1e-6) =>
        Assert.All(expected.Zip(found.ToArray<double>()), p => Assert.Equal(p.First, p.Second, tolerance));

    [Fact]
    public void Bytes_become_channels()
    {
        var image = Transform.ToTensor([0, 51, 102, 153, 204, 255], 2, 1);
        Assert.Equal([3, 2, 1], image.Size());
        Assert.Equal([0, 0.6f, 0.2f, 0.8f, 0.4f, 1], image.ToArray<float>());
        Assert.Throws<ShapeException>(() => Transform.ToTensor([1, 2], 1, 1));
    }

    [Fact]
    public void Normalizing_is_by_channel()
    {
        var x = Tensor.From(new[, ,] { { { 1f, 2f } }, { { 3f, 5f } } });
        Assert.Equal([0, 0.5f, 0, 0.25f], new Normalize([1, 3], [2, 8]).Apply(x).ToArray<float>());
        Assert.Equal([0, 0.5f, 1, 2], new Normalize([1], [2]).Apply(x).ToArray<float>());
        Assert.Throws<ShapeException>(() => new Normalize([1, 2, 3], [1, 1, 1]).Apply(x));
        Assert.Throws<ShapeException>(() => new Normalize([1, 2], [1, 1]).Apply(Ramp));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Normalize([1], [0]));
    }

    [Fact]
    public void Resizing_is_between_pixels_and_the_shorter_edge_leads()
    {
        Near([0.166667, 0.225, 0.291667, 0.358333, 0.416667, 0.666667, 0.725, 0.791667, 0.858333, 0.916667],
            new Resize(2, 5).Apply(Ramp));
        Assert.Equal([1, 6, 8], new Resize(6).Apply(Ramp).Size());
        Assert.Equal([2, 1, 9, 7], new Resize(7).Apply(Tensor.Zeros(2, 1, 4, 3)).Size());
    }

    [Fact]
    public void The_centre_is_cropped_and_smaller_images_are_framed()
    {
        Near([6 / 12.0, 7 / 12.0], new CenterCrop(1, 2).Apply(Ramp));
        Near([2 / 12.0, 3 / 12.0, 6 / 12.0, 7 / 12.0], new CenterCrop(2).Apply(Ramp));   // (3−2)/2 rounds to even: 0
        Near([0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0, 0, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0, 0],
            new CenterCrop(5, 6).Apply(Ramp) * 12);
    }

    [Fact]
    public void Random_crops_reach_every_place_of_the_padded_image()
    {
        var crop = new RandomCrop(2, 3, padding: 1);
        var found = Enumerable.Range(0, 300).Select(seed => crop.Apply(Ramp, new(seed)))
            .Select(y => string.Join(" ", y.ToArray<double>().Select(v => Math.Round(v * 12)))).Distinct().ToList();
        Assert.Equal(4 * 4, found.Count);
        Assert.Contains("0 0 0 0 1 2", found);
        Assert.Contains("11 12 0 0 0 0", found);
        Assert.Throws<ShapeException>(() => new RandomCrop(4).Apply(Ramp));
    }

    [Fact]
    public void Flips_come_with_their_probability()
    {
        Near([4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9], new RandomHorizontalFlip(1).Apply(Ramp) * 12);
        Near([9, 10, 11, 12, 5, 6, 7, 8, 1, 2, 3, 4], new RandomVerticalFlip(1).Apply(Ramp) * 12);
        Assert.Same(Ramp, new RandomHorizontalFlip(0).Apply(Ramp));
        var (flip, random) = (new RandomHorizontalFlip(0.25), new Generator(1));
        var flipped = Enumerable.Range(0, 1000).Count(_ => !ReferenceEquals(flip.Apply(Ramp, random), Ramp));
        Assert.InRange(flipped, 182, 318);          // 5σ
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomVerticalFlip(1.5));
    }

    [Fact]
    public void An_affine_map_is_torchs()
    {
        Near([0.64182, 0.632238, 0.571857, 0.511476, 0.333534, 0.640936, 0.85849, 0.798109, 0, 0.031193, 0.350952,
            0.706514], RandomAffine.Affine(Ramp, 30, (1, -1), 1.25, (10, 5)));
        // a quarter turn clockwise of a square
        Near([3, 1, 4, 2], RandomAffine.Affine(Tensor.From([1.0, 2, 3, 4], [1, 2, 2]), 90, (0, 0), 1, (0, 0)), 1e-12);
        var pair = Tensor.Cat([Ramp, Ramp.Flip(-1)]).Reshape(2, 1, 3, 4);
        Near(RandomAffine.Affine(Ramp, 20, (0, 1), 1, (0, 0)).ToArray<double>(),
            RandomAffine.Affine(pair, 20, (0, 1), 1, (0, 0))[0], 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => RandomAffine.Affine(Ramp, 0, (0, 0), 0, (0, 0)));
    }

    [Fact]
    public void Random_affine_maps_stay_in_their_ranges()
    {
        Near(Ramp.ToArray<double>(), new RandomRotation(0).Apply(Ramp), 1e-12);
        Near(Ramp.ToArray<double>(), new RandomAffine(0).Apply(Ramp), 1e-12);
        // by up to a quarter of the width, which is one pixel: to the left, not at all, to the right
        var move = new RandomAffine(0, translate: (0.25, 0));
        var shifted = Enumerable.Range(0, 60).Select(seed => move.Apply(Ramp, new(seed)))
            .Select(y => Math.Round(y[0, 0, 1].Item() * 12)).Distinct().Order();
        Assert.Equal([1, 2, 3], shifted);
        var dot = Tensor.Zeros(1, 11, 11);
        dot[0, 5, 9] = Tensor.Scalar(1);
        var rows = Enumerable.Range(0, 60).Select(seed =>
            (int)new RandomRotation(30).Apply(dot, new(seed))[0].Sum([1]).ArgMax().Item()).Distinct().Order();
        Assert.Equal([3, 4, 5, 6, 7], rows);                                         // 5 ± 4·sin 30°
        var sizes = Enumerable.Range(0, 40).Select(seed =>
            new RandomAffine(0, scale: (2, 3)).Apply(Tensor.OnesLike(dot), new(seed)).Sum().Item());
        Assert.All(sizes, size => Assert.Equal(121, size, 1e-3));
    }

    [Fact]
    public void Colours_are_adjusted_by_their_formulas()
    {
        var x = Tensor.Cat([Colour(0.2, 0.6, 0.4), Colour(1, 0, 0.5)], 2);
        var grey = new[] { 0.2989 * 0.2 + 0.587 * 0.6 + 0.114 * 0.4, 0.2989 + 0.114 * 0.5 };
        Near([0.4, 1, 1, 0, 0.8, 1], ColorJitter.AdjustBrightness(x, 2));
        Near([.. new[] { 0.2, 1, 0.6, 0, 0.4, 0.5 }.Select((v, i) => 0.5 * v + 0.5 * grey[i % 2])],
            ColorJitter.AdjustSaturation(x, 0.5));
        Near([.. new[] { 0.2, 1, 0.6, 0, 0.4, 0.5 }.Select(v => 0.5 * v + 0.5 * grey.Average())],
            ColorJitter.AdjustContrast(x, 0.5));
        // Python's colorsys
        Near([0.3, 0.2, 0.7], ColorJitter.AdjustHue(Colour(0.2, 0.7, 0.4), 0.3));
        Near([0.1, 0.82, 0.9], ColorJitter.AdjustHue(Colour(0.9, 0.1, 0.5), -0.4));
        Near([0.8, 0.1, 0.25], ColorJitter.AdjustHue(Colour(0.3, 0.1, 0.8), 0.25));
        Near([0.5, 0.5, 0.5], ColorJitter.AdjustHue(Colour(0.5, 0.5, 0.5), 0.2));
        Assert.Equal(ColorJitter.AdjustHue(x, 0.1).ToArray<double>(),
            ColorJitter.AdjustHue(Tensor.Stack([x, x]), 0.1)[1].ToArray<double>());
    }

    [Fact]
    public void A_jitter_draws_from_its_ranges_in_any_order_and_leaves_grey_images_their_colour()
    {
        var x = Colour(0.2, 0.6, 0.4);
        var jitter = new ColorJitter(0.5, 0.5, 0.5, 0.1);
        Assert.Equal(jitter.Apply(x, new(3)).ToArray<double>(), jitter.Apply(x, new(3)).ToArray<double>());
        Assert.NotEqual(jitter.Apply(x, new(3)).ToArray<double>(), jitter.Apply(x, new(4)).ToArray<double>());
        var factors = Enumerable.Range(0, 200).Select(seed =>
            new ColorJitter(0.5).Apply(x, new(seed))[0].Item() / 0.2).ToList();
        Assert.InRange(factors.Min(), 0.5, 0.52);
        Assert.InRange(factors.Max(), 1.48, 1.5);
        Assert.Same(Ramp, new ColorJitter(saturation: 1, hue: 0.5).Apply(Ramp));
        Assert.Throws<ShapeException>(() => jitter.Apply(Tensor.Zeros(2, 4, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColorJitter(hue: 0.6));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColorJitter(-1));
    }

    [Fact]
    public void An_erased_rectangle_has_its_area_and_shape()
    {
        var x = Tensor.Zeros(2, 20, 20);
        for (var seed = 0; seed < 40; seed++)
        {
            var erased = new RandomErasing(1, scale: (0.1, 0.2), ratio: (0.5, 2), value: 3).Apply(x, new(seed)).Eq(
                Tensor.Scalar(3));
            Assert.Equal(erased[0].ToArray<bool>(), erased[1].ToArray<bool>());
            var (h, w) = (erased[0].Any([1]).Sum().Item(), erased[0].Any([0]).Sum().Item());
            Assert.Equal(h * w, erased[0].Sum().Item());
            Assert.InRange(h * w, 30, 95);              // 40 … 80, each edge rounded
            Assert.InRange(h / w, 0.4, 2.5);
        }
        Assert.Equal(0, x.Sum().Item());                // the image itself is as it was
        Assert.Same(x, new RandomErasing(0).Apply(x));
        Assert.Same(x, new RandomErasing(1, scale: (1, 1)).Apply(x));
    }

    [Fact]
    public void Transforms_are_composed_with_one_generator_and_refuse_what_is_no_image()
    {
        Transform[] all = [new RandomCrop(3, padding: 1), new RandomHorizontalFlip(), new RandomRotation(9)];
        var (composed, random) = (new Compose(all), new Generator(4));
        var step = all.Aggregate(Ramp, (x, t) => t.Apply(x, random));
        Assert.Equal(step.ToArray<double>(), composed.Apply(Ramp, new(4)).ToArray<double>());
        Assert.Contains("(C, H, W)", Assert.Throws<ShapeException>(() => composed.Apply(Tensor.Zeros(3, 4))).Message);
        Assert.Throws<DTypeException>(() => new CenterCrop(2).Apply(Tensor.Arange(12).Reshape(1, 3, 4)));
        var dataset = new TensorDataset(Ramp.Unsqueeze(0), Tensor.From([7L])).Map(new CenterCrop(1));
        Assert.Equal([1, 1, 1], dataset[0][0].Size());
        Assert.Equal(7, dataset[0][1].Item());
    }
}
