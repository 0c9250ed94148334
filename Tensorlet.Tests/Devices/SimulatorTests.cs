using ILGPU;
using ILGPU.Runtime.CPU;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// Kernels launched by ILGPU itself, on its simulator of a GPU, which is slow, so everything here is small.
/// </summary>
public sealed class SimulatorTests : IDisposable
{
    readonly Context context;
    readonly CPUAccelerator accelerator;
    readonly IlgpuDevice device;

    public SimulatorTests()
    {
        context = Context.Create(b => b.EnableAlgorithms().CPU(d => d == CPUDevice.Default));
        accelerator = context.CreateCPUAccelerator(0);
        device = new IlgpuDevice(accelerator, "simulator", inHostLoops: false);
    }

    public void Dispose()
    {
        accelerator.Dispose();
        context.Dispose();
    }

    [Fact]
    public void Every_flat_kernel_runs()
    {
        foreach (var verb in Verbs.Table.Values)
            foreach (var type in verb.Types) verb.Case(new Twins(device, 3, mostElements: 64), type);
    }

    [Fact]
    public void Long_rows_are_folded_in_parts()
    {
        var t = new Twins(device, 1);
        Twin x = t.Draw([2, 700], DType.Float32), sum = t.Draw([2], DType.Float32, written: true),
            best = t.Draw([2], DType.Int64, written: true);
        foreach (var (d, from, to, place) in new[] { (Device.Reference, x.Expected, sum.Expected, best.Expected),
            (device, x.Actual, sum.Actual, best.Actual) })
        {
            d.Reduce(new Tensor.AddFormula(), from, to);
            d.ArgReduce(true, from, place, asOffset: false);
        }
        t.Same(sum, "Sum");
        t.Same(best, "ArgMax");
    }

    [Theory]
    [InlineData(1, 1)]      // one segment
    [InlineData(1000, 2)]   // many segments
    public void The_tiled_product_agrees_with_the_reference(int manyGroups, int shortest)
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var t = new Twins(device, seed);
            int[] batch = [2], rows = [3, 1 + t.Below(3)], inner = [1 + t.Below(5), 1 + t.Below(3)],
                columns = [1 + t.Below(11)];
            Twin a = t.Draw([.. batch, .. rows, .. inner], DType.Float32),
                b = t.Draw([.. batch, .. inner, .. columns], DType.Float32);
            var c = t.Draw([.. batch, .. rows, .. columns], DType.Float32, written: true);
            Device.Reference.Contract(a.Expected, b.Expected, c.Expected, 1, 2, 1);
            device.Tiled<F32, Square2, Strip2>(a.Actual, b.Actual, c.Actual, 1, 2, manyGroups, shortest);
            t.Same(c, $"Tiled product of {a.Expected.Layout} and {b.Expected.Layout}");
        }
    }

    [Fact]
    public void The_tiled_product_reads_the_windows_of_a_convolution()
    {
        var t = new Twins(device, 5);
        Twin images = t.Draw([2, 2, 4, 4], DType.Float64), filters = t.Draw([3, 2, 2, 2], DType.Float64),
            y = t.Draw([2, 3, 3, 3], DType.Float64, written: true);
        Device.Reference.Contract(filters.Expected, Windows(images.Expected), Channels(y.Expected), 0, 1, 3);
        device.Tiled<F64, Square2, Strip2>(filters.Actual, Windows(images.Actual), Channels(y.Actual), 0, 1);
        t.Same(y, "Convolution");

        // C, KH, KW | N, OH, OW
        static Tensor Windows(Tensor x) => x.Windows(2, 2).Windows(3, 2).Permute([1, 4, 5, 0, 2, 3]);
        static Tensor Channels(Tensor y) => y.Permute([1, 0, 2, 3]);
    }
}

/// <summary>Tiles so small that the simulator, which starts a host thread for each thread, is done soon.</summary>
public readonly struct Square2 : ITile
{
    public static int Size => 2;
    public static int Down => 4;
}

/// <summary>A strip of them.</summary>
public readonly struct Strip2 : ITile
{
    public static int Size => 2;
    public static int Down => 1;
}
