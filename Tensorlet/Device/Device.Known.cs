namespace Tensorlet;

public abstract partial class Device
{
    /// <summary>
    /// The device that computes on the processor and is written for speed: it uses SIMD registers and threads, and
    /// computes matrix products in blocks. This device is the default.
    /// </summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>
    /// The device that defines what each primitive computes. It uses plain loops and the library MathNet. In tests, the
    /// other devices are compared with this device.
    /// </summary>
    public static Device Reference { get; } = new ReferenceDevice();

    /// <summary>The device on which this process creates new tensors if no device is named.</summary>
    public static Device Default { get; set => field = value.Given(); } = Cpu;

    /// <summary>
    /// A device that runs the kernels for GPUs but needs no GPU: the same methods run as loops on the host, where
    /// they can be debugged.
    /// </summary>
    public static Device Simulated => Accelerators.Simulated[0];

    /// <summary>
    /// Returns the NVIDIA GPU with the number <paramref name="index"/>, counted from 0. Every call with this number
    /// returns the same object.
    /// </summary>
    /// <exception cref="DeviceException">There is no device with this number.</exception>
    public static Device Cuda(int index = 0) => Accelerators.Cuda[index];

    /// <summary>
    /// Returns the OpenCL device with the number <paramref name="index"/>, counted from 0: a GPU, or a processor
    /// with an OpenCL driver. Every call with this number returns the same object.
    /// </summary>
    /// <exception cref="DeviceException">There is no device with this number.</exception>
    public static Device OpenCL(int index = 0) => Accelerators.OpenCL[index];

    /// <summary>All devices of this machine. Reading this property loads the drivers that are installed.</summary>
    public static IReadOnlyList<Device> All =>
        [Cpu, Reference, .. Accelerators.Simulated.All, .. Accelerators.Cuda.All, .. Accelerators.OpenCL.All];

    /// <summary>A description of the device for human readers.</summary>
    public virtual string Description => Name;
}
