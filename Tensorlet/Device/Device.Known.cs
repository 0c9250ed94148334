namespace Tensorlet;

public abstract partial class Device
{
    /// <summary>
    /// The fast path on the processor: SIMD registers, threads, a blocked matrix product. The default.
    /// </summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>
    /// The definition of every primitive, in plain loops and with MathNet, with which the other devices are compared.
    /// </summary>
    public static Device Reference { get; } = new ReferenceDevice();

    /// <summary>The device on which new tensors are created if none is named, in this process.</summary>
    public static Device Default { get; set => field = value.Given(); } = Cpu;

    /// <summary>
    /// The kernels of GPUs without a GPU: the same methods run as loops on the host, where they can be debugged.
    /// </summary>
    public static Device Simulated => Accelerators.Simulated[0];

    /// <summary>An NVIDIA GPU. Every call returns the same object.</summary>
    /// <exception cref="DeviceException">There is no device with this number.</exception>
    public static Device Cuda(int index = 0) => Accelerators.Cuda[index];

    /// <summary>
    /// An OpenCL device: a GPU, or a processor with an OpenCL driver. Every call returns the same object.
    /// </summary>
    /// <exception cref="DeviceException">There is no device with this number.</exception>
    public static Device OpenCL(int index = 0) => Accelerators.OpenCL[index];

    /// <summary>All devices of this machine. Looking for them loads the drivers that are installed.</summary>
    public static IReadOnlyList<Device> All =>
        [Cpu, Reference, .. Accelerators.Simulated.All, .. Accelerators.Cuda.All, .. Accelerators.OpenCL.All];

    /// <summary>A description of the device for people.</summary>
    public virtual string Description => Name;
}
