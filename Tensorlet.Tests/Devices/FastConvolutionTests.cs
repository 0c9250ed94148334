using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// Convolutions for which the CPU has a way of its own, compared with the definition in double precision: filters of
/// 3 × 3 over many channels, and of 5 × 5 with a stride of 2, in tiles of 2 × 2; and one filter for each channel.
/// </summary>
public class FastConvolutionTests
{
    /// <summary>A convolution: samples, channels, filters, height, width, the filters' height and width, padding, and
    /// whether each channel has a filter of its own.</summary>
    public sealed record Case(int N, int C, int O, int H, int W, int K, int L, int Padding, bool EachChannel,
        int Stride = 1)
    {
        public int[] Input => [N, C, H, W];
        public int[] Filters => [O, C / Groups, K, L];
        public int Groups => EachChannel ? C : 1;
        public Variable Of(Variable x, Variable w) => F.Conv2d(x, w, null, Stride, Padding, groups: Groups);
        public override string ToString() => $"{N}×{C}×{H}×{W} {O}×{K}×{L} {Padding} {EachChannel} {Stride}";
    }

    public static IEnumerable<object[]> Cases =>
        from c in (Case[])[
            Tiles(2, 16, 16, 16, 16, 1),
            Tiles(3, 17, 19, 13, 15, 1),        // odd sizes; numbers of channels that fill no register
            Tiles(2, 16, 24, 9, 33, 0),
            Tiles(1, 40, 16, 20, 70, 2),        // more than one register of tiles in a row
            Tiles(5, 130, 128, 8, 8, 1),        // several images in a band
            Tiles(1, 16, 16, 34, 131, 3),
            Tiles(40, 33, 65, 7, 7, 1),
            Tiles(9, 64, 64, 32, 32, 1),        // many bands
            Tiles(4, 300, 20, 10, 12, 0),
            Strided(3, 8, 16, 24, 24, 5, 5, 2),
            Strided(2, 5, 19, 31, 37, 5, 6, 1),
            Strided(2, 16, 16, 40, 17, 6, 5, 0),
            Strided(1, 7, 33, 23, 75, 5, 5, 3),     // the padding ends within a stride
            Strided(9, 32, 32, 12, 12, 6, 6, 5),    // more padding than the gradient can start with
            Each(2, 3, 16, 16, 3, 3, 1),
            Each(3, 5, 13, 21, 3, 3, 0),
            Each(1, 1, 9, 70, 5, 3, 2),         // one channel
            Each(4, 7, 30, 15, 1, 7, 0),
            Each(2, 33, 17, 16, 7, 7, 3),
            Each(2, 2, 6, 40, 2, 4, 5)]         // more padding than a filter covers
        select (object[])[c];

    static Case Tiles(int n, int c, int o, int h, int w, int padding) => new(n, c, o, h, w, 3, 3, padding, false);
    static Case Strided(int n, int c, int o, int h, int w, int k, int l, int padding) =>
        new(n, c, o, h, w, k, l, padding, false, 2);
    static Case Each(int n, int c, int h, int w, int k, int l, int padding) => new(n, c, c, h, w, k, l, padding, true);

    [Theory, MemberData(nameof(Cases))]
    public void Results_and_gradients_are_those_of_the_definition(Case c)
    {
        Variable x = Random(c.Input, 1), w = Random(c.Filters, 2);
        var y = c.Of(x, w);
        var dy = Random([.. y.Size()], 3);
        var actual = (Variable[])[y, .. Autograd.Grad([y], [x, w], [dy]).Select(g => g!)];
        var expected = Exact(v => v.Data);
        var most = Exact(v => v.Data.Abs());
        for (var i = 0; i < 3; i++)
        {
            var error = (actual[i].Data.To(DType.Float64) - expected[i]).Abs().Max().Item();
            Assert.InRange(error, 0, 1e-6 * most[i].Max().Item());
        }
        var parts = new WindowPlan([c.K, c.L], [c.Stride, c.Stride], [0, 0], [0, 0], [1, 1], c.Groups).Parted(w.Data);
        Assert.Equal(Avx512F.IsSupported && Vector512.IsHardwareAccelerated,
            Device.Cpu.Convolve(x.Data, parts, c.Stride, [c.Padding, c.Padding], y.Data));

        Tensor[] Exact(Func<Variable, Tensor> of)
        {
            var (a, b) = (new Variable(of(x).To(DType.Float64), requiresGrad: true),
                new Variable(of(w).To(DType.Float64), requiresGrad: true));
            var z = c.Of(a, b);
            return [z.Data, .. Autograd.Grad([z], [a, b], [new Variable(of(dy).To(DType.Float64))])
                .Select(g => g!.Data)];
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Any_number_of_threads_gives_the_same_bits(Case c)
    {
        float[][] Bits(int threads)
        {
            var cpu = new CpuDevice { Threads = threads };
            var x = new Variable(Random(c.Input, 1).Data.To(cpu), requiresGrad: true);
            var w = new Variable(Random(c.Filters, 2).Data.To(cpu), requiresGrad: true);
            var y = c.Of(x, w);
            y.Backward(Random([.. y.Size()], 3).Data.To(cpu));
            return [y.Data.ToArray<float>(), x.Grad!.Data.ToArray<float>(), w.Grad!.Data.ToArray<float>()];
        }
        var one = Bits(1);
        for (var threads = 2; threads <= 5; threads++) Assert.Equal(one, Bits(threads));
    }

    [Theory]
    [InlineData(float.PositiveInfinity, false)]
    [InlineData(float.PositiveInfinity, true)]
    [InlineData(float.NaN, false)]
    [InlineData(float.NaN, true)]
    [InlineData(3e38f, false)]
    public void A_number_that_is_not_finite_reaches_only_its_own_windows(float extreme, bool eachChannel)
    {
        var c = eachChannel ? Each(2, 16, 12, 12, 3, 3, 1) : Tiles(2, 16, 16, 12, 12, 1);
        Tensor x = Random(c.Input, 1).Data.Clamp(-1, 1), w = Random(c.Filters, 2).Data.Abs() + 0.5;
        foreach (var column in (int[])[6, 11])
        {
            var changed = x.Clone();
            changed[0, 3, 5, column] = Tensor.Full([], extreme);
            Assert.Equal(Finite(Device.Reference), Finite(Device.Cpu));

            bool[][] Finite(Device device)
            {
                Variable a = new(changed.To(device), requiresGrad: true), b = new(w.To(device), requiresGrad: true);
                var y = c.Of(a, b);
                y.Backward(Tensor.Ones([.. y.Size()], device: device));
                return [Flat(y.Data), Flat(a.Grad!.Data), Flat(b.Grad!.Data)];
            }
        }

        static bool[] Flat(Tensor t) => t.To(Device.Cpu).IsFinite().ToArray<bool>();
    }

    /// <summary>A convolution in groups gives the same as a convolution of each group alone.</summary>
    [Theory, InlineData(64, 64, 2), InlineData(48, 96, 3), InlineData(16, 32, 16), InlineData(32, 16, 1)]
    public void Groups_give_what_each_of_them_gives_alone(int channels, int filters, int groups)
    {
        Variable x = Random([2, channels, 16, 18], 1), w = Random([filters, channels / groups, 3, 3], 2);
        var together = F.Conv2d(x, w, padding: 1, groups: groups);
        var alone = Variable.Cat([.. x.Chunk(groups, 1).Zip(w.Chunk(groups, 0), (a, b) =>
            F.Conv2d(a, b, padding: 1))], 1);
        var dy = Random([.. together.Size()], 3);
        var (actual, expected) = (Results(together), Results(alone));
        for (var i = 0; i < 3; i++) Assert.True(actual[i].AllClose(expected[i], rtol: 1e-4, atol: 1e-4), $"{i}");

        Tensor[] Results(Variable y) => [y.Data, .. Autograd.Grad([y], [x, w], [dy]).Select(g => g!.Data)];
    }

    [Fact]
    public void Views_give_the_same_bits_as_copies()
    {
        Tensor x = Random([3, 40, 21, 23], 1).Data.Transpose(2, 3).Slice(1, 3, 23), w = Random([3, 3, 20, 24], 2).Data;
        Same(x, w.Permute(3, 2, 0, 1), 1);
        Same(x, w.Permute(2, 3, 0, 1).Slice(0, 0, 20).Narrow(1, 5, 1), 20);
    }

    [Fact]
    public void An_array_of_the_caller_gives_the_same_bits()
    {
        var values = Enumerable.Range(0, 2 * 16 * 11 * 13).Select(i => i % 7 - 3f).ToArray();
        var x = Tensor.Over(values, 2, 16, 11, 13);
        Same(x, Random([16, 16, 3, 3], 2).Data, 1);
        Same(x, Random([16, 1, 3, 3], 2).Data, 16);
    }

    static void Same(Tensor x, Tensor w, int groups) =>
        Assert.Equal(F.Conv2d(x.Clone(), w.Clone(), padding: 1, groups: groups).ToArray<float>(),
            F.Conv2d(x, w, padding: 1, groups: groups).ToArray<float>());

    static Variable Random(ReadOnlySpan<int> shape, long seed) =>
        new(Tensor.Randn(shape.ToArray(), generator: new Generator(seed)), requiresGrad: true);
}
