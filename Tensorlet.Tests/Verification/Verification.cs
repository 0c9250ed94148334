using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit.Sdk;

namespace Tensorlet.Tests.Verification;

/// <summary>What a case is drawn from: a seed, and the largest size of an axis, which shrinking lowers.</summary>
public sealed record Spec(int Seed, int Largest);

/// <summary>Verifies a row of the table on a device, over many drawn cases.</summary>
static class Verifier
{
    static readonly int? asked = int.TryParse(Environment.GetEnvironmentVariable("TENSORLET_CASES"), out var n) ? n
        : null;
    static readonly string? replay = Environment.GetEnvironmentVariable("TENSORLET_REPLAY");

    public static void Run(string name, string deviceName)
    {
        var (op, device) = (OpTable.Named(name), Machines.Named(deviceName));
        if (replay?.Split(',') is [var seed, var largest])
        {
            Check(op, device, new Spec(int.Parse(seed), int.Parse(largest)), 0);
            return;
        }
        var (count, done) = (asked ?? (deviceName == "cpu" ? 100 : 25), 0);
        var specs = from s in Gen.Choose(0, int.MaxValue) from size in Gen.Choose(1, 5) select new Spec(s, size);
        var arbitrary = Arb.From(specs, spec =>
            Enumerable.Range(0, spec.Largest).Select(size => spec with { Largest = size }));
        var property = Prop.ForAll(arbitrary, spec =>
        {
            try { Check(op, device, spec, done++); }
            catch (Exception e)
            {
                throw new XunitException($"{name} on {device}, inputs {op.Draw(new Draw(spec.Seed, spec.Largest))}: " +
                    $"{e.Message}\nreplay: TENSORLET_REPLAY={spec.Seed},{spec.Largest}\n" +
                    (e is XunitException ? "" : e.StackTrace));
            }
        });
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(count));
    }

    /// <summary>One case: value, gradient, gradient of the gradient (every fifth), and Float32.</summary>
    public static void Check(Op op, Device device, Spec spec, int number)
    {
        var draw = new Draw(spec.Seed, spec.Largest);
        var c = op.Draw(draw);
        Tensor[] inputs = [.. c.Inputs.Select(input => draw.Lay(input, device))];
        var y = Forward(c, inputs);
        Assert.True(y.Shape.SequenceEqual(c.Shape),
            $"the result has shape {y.Layout}, and should have ({string.Join(", ", c.Shape)})");
        var worst = Difference("the value", y.ToArray<double>(), c.Oracle([.. c.Inputs.Select(i => i.Values)]), 1e-9);
        var differenced = device == Device.Cpu || device == Device.Reference;
        if (differenced)
        {
            var report = GradCheck.Run(c.F, inputs, (ulong)spec.Seed, secondOrder: number % 5 == 0);
            Assert.True(report.Passed, report.Text);
            worst = Math.Max(worst, report.WorstError);
        }
        else worst = Math.Max(worst, AgainstReference(c, inputs, y));
        Narrow(c, inputs, y);
        Report.Add(op, device, worst, bothOrders: !differenced || number % 5 == 0);
    }

    /// <summary>Value and first gradients on a device as on the reference, in both precisions.</summary>
    public static void Compare(Case c, Draw draw, Device device)
    {
        Tensor[] inputs = [.. c.Inputs.Select(input => draw.Lay(input, device))];
        Tensor[] expected = [.. inputs.Select(x => x.To(Device.Reference))];
        foreach (var (type, tolerance) in new[] { (DType.Float64, 1e-9), (DType.Float32, 1e-4) })
        {
            var (here, there) = (Run(inputs, type), Run(expected, type));
            for (var i = 0; i < here.Length; i++)
            {
                var scale = there[i].Where(double.IsFinite).Select(Math.Abs).Append(1).Max();
                Difference($"in {type}, {(i == 0 ? "the value" : $"the gradient by input {i - 1}")}",
                    [.. here[i].Select(x => x / scale)], [.. there[i].Select(x => x / scale)], tolerance);
            }
        }

        double[][] Run(Tensor[] at, DType type)
        {
            Variable[] leaves = [.. at.Select(x => new Variable(x.To(type), true))];
            var result = c.F(leaves);
            if (result.RequiresGrad) result.Backward(Tensor.Randn(result.Size(), DType.Float64,
                generator: new Generator(6)).To(result.DType).To(result.Device));
            return [result.Data.ToArray<double>(), .. leaves.Select(v => v.Grad?.Data.ToArray<double>() ?? [])];
        }
    }

    static Tensor Forward(Case c, Tensor[] inputs)
    {
        using var _ = Autograd.NoGrad();
        return c.F([.. inputs.Select(x => new Variable(x))]).Data;
    }

    static double Difference(string what, double[] actual, double[] expected, double tolerance)
    {
        var worst = 0.0;
        Assert.True(actual.Length == expected.Length, $"{what}: {actual.Length} numbers in place of {expected.Length}");
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = double.IsNaN(expected[i]) && double.IsNaN(actual[i]) ? 0
                : Math.Abs(actual[i] - expected[i]) / Math.Max(1, Math.Abs(expected[i]));
            Assert.True(difference <= tolerance, string.Create(CultureInfo.InvariantCulture, $"{what}: element {i} " +
                $"is {actual[i]}, and should be {expected[i]}"));
            worst = Math.Max(worst, difference);
        }
        return worst;
    }

    /// <summary>Gradients of both orders as on the reference.</summary>
    static double AgainstReference(Case c, Tensor[] inputs, Tensor y)
    {
        var incoming = Tensor.Randn(y.Size(), DType.Float64, generator: new Generator(5));
        var (here, there) = (Gradients(inputs), Gradients([.. inputs.Select(x => x.To(Device.Reference))]));
        return here.Zip(there, (a, b) => Difference("the gradient", a, b, 1e-9)).DefaultIfEmpty().Max();

        double[][] Gradients(Tensor[] at)
        {
            Variable[] leaves = [.. at.Select(x => new Variable(x, true))];
            var result = c.F(leaves);
            if (!result.RequiresGrad) return [];
            result.Backward(incoming.To(at[0].Device), createGraph: true);
            var first = leaves.Select(v => v.Grad).ToArray();
            Variable total = Tensor.Scalar(0, DType.Float64, at[0].Device);
            foreach (var gradient in first)
                if (gradient is not null) total += (gradient * gradient).Sum();
            foreach (var leaf in leaves) leaf.Grad = null;
            if (total.RequiresGrad) total.Backward();
            return [.. first.Concat(leaves.Select(v => v.Grad)).Select(g => g?.Data.ToArray<double>() ?? [])];
        }
    }

    /// <summary>Value and gradients in Float32 as in Float64, to 1e-4 of the largest number.</summary>
    static void Narrow(Case c, Tensor[] inputs, Tensor y)
    {
        var (wide, narrow) = (Run(inputs), Run([.. inputs.Select(x => x.To(DType.Float32))]));
        for (var i = 0; i < wide.Length; i++)
        {
            var scale = wide[i].Append(1).Max(Math.Abs);
            Difference($"in Float32, {(i == 0 ? "the value" : $"the gradient by input {i - 1}")}",
                [.. narrow[i].Select(x => x / scale)], [.. wide[i].Select(x => x / scale)], 1e-4);
        }

        double[][] Run(Tensor[] at)
        {
            Variable[] leaves = [.. at.Select(x => new Variable(x, true))];
            var result = c.F(leaves);
            if (result.RequiresGrad) result.Backward(Tensor.Randn(y.Size(), DType.Float64,
                generator: new Generator(6)).To(result.DType).To(result.Device));
            return [result.Data.ToArray<double>(), .. leaves.Select(v => v.Grad?.Data.ToArray<double>() ?? [])];
        }
    }
}

/// <summary>The devices that operations are verified on.</summary>
static class Machines
{
    /// <summary>
    /// Their names: those that every machine has, and an OpenCL device where there is a driver for one.
    /// </summary>
    public static IReadOnlyList<string> All
    {
        get;
    } = ["cpu", "reference", "simulated", .. OpenCL.IsAvailable ? (string[])["opencl:0"] : []];

    public static Device Named(string name) => name switch
    {
        "cpu" => Device.Cpu,
        "reference" => Device.Reference,
        "simulated" => Device.Simulated,
        "opencl:0" => Device.OpenCL(),
        _ => throw new ArgumentException(name),
    };
}

/// <summary>The operations of the family that the class is named after (ShapesOnCpu), on a device.</summary>
sealed class OpsAttribute(string device) : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        var tests = testMethod.ReflectedType!.Name;
        return Skip is not null ? [["every operation", device]] : OpTable.All
            .Where(op => tests.StartsWith(op.Family + "On", StringComparison.OrdinalIgnoreCase))
            .Select(op => new object[] { op.Name, device });
    }

    /// <summary>The reason why the device is left out, if it is.</summary>
    public override string? Skip =>
        Machines.All.Contains(device) ? null : $"{device}: no fit driver was found on this machine.";
}

/// <summary>What has been verified, written when the tests end: a table of operations and devices.</summary>
static class Report
{
    static readonly ConcurrentDictionary<(Op, string), (int First, int Second, double Worst)> verified = new();

    /// <summary>What became of the mutants, in a sentence.</summary>
    public static string Mutants { get; set; } = "";

    /// <summary>What became of the random programs, in a sentence.</summary>
    public static string Programs { get; set; } = "";

    static readonly ConcurrentDictionary<string, int> aroundThresholds = new();

    /// <summary>Counts a case around a size at which devices change their way.</summary>
    public static void AddThreshold(Device device) => aroundThresholds.AddOrUpdate(device.Name, 1, (_, n) => n + 1);

    static Report() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Write();

    public static void Add(Op op, Device device, double worst, bool bothOrders)
    {
        var second = bothOrders ? 1 : 0;
        verified.AddOrUpdate((op, device.Name), (1, second, worst), (_, sum) =>
            (sum.First + 1, sum.Second + second, Math.Max(sum.Worst, worst)));
    }

    static string Here([CallerFilePath] string path = "") => path;

    static string Cell(Op op, string device) => !verified.TryGetValue((op, device), out var v) ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{v.First} / {v.Second}, {v.Worst:0.0e+0}");

    static string Thresholds => aroundThresholds.IsEmpty ? "" : string.Create(CultureInfo.InvariantCulture,
        $"{aroundThresholds.Values.Sum():#,0} cases at sizes where devices change their way, against the reference (" +
        $"{string.Join(", ", aroundThresholds.OrderBy(d => d.Key).Select(d => $"{d.Key} {d.Value}"))}).");

    static void Write()
    {
        string[] devices = [.. verified.Keys.Select(k => k.Item2).Distinct().Order()];
        var text = new StringBuilder($"| operation | {string.Join(" | ", devices)} |\n");
        text.Append($"| --- |{string.Concat(devices.Select(_ => " ---: |"))}\n");
        foreach (var op in OpTable.All.Where(op => verified.Keys.Any(k => k.Item1 == op)))
            text.Append($"| {op.Name} | {string.Join(" | ", devices.Select(device => Cell(op, device)))} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\n{OpTable.All.Count} operations, {devices.Length} devices, " +
            $"{verified.Values.Sum(v => v.First):#,0} cases: verified in the first / and second order, and the worst " +
            $"difference, relative to max(1, |value|).\n\n{Thresholds}\n\n{Mutants}\n\n{Programs}\n");
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));
        try
        {
            var folder = Directory.Exists(root) ? root : AppContext.BaseDirectory;
            File.WriteAllText(Path.Combine(folder, "verification.md"), text.ToString());
        }
        catch (IOException) { }         // a report that cannot be written is no failed test
    }
}
