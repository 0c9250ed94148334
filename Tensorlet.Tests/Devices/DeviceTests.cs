namespace Tensorlet.Tests.Devices;

/// <summary>Which devices exist, what they say when something is missing, and that they give memory back.</summary>
public class DeviceTests
{
    // Not public, in a project that makes no exception: ILGPU's code cannot access it.
    readonly struct Hidden : IMap { V IMap.Apply<V>(V x) => x * x; }

    [Fact]
    public void A_device_is_the_same_each_time()
    {
        Assert.Same(Device.Simulated, Device.Simulated);
        Assert.Equal(["cpu", "reference", "simulated"], Device.All.Take(3).Select(d => d.Name));
        Assert.Same(Device.Simulated, Device.All[2]);
    }

    [Fact]
    public void A_missing_device_is_an_error_that_says_what_is_there()
    {
        var error = Assert.Throws<DeviceException>(() => Device.Cuda(Cuda.Count));
        Assert.StartsWith($"Device: cuda:{Cuda.Count} was not found; it needs an NVIDIA GPU and its driver " +
            $"(libcuda.so.1 or nvcuda.dll). There are cpu (", error.Message);
        Assert.Throws<DeviceException>(() => Device.OpenCL(-1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Indices_outside_of_the_axis_are_refused_with_the_references_words(int index)
    {
        var messages = new[] { Device.Reference, Device.Simulated }.Select(device =>
        {
            var x = Tensor.Zeros([3, 2], device: device);
            var indices = Tensor.From<long>([0, 1, 2, index, 0, 7], [3, 2], device: device);
            var gather = Assert.Throws<IndexException>(() =>
                device.Gather(x, 0, indices, Tensor.Zeros([3, 2], device: device))).Message;
            return gather + Assert.Throws<IndexException>(() =>
                device.ScatterAdd(Tensor.Zeros([3, 2], device: device), 0, indices, x)).Message;
        }).Distinct();
        Assert.Single(messages);
    }

    [Fact]
    public void In_host_loops_a_scalar_function_need_not_be_public() =>
        Assert.Equal(9, Tensor.Full([2], 3, device: Device.Simulated).Map(new Hidden()).ToArray<float>()[1]);

    [OpenCLFact]
    public void Elsewhere_one_that_is_not_public_is_refused_by_name()
    {
        var error = Assert.Throws<DeviceException>(() =>
            Tensor.Full([2], 3, device: Device.OpenCL()).Map(new Hidden()));
        Assert.Contains("Make Hidden, and what it is nested in, public", error.Message);
    }

    [Fact]
    public void Memory_of_unreachable_tensors_is_used_again_on_simulated() => StaysFlat((IlgpuDevice)Device.Simulated);

    [OpenCLFact]
    public void Memory_of_unreachable_tensors_is_used_again_on_OpenCL() => StaysFlat((IlgpuDevice)Device.OpenCL());

    /// <summary>2,000 results of 1 MiB fit into what 200 took, and few collections find them.</summary>
    static void StaysFlat(IlgpuDevice device)
    {
        var x = Tensor.Ones([1 << 18], device: device);
        for (var i = 0; i < 200; i++) _ = x + 1;
        var (before, collections) = (Taken(), GC.CollectionCount(2));
        for (var i = 0; i < 2000; i++) _ = x + 1;
        Assert.InRange(Taken() - before, long.MinValue, 64 << 20);
        Assert.InRange(GC.CollectionCount(2) - collections, 0, 500);

        long Taken() => device.Memory.Used + device.Memory.Cached;
    }
}
