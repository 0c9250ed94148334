using Tensorlet;
using Tutorials.Gpu;

// Verifies and times a device: see README.md beside this file.
try
{
    var options = Options.Parse(args);
    Devices.Print();
    var device = Devices.Named(options.Device);
    Console.WriteLine($"\nrunning on {device.Name}: {device.Description}");
    var report = new Report(device);
    if (options.Does("verify")) report.Verification = Verification.Run(device, options.Seconds);
    if (options.Does("train")) report.Training = LeNetTraining.Run(device);
    if (options.Does("bench")) report.Rows = Benchmark.Run(device);
    report.Write(options.Out);
    return report.Passed ? 0 : 1;
}
catch (Exception e) when (e is UsageException or TensorletException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
