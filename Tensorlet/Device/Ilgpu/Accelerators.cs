using System.Runtime.Loader;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Tensorlet;

/// <summary>
/// The devices of one kind that ILGPU finds. Each kind has a context of its own. The context is created when the
/// kind is first asked for, and each device is started when it is first asked for. So nobody waits for a driver that
/// is not used.
/// </summary>
sealed class Accelerators
{
    public static Accelerators Simulated { get; } = new("simulated", AcceleratorType.CPU, "nothing", b =>
        b.CPU(d => d == CPUDevice.Default));
    public static Accelerators Cuda { get; } =
        new("cuda", AcceleratorType.Cuda, "an NVIDIA GPU and its driver (libcuda.so.1 or nvcuda.dll)", b => b.Cuda());
    public static Accelerators OpenCL { get; } =
        new("opencl", AcceleratorType.OpenCL, "a driver for OpenCL 2 or later (libOpenCL.so.1 or OpenCL.dll) and a " +
            "device with doubles", b => b.OpenCL(IsFit));

    static readonly List<string> unfit = [];
    readonly string kind, sought;
    readonly Lazy<Lazy<IlgpuDevice>[]> devices;

    // ILGPU asks for libraries by names that only development packages provide.
    static Accelerators() => AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, library) =>
        library is "OpenCL" or "cuda" && NativeLibrary.TryLoad($"lib{library}.so.1", out var handle) ? handle : 0;

    Accelerators(string kind, AcceleratorType type, string sought, Func<Context.Builder, Context.Builder> register)
    {
        (this.kind, this.sought) = (kind, sought);
        devices = new(() => Find(type, register));
    }

    public int Count => devices.Value.Length;

    public IEnumerable<IlgpuDevice> All => devices.Value.Select(d => d.Value);

    /// <exception cref="DeviceException">There is no device with this number.</exception>
    public IlgpuDevice this[int index]
    {
        get
        {
            if (index >= 0 && index < Count) return devices.Value[index].Value;
            if (!RuntimeFeature.IsDynamicCodeSupported) throw new DeviceException(
                $"Device: the kernels of {kind}:{index} are compiled while the program runs, which this program does " +
                "not allow. Set PublishAot=false in its project, or write #:property PublishAot=false above its code.");
            var refused = this == OpenCL && unfit.Count > 0 ? $" Unsuitable: {string.Join("; ", unfit)}." : "";
            throw new DeviceException($"Device: {kind}:{index} was not found; it needs {sought}.{refused} " +
                $"There are {string.Join(", ", Device.All.Select(d => $"{d.Name} ({d.Description})"))}.");
        }
    }

    /// <summary>
    /// Returns the devices of the kind, in the order of their numbers. If there is no driver, there are no devices;
    /// the simulator is not used instead.
    /// </summary>
    Lazy<IlgpuDevice>[] Find(AcceleratorType type, Func<Context.Builder, Context.Builder> register)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) return [];
        try
        {
            // EnableAlgorithms provides the functions that CUDA lacks, such as exp and log of doubles.
            var context = Context.Create(b => register(b.EnableAlgorithms().Optimize(OptimizationLevel.O2)));
            return [.. context.Devices.Where(d => d.AcceleratorType == type).Select((d, i) =>
                new Lazy<IlgpuDevice>(() => type == AcceleratorType.CPU
                    ? new(Start(kind, d, context), kind, inHostLoops: true)
                    : new(Start($"{kind}:{i}", d, context), $"{kind}:{i}", inHostLoops: false)))];
        }
        catch (Exception e) when (e.GetBaseException() is DllNotFoundException or EntryPointNotFoundException
            or AcceleratorException)
        {
            return [];
        }
    }

    static Accelerator Start(string name, ILGPU.Runtime.Device device, Context context)
    {
        try { return device.CreateAccelerator(context); }
        catch (Exception e)
        {
            throw new DeviceException($"{name}: the driver does not start {device.Name}: {e.Message}", e);
        }
    }

    /// <summary>
    /// Returns true if an OpenCL device meets the requirements of the kernels. GPUs of NVIDIA are refused here,
    /// because CUDA is used for them.
    /// </summary>
    static bool IsFit(CLDevice device)
    {
        var reason = device.Vendor == CLDeviceVendor.Nvidia ? "is for CUDA"
            : !device.Capabilities.GenericAddressSpace ? "has no generic address space"
            : !device.Capabilities.Float64 ? "has no doubles"
            : device.CLStdVersion < CLBackend.MinimumVersion ? $"supports only {device.CLStdVersion}"
            : null;
        if (reason is not null) unfit.Add($"{device.Name} {reason}");
        return reason is null;
    }
}

/// <summary>The NVIDIA GPUs of this machine.</summary>
public static class Cuda
{
    /// <summary>True if there is at least one NVIDIA GPU.</summary>
    public static bool IsAvailable => Count > 0;
    /// <summary>The number of NVIDIA GPUs.</summary>
    public static int Count => Accelerators.Cuda.Count;
}

/// <summary>
/// The OpenCL devices of this machine that can run the kernels of Tensorlet: GPUs, and processors with an OpenCL
/// driver. NVIDIA GPUs are not included; use <see cref="Cuda"/> for them.
/// </summary>
public static class OpenCL
{
    /// <summary>True if at least one OpenCL device can run kernels.</summary>
    public static bool IsAvailable => Count > 0;
    /// <summary>The number of OpenCL devices that can run kernels.</summary>
    public static int Count => Accelerators.OpenCL.Count;
}
