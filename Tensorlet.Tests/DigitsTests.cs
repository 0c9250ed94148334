using System.Security.Cryptography;
using Tutorials;

namespace Tensorlet.Tests;

public sealed class DigitsTests
{
    const int Pixels = Digits.Size * Digits.Size;

    [Fact]
    public void The_same_seed_gives_the_same_bits()
    {
        var (a, b) = (Digits.Generate(100, 7), Digits.Generate(100, 7));
        Assert.Equal(a.Images, b.Images);
        Assert.Equal(a.Labels, b.Labels);
    }

    /// <summary>
    /// The digest was computed once, on x64; it is the same wherever floating-point arithmetic follows IEEE 754.
    /// </summary>
    [Fact]
    public void The_bits_are_those_of_every_machine()
    {
        var (images, labels) = Digits.Generate(1000, 1);
        Assert.Equal("08217348b8c7e740", Convert.ToHexStringLower(SHA256.HashData([.. images, .. labels]))[..16]);
    }

    [Fact]
    public void Different_seeds_differ()
    {
        var (a, b) = (Digits.Generate(100, 7), Digits.Generate(100, 8));
        Assert.NotEqual(a.Labels, b.Labels);
        Assert.Empty(a.Images.Chunk(Pixels).Select(Convert.ToHexString).Intersect(
            b.Images.Chunk(Pixels).Select(Convert.ToHexString)));
    }

    [Fact]
    public void A_zero_is_dark_in_the_middle_and_a_one_is_bright()
    {
        var (images, labels) = Digits.Generate(1000, 2);
        double Middle(int digit) =>
            images.Chunk(Pixels).Where((_, i) => labels[i] == digit).Average(image => image[14 * Digits.Size + 14]);
        Assert.InRange(Middle(0), 0, 40);
        Assert.InRange(Middle(1), 100, 255);
    }

    [Fact]
    public void A_larger_set_begins_with_the_smaller()
    {
        var (few, many) = (Digits.Generate(33, 7), Digits.Generate(60, 7));
        Assert.Equal(few.Images, many.Images[..(33 * Pixels)]);
        Assert.Equal(few.Labels, many.Labels[..33]);
    }

    [Fact]
    public void Labels_are_balanced_and_shuffled()
    {
        var labels = Digits.Generate(1000, 3).Labels;
        Assert.All(Enumerable.Range(0, 10), digit => Assert.Equal(100, labels.Count(label => label == digit)));
        Assert.NotEqual(labels[..10], labels[10..20]);
    }

    [Fact]
    public void Every_image_is_a_drawing_and_no_two_are_the_same()
    {
        var images = Digits.Generate(500, 4).Images.Chunk(Pixels).ToArray();
        Assert.All(images, image =>
        {
            Assert.InRange(image.Count(pixel => pixel > 100), 15, 300);
            Assert.InRange(image.Count(pixel => pixel == 0), 350, 760);
        });
        Assert.Equal(500, images.Select(Convert.ToHexString).Distinct().Count());
    }

    /// <summary>
    /// By the nearest class mean: far better than chance, so the labels fit the images, but not perfect.
    /// </summary>
    [Fact]
    public void Digits_can_be_told_apart_but_not_trivially()
    {
        var (train, test) = (Digits.Generate(2000, 5), Digits.Generate(1000, 6));
        var means = new double[10, Pixels];
        for (var i = 0; i < train.Images.Length; i++)
            means[train.Labels[i / Pixels], i % Pixels] += train.Images[i] / 200.0;
        double Distance(int image, int digit) =>
            Enumerable.Range(0, Pixels).Sum(p => Math.Pow(test.Images[image * Pixels + p] - means[digit, p], 2));
        var right = Enumerable.Range(0, 1000)
            .Count(i => Enumerable.Range(0, 10).MinBy(digit => Distance(i, digit)) == test.Labels[i]);
        Assert.InRange(right / 1000.0, 0.5, 0.95);
    }

    [Fact]
    public void None_are_none_and_fewer_are_an_error()
    {
        Assert.Empty(Digits.Generate(0, 1).Images);
        Assert.Throws<ArgumentOutOfRangeException>(() => Digits.Generate(-1, 1));
    }
}
