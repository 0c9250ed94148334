using static Tensorlet.Tests.Tensors.DevicesAttribute;

namespace Tensorlet.Tests.Tensors;

public class GeneratorTests
{
    /// <summary>The known answers that Salmon et al. 2011 published for philox4x32 with ten rounds.</summary>
    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 },
        new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(new uint[] { ~0u, ~0u, ~0u, ~0u }, new uint[] { ~0u, ~0u },
        new uint[] { 0x408f276du, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, new uint[] { 0xa4093822, 0x299f31d0 },
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void Philox_known_answers(uint[] counter, uint[] key, uint[] expected)
    {
        var (a, b, c, d) = Philox.Block(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
        Assert.Equal(expected, new[] { a, b, c, d });
    }

    [Fact]
    public void Bits_are_two_words_of_a_block() => Assert.Equal(0xe169c58d_6627e8d5, Philox.Bits(0, 0));

    [Fact]
    public void Registers_hold_the_bits_of_single_counts()
    {
        var bits = new ulong[21];
        (long, long)[] starts = [(0, 0), (7, 1), (-1, (1L << 32) - 5), (1L << 40, 1L << 60)];
        foreach (var (seed, first) in starts)
        {
            Philox.Bits(seed, first, bits);
            Assert.Equal(Enumerable.Range(0, 21).Select(i => Philox.Bits(seed, first + i)), bits);
        }
    }

    /// <summary>In whole registers, at their ends, and in the pieces of several threads.</summary>
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void A_number_does_not_depend_on_its_place(DType type)
    {
        const int n = 100_003;
        var (uniform, normal) = (Tensor.Rand([n], type, generator: new(3)), Tensor.Randn([n], type, generator: new(3)));
        foreach (var from in (int[])[1, 5, 8, 70_001])
        {
            Assert.Equal(uniform[from..].ToArray<double>(),
                Tensor.Rand([n - from], type, generator: new(3) { Position = from }).ToArray<double>());
            Assert.Equal(normal[from..].ToArray<double>(),
                Tensor.Randn([n - from], type, generator: new(3) { Position = from }).ToArray<double>());
        }
        for (var i = 0; i < n; i += 997)
        {
            Assert.Equal(Philox.Uniform(3, i), uniform[i].Item());
            Assert.Equal(Philox.Normal(3, i), normal[i].Item(), type == DType.Float32 ? 1e-6 : 1e-14);
        }
        var view = Tensor.Zeros([4, 7], type).T;
        view.Uniform_(generator: new(3));
        Assert.Equal(uniform[..28].ToArray<double>(), view.ToArray<double>());
    }

    static float[] Draw(Generator generator, string device) =>
    [
        .. Tensor.Rand([100], device: Named(device), generator: generator).ToArray<float>(),
        .. Tensor.Randn([10, 10], device: Named(device), generator: generator).T.ToArray<float>(),
        .. Tensor.RandInt(-5, 5, [100], device: Named(device), generator: generator).ToArray<float>(),
        .. Tensor.RandPerm(100, Named(device), generator).ToArray<float>(),
    ];

    [Fact]
    public void Same_numbers_for_a_seed_on_every_device_and_others_for_another()
    {
        var first = Draw(new Generator(7), "cpu");
        Assert.Equal(first, Draw(new Generator(7), "cpu"));
        Assert.Equal(first, Draw(new Generator(7), "reference"));
        Assert.True(first.Zip(Draw(new Generator(8), "cpu")).Count(p => p.First == p.Second) < 50);
        Assert.NotEqual(Draw(new Generator(1), "cpu"), Draw(new Generator(1L << 32), "cpu"));
    }

    [Fact]
    public void Position_is_the_whole_state()
    {
        var generator = new Generator(3);
        Tensor.Rand([5], generator: generator);
        Assert.Equal(5, generator.Position);
        var next = Tensor.Rand([5], generator: generator).ToArray<float>();
        var other = new Generator(3) { Position = 5 };
        Assert.Equal(next, Tensor.Rand([5], generator: other).ToArray<float>());
        Assert.Equal(Tensor.Rand([10], generator: new Generator(3))[5..].ToArray<float>(), next);
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Uniform(DType type)
    {
        var x = Tensor.Rand([100_000], type, generator: new Generator(1));
        Assert.True(x.AMin().Item() >= 0);
        Assert.True(x.AMax().Item() < 1);
        Assert.Equal(0.5, x.Mean().Item(), 5 * Math.Sqrt(1 / 12.0 / 100_000));           // five standard errors
        Assert.Equal(1 / 12.0, ((x - 0.5) * (x - 0.5)).Mean().Item(), 5 * Math.Sqrt(1 / 180.0 / 100_000));
        Assert.Equal(new Generator(1).NextDouble(), x[0].Item());
        Assert.All(Tensor.Zeros(1000).Uniform_(-3, -2, new Generator(1)).ToArray<float>(), v =>
            Assert.InRange(v, -3f, -2f));
    }

    [Fact]
    public void Normal()
    {
        var x = Tensor.Randn([100_000], DType.Float64, generator: new Generator(1));
        var squares = x * x;
        Assert.Equal(0, x.Mean().Item(), 5 / Math.Sqrt(100_000));
        Assert.Equal(1, squares.Mean().Item(), 5 * Math.Sqrt(2.0 / 100_000));
        Assert.Equal(0, (squares * x).Mean().Item(), 5 * Math.Sqrt(15.0 / 100_000));
        Assert.Equal(3, (squares * squares).Mean().Item(), 5 * Math.Sqrt(96.0 / 100_000));
        Assert.Equal(0, (x[1..] * x[..^1]).Mean().Item(), 5 / Math.Sqrt(100_000));
        Assert.All(squares.ToArray<double>(), v => Assert.True(double.IsFinite(v)));
        var y = Tensor.Zeros([100_000], DType.Float64).Normal_(5, 0.1, new Generator(1));
        Assert.All((x * 0.1 + 5).ToArray<double>().Zip(y.ToArray<double>()), p => Assert.Equal(p.First, p.Second, 12));
    }

    [Fact]
    public void Integers_take_every_value_of_their_range_about_equally_often()
    {
        var counts = Tensor.RandInt(-2, 3, [10_000], generator: new Generator(1)).ToArray<long>().CountBy(v =>
            v).ToDictionary();
        Assert.Equal([-2L, -1, 0, 1, 2], counts.Keys.Order());
        Assert.All(counts.Values, n => Assert.InRange(n, 1800, 2200));
    }

    [Fact]
    public void Permutations()
    {
        var generator = new Generator(1);
        long[] first = Tensor.RandPerm(1000, generator: generator).ToArray<long>(),
            second = Tensor.RandPerm(1000, generator: generator).ToArray<long>();
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), first.Order());
        Assert.NotEqual(first, second);
        Assert.Empty(Tensor.RandPerm(0).ToArray<long>());
        var places = new int[4];
        for (var i = 0; i < 4000; i++) places[Array.IndexOf(generator.Permutation(4), 0)]++;
        Assert.All(places, n => Assert.InRange(n, 850, 1150));
    }

    [Fact]
    public void Next_reaches_beyond_24_bits()
    {
        var generator = new Generator(1);
        var values = Enumerable.Range(0, 1000).Select(_ => generator.Next(int.MaxValue)).ToArray();
        Assert.Contains(values, v => v % 2 == 1);
        Assert.Contains(values, v => v % 128 == 77);
        Assert.All(values, v => Assert.InRange(v, 0, int.MaxValue - 1));
    }
}
