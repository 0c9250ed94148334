using System.Runtime.Intrinsics.X86;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// Convolutions of 3 × 3 with many channels, which are computed in tiles of 2 × 2, compared with the definition in
/// double precision.
/// </summary>
public class WinogradTests
{
    /// <summary>Samples, channels, filters, height, width, padding.</summary>
    public static TheoryData<int, int, int, int, int, int> Sizes => new()
    {
        { 2, 16, 16, 16, 16, 1 },
        { 3, 17, 19, 13, 15, 1 },       // odd sizes; numbers of channels that fill no register
        { 2, 16, 24, 9, 33, 0 },
        { 1, 40, 16, 20, 70, 2 },       // more than one register of tiles in a row
        { 5, 130, 128, 8, 8, 1 },       // several images in a band
        { 1, 16, 16, 34, 131, 3 },
        { 40, 33, 65, 7, 7, 1 },
        { 9, 64, 64, 32, 32, 1 },       // many bands
        { 4, 300, 20, 10, 12, 0 },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void Results_and_gradients_are_those_of_the_definition(int samples, int channels, int filters, int height,
        int width, int padding)
    {
        int[] x = [samples, channels, height, width], w = [filters, channels, 3, 3];
        Variable a = Random(x, 1), b = Random(w, 2);
        var y = F.Conv2d(a, b, padding: padding);
        var dy = new Variable(Random([.. y.Size()], 3).Data);
        var actual = (Variable[])[y, .. Autograd.Grad([y], [a, b], [dy]).Select(g => g!)];
        var expected = Exact(a, b, dy, v => v.Data, padding);
        var most = Exact(a, b, dy, v => v.Data.Abs(), padding);
        for (var i = 0; i < 3; i++)
        {
            var error = (actual[i].Data.To(DType.Float64) - expected[i]).Abs().Max().Item();
            Assert.InRange(error, 0, 1e-6 * most[i].Max().Item());
        }
        Assert.Equal(Avx512F.IsSupported, Device.Cpu.Convolve(a.Data, b.Data, [padding, padding], y.Data));
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Any_number_of_threads_gives_the_same_bits(int samples, int channels, int filters, int height, int width,
        int padding)
    {
        float[][] Bits(int threads)
        {
            var cpu = new CpuDevice { Threads = threads };
            var a = new Variable(Random([samples, channels, height, width], 1).Data.To(cpu), requiresGrad: true);
            var b = new Variable(Random([filters, channels, 3, 3], 2).Data.To(cpu), requiresGrad: true);
            var y = F.Conv2d(a, b, padding: padding);
            y.Backward(Random([.. y.Size()], 3).Data.To(cpu));
            return [y.Data.ToArray<float>(), a.Grad!.Data.ToArray<float>(), b.Grad!.Data.ToArray<float>()];
        }
        var one = Bits(1);
        for (var threads = 2; threads <= 5; threads++) Assert.Equal(one, Bits(threads));
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    [InlineData(3e38f)]
    public void A_number_that_is_not_finite_reaches_only_its_own_windows(float extreme)
    {
        Variable a = Random([2, 16, 12, 12], 1), b = Random([16, 16, 3, 3], 2);
        b.Data.Copy_(b.Data.Abs() + 0.5);
        a.Data.Copy_(a.Data.Clamp(-1, 1));
        a.Data[0, 3, 5, 6] = Tensor.Full([], extreme);
        var y = F.Conv2d(a, b, padding: 1);
        var dy = new Variable(Tensor.Ones([.. y.Size()]));
        var expected = F.Conv2d(new Variable(a.Data.To(Device.Reference)), new Variable(b.Data.To(Device.Reference)),
            padding: 1).Data;
        Same(expected, y.Data);
        var (dx, dw) = (Autograd.Grad([y], [a], [dy])[0]!.Data, Gradient(Device.Cpu));
        Assert.True(dx.IsFinite().All());       // the filters are finite
        Same(Gradient(Device.Reference), dw);

        Tensor Gradient(Device device)
        {
            var w = new Variable(b.Data.To(device), requiresGrad: true);
            var z = F.Conv2d(new Variable(a.Data.To(device)), w, padding: 1);
            return Autograd.Grad([z], [w], [new Variable(dy.Data.To(device))])[0]!.Data;
        }

        static void Same(Tensor expected, Tensor actual) =>
            Assert.Equal(expected.To(Device.Cpu).IsFinite().ToArray<bool>(), actual.IsFinite().ToArray<bool>());
    }

    [Fact]
    public void Views_give_the_same_bits_as_copies()
    {
        Tensor x = Random([3, 40, 21, 23], 1).Data, w = Random([3, 3, 20, 24], 2).Data;
        var (images, filters) = (x.Transpose(2, 3).Slice(1, 3, 23), w.Permute(3, 2, 0, 1));
        Assert.Equal(F.Conv2d(images.Clone(), filters.Clone(), padding: 1).ToArray<float>(),
            F.Conv2d(images, filters, padding: 1).ToArray<float>());
    }

    [Fact]
    public void An_array_of_the_caller_gives_the_same_bits()
    {
        var values = Enumerable.Range(0, 2 * 16 * 11 * 13).Select(i => i % 7 - 3f).ToArray();
        var (x, w) = (Tensor.Over(values, 2, 16, 11, 13), Random([16, 16, 3, 3], 2).Data);
        Assert.Equal(F.Conv2d(x.Clone(), w, padding: 1).ToArray<float>(), F.Conv2d(x, w, padding: 1).ToArray<float>());
    }

    static Variable Random(ReadOnlySpan<int> shape, long seed) =>
        new(Tensor.Randn(shape.ToArray(), generator: new Generator(seed)), requiresGrad: true);

    static Tensor[] Exact(Variable a, Variable b, Variable dy, Func<Variable, Tensor> of, int padding)
    {
        var x = new Variable(of(a).To(DType.Float64), requiresGrad: true);
        var w = new Variable(of(b).To(DType.Float64), requiresGrad: true);
        var y = F.Conv2d(x, w, padding: padding);
        return [y.Data, .. Autograd.Grad([y], [x, w], [new Variable(of(dy).To(DType.Float64))]).Select(g => g!.Data)];
    }
}
