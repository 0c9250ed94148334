namespace Tensorlet;

public abstract partial class Device
{
    /// <summary>The fast path on the processor: SIMD lanes, threads, a blocked product. The default.</summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>
    /// The definition of every verb, in plain loops and with MathNet, that the other devices are held against.
    /// </summary>
    public static Device Reference { get; } = new ReferenceDevice();

    /// <summary>Where new tensors are made when no device is named. Process-wide.</summary>
    public static Device Default { get; set => field = value.Given(); } = Cpu;

    /// <summary>
    /// The kernels of GPUs without one: the same methods, as loops on the host, where they can be debugged.
    /// </summary>
    public static Device Simulated => Accelerators.Simulated[0];

    /// <summary>An NVIDIA GPU. The same one each time.</summary>
    /// <exception cref="DeviceException">There is none of this number.</exception>
    public static Device Cuda(int index = 0) => Accelerators.Cuda[index];

    /// <summary>An OpenCL device: a GPU, or a processor with an OpenCL driver. The same one each time.</summary>
    /// <exception cref="DeviceException">There is none of this number.</exception>
    public static Device OpenCL(int index = 0) => Accelerators.OpenCL[index];

    /// <summary>Every device of this machine. Looking for them starts the drivers that are there.</summary>
    public static IReadOnlyList<Device> All =>
        [Cpu, Reference, .. Accelerators.Simulated.All, .. Accelerators.Cuda.All, .. Accelerators.OpenCL.All];

    /// <summary>What the device is, for people.</summary>
    public virtual string Description => Name;
}
