namespace Tensorlet;

public abstract partial class Device
{
    /// <summary>The fast path on the processor: SIMD lanes, threads, a blocked product. The default.</summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>The definition of every verb, in plain loops and with MathNet, that the other devices are held against.</summary>
    public static Device Reference { get; } = new ReferenceDevice();

    /// <summary>Where new tensors are made when no device is named. Process-wide.</summary>
    public static Device Default { get; set; } = Cpu;

    /// <summary>A CUDA device.</summary>
    /// <exception cref="DeviceException">There is none of this number.</exception>
    public static Device Cuda(int index = 0) => throw new DeviceException($"cuda:{index} was not found.");
}

/// <summary>What CUDA devices there are.</summary>
public static class Cuda
{
    /// <summary>True if there is one.</summary>
    public static bool IsAvailable => false;
}
