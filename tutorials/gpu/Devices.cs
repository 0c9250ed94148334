using Tensorlet;

namespace Tutorials.Gpu;

/// <summary>The devices of this machine.</summary>
static class Devices
{
    /// <summary>Lists everything that ILGPU finds, including devices that do not start.</summary>
    public static void Print()
    {
        Console.WriteLine("devices:");
        Print("simulated");
        for (var i = 0; i < Cuda.Count; i++) Print($"cuda:{i}");
        for (var i = 0; i < OpenCL.Count; i++) Print($"opencl:{i}");

        static void Print(string name)
        {
            string said;
            try { said = Named(name).Description; }
            catch (DeviceException e) { said = e.Message; }
            Console.WriteLine($"  {name,-10} {said}");
        }
    }

    /// <summary>
    /// The device with a name; without a name the first GPU, otherwise OpenCL, otherwise the simulator.
    /// </summary>
    /// <exception cref="DeviceException">There is no such device.</exception>
    /// <exception cref="UsageException">There can be no device of this name.</exception>
    public static Device Named(string? name) => name?.Split(':') switch
    {
        null => Cuda.IsAvailable ? Device.Cuda() : OpenCL.IsAvailable ? Device.OpenCL() : Device.Simulated,
        ["simulated"] => Device.Simulated,
        ["cuda", var n] when int.TryParse(n, out var index) => Device.Cuda(index),
        ["opencl", var n] when int.TryParse(n, out var index) => Device.OpenCL(index),
        _ => throw new UsageException($"--device takes cuda:0, opencl:0 or simulated, not {name}."),
    };

    /// <summary>True if it is a GPU, which can handle large sizes.</summary>
    public static bool IsGpu(Device device) => device.Name.StartsWith("cuda", StringComparison.Ordinal);
}
