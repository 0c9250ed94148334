using System.Globalization;
using Tensorlet;

namespace Tutorials;

/// <summary>A command line that cannot be understood.</summary>
sealed class UsageException(string message) : Exception(message);

/// <summary>What <c>train</c> is told.</summary>
sealed class Options
{
    public int Epochs { get; private set; } = 2;
    public int BatchSize { get; private set; } = 64;
    public double Lr { get; private set; } = 2e-3;
    public string Optimizer { get; private set; } = "adam";
    public ulong Seed { get; private set; } = 1;
    public Device Device { get; private set; } = Device.Cpu;
    public string? Data { get; private set; } = Environment.GetEnvironmentVariable("TENSORLET_DATA");
    public string Out { get; private set; } = Path.Combine("tutorials", "out");
    public bool Quick { get; private set; }
    public bool Augment { get; private set; }

    public const string Usage = """
        usage: dotnet run --project tutorials -- [COMMAND [OPTIONS]]

          (none)            the chapters of the book, and which exercises are done
          N                 runs chapter N
          train --mine      trains LeNet with what you have solved of exercises 1, 6, 7, 8, 9 and 12    (--quick)
          check N           grades exercise N
          hint N [COUNT]    a hint for exercise N, or more of them
          compare N         your answer to exercise N, once it passes, beside the solution
          watch N           grades exercise N each time that its file is saved
          grade FOLDER      grades the answers of a course              (--csv FILE, --json FILE, --feedback FOLDER,
                            --gradescope FOLDER, --points 3=20,4=15)
          student-copy FOLDER   copies the project without the solutions

          train     train LeNet on digits, and show that it learned
            --epochs N          times through the training digits (2)
            --batch-size N      digits in a step (64)
            --lr X              learning rate at the start; it falls to 0 in a straight line (0.002; sgd 0.05)
            --optimizer NAME    adam, sgd or rmsprop (adam)
            --seed N            of weights and order (1)
            --device NAME       cpu, reference, simulated, cuda:0 or opencl:0 (cpu)
            --data FOLDER       where MNIST is (the variable TENSORLET_DATA); digits are generated where there is none
            --out FOLDER        where pictures and the checkpoint go (tutorials/out)
            --augment           digits turned, moved and scaled a little, anew in each epoch
            --quick             fewer digits: under a minute
          iris      classifies irises                                   (these five: --quick)
          digits    reads 1,797 digits of 8 × 8 pixels
          cifar     learns 1,000 images of CIFAR-10 by heart
          lstm      an LSTM learns to write sums in words
          gpt       a GPT of two layers learns the same
          hogwild   processes train one network in shared memory        (--quick)
          samples   an image, a text, a sound and a video become tensors, and pictures    [OUT]
          verify    the long verification, with a report                (--quick)
                    and with --all the tests, the runner for GPUs and the benchmarks as well;
                    --attacks: only killed processes, many writers, full disks and memory    (--quick)
          lines     lines of code in each folder of the library
        """;

    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options();
        var lrGiven = false;
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            if (name == "--quick") { options.Quick = true; continue; }
            if (name == "--augment") { options.Augment = true; continue; }
            if (i + 1 == arguments.Length) throw new UsageException($"{name} is no option of train, or its value is " +
                $"missing.");
            var value = arguments[++i];
            switch (name)
            {
                case "--epochs": options.Epochs = Whole(name, value); break;
                case "--batch-size": options.BatchSize = Whole(name, value); break;
                case "--lr": (options.Lr, lrGiven) = (Positive(name, value), true); break;
                case "--optimizer":
                    options.Optimizer = value is "adam" or "sgd" or "rmsprop" ? value
                    : throw new UsageException($"--optimizer {value}: take adam, sgd or rmsprop."); break;
                case "--seed":
                    options.Seed = ulong.TryParse(value, out var seed) ? seed
                    : throw new UsageException($"--seed {value}: take a whole number."); break;
                case "--device": options.Device = Named(value); break;
                case "--data": options.Data = value; break;
                case "--out": options.Out = value; break;
                default: throw new UsageException($"{name} is no option of train.");
            }
        }
        if (!lrGiven && options.Optimizer == "sgd") options.Lr = 0.05;
        return options;
    }

    static Device Named(string name) => (name.Split(':'), name) switch
    {
        (_, "cpu") => Device.Cpu,
        (_, "reference") => Device.Reference,
        (_, "simulated") => Device.Simulated,
        (["opencl"], _) => Device.OpenCL(),
        (["opencl", var i], _) when int.TryParse(i, out var index) => Device.OpenCL(index),
        (["cuda"], _) => Device.Cuda(),
        (["cuda", var i], _) when int.TryParse(i, out var index) => Device.Cuda(index),
        _ => throw new UsageException($"--device {name}: take cpu, reference, simulated, cuda:0 or opencl:0."),
    };

    static int Whole(string name, string value) =>
        int.TryParse(value, out var n) && n > 0 ? n
            : throw new UsageException($"{name} {value}: take a whole number above 0.");

    static double Positive(string name, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) && x > 0
            && double.IsFinite(x) ? x : throw new UsageException($"{name} {value}: take a number above 0.");
}
