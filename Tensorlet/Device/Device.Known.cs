namespace Tensorlet;

public abstract partial class Device
{
    /// <summary>
    /// The fast device on the processor, which uses SIMD registers, threads and a blocked matrix product. This is
    /// the default device.
    /// </summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>
    /// The device that defines every primitive, in plain loops and with MathNet. The other devices are compared
    /// with this one.
    /// </summary>
    public static Device Reference { get; } = new ReferenceDevice();

    /// <summary>The device on which this process creates new tensors if no device is named.</summary>
    public static Device Default { get; set => field = value.Given(); } = Cpu;

    /// <summary>
    /// The device that runs the kernels of GPUs without a GPU: the same methods run as loops on the host, where
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

    /// <summary>A description of the device, to be read by people.</summary>
    public virtual string Description => Name;
}
