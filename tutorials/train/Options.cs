using System.ComponentModel;
using Spectre.Console;
using Spectre.Console.Cli;
using Tensorlet;

namespace Tutorials;

/// <summary>The options of <c>train</c>.</summary>
sealed class Options : CommandSettings
{
    [CommandOption("--epochs <N>"), Description("Times through the training digits"), DefaultValue(2)]
    public int Epochs { get; init; }

    [CommandOption("--batch-size <N>"), Description("Digits in a step"), DefaultValue(64)]
    public int BatchSize { get; init; }

    [CommandOption("--lr <X>"), Description("Learning rate at the start, from which it falls to 0 in a straight " +
        "line: 0.002, and for sgd 0.05")]
    public double? GivenLr { get; init; }

    [CommandOption("--optimizer <NAME>"), Description("adam, sgd or rmsprop"), DefaultValue("adam")]
    public string Optimizer { get; init; } = "";

    [CommandOption("--seed <N>"), Description("Of weights and order"), DefaultValue(1L)]
    public long Seed { get; init; }

    [CommandOption("--device <NAME>"), Description("cpu, reference, simulated, cuda:0 or opencl:0")]
    [DefaultValue("cpu")]
    public string DeviceName { get; init; } = "";

    [CommandOption("--data <FOLDER>"), Description("Where MNIST is, if not in the variable TENSORLET_DATA; without, " +
        "digits are generated")]
    public string? Data { get; init; } = Environment.GetEnvironmentVariable("TENSORLET_DATA");

    [CommandOption("--out <FOLDER>"), Description("Where pictures and the checkpoint go: tutorials/out")]
    public string Out { get; init; } = Path.Combine("tutorials", "out");

    [CommandOption("--augment"), Description("Digits rotated, moved and scaled a little, differently in each epoch")]
    public bool Augment { get; init; }

    [CommandOption("--quick"), Description("Fewer digits: under a minute")]
    public bool Quick { get; init; }

    [CommandOption("--mine"), Description("With what you have solved of exercises 1, 6, 7, 8, 9 and 12")]
    public bool Mine { get; init; }

    [CommandOption("--live"), Description("A page on this machine shows the training while it runs")]
    public bool Live { get; init; }

    [CommandOption("--port <N>"), Description("Where the page is, http://localhost:N; 0 takes any that is free")]
    [DefaultValue(5080)]
    public int Port { get; init; }

    [CommandOption("--lr-find"), Description("The learning-rate range test in place of a training, with a picture")]
    public bool LrFind { get; init; }

    [CommandOption("--distributed"), Description("Together with the other processes that mpirun has started; see " +
        "chapter 20")]
    public bool Distributed { get; init; }

    public double Lr => GivenLr ?? (Optimizer == "sgd" ? 0.05 : 2e-3);

    public Device Device => Named(DeviceName)!();

    /// <inheritdoc/>
    public override ValidationResult Validate() =>
        Epochs < 1 ? Wrong("epochs", Epochs, "a whole number above 0")
        : BatchSize < 1 ? Wrong("batch-size", BatchSize, "a whole number above 0")
        : GivenLr is { } lr && !(lr > 0 && double.IsFinite(lr)) ? Wrong("lr", lr, "a number above 0")
        : Optimizer is not ("adam" or "sgd" or "rmsprop") ? Wrong("optimizer", Optimizer, "adam, sgd or rmsprop")
        : Port is < 0 or > ushort.MaxValue ? Wrong("port", Port, "a number from 0 to 65535")
        : Named(DeviceName) is null ? Wrong("device", DeviceName, "cpu, reference, simulated, cuda:0 or opencl:0")
        : ValidationResult.Success();

    static ValidationResult Wrong(string name, object value, string take) =>
        ValidationResult.Error(FormattableString.Invariant($"--{name} {value}: take {take}."));

    /// <summary>What gives the device, which starts only then; null if there can be none of this name.</summary>
    static Func<Device>? Named(string name) => (name.Split(':'), name) switch
    {
        (_, "cpu") => () => Device.Cpu,
        (_, "reference") => () => Device.Reference,
        (_, "simulated") => () => Device.Simulated,
        (["opencl"], _) => () => Device.OpenCL(),
        (["opencl", var i], _) when int.TryParse(i, out var index) => () => Device.OpenCL(index),
        (["cuda"], _) => () => Device.Cuda(),
        (["cuda", var i], _) when int.TryParse(i, out var index) => () => Device.Cuda(index),
        _ => null,
    };
}
