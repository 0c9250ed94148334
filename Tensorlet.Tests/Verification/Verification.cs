using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit.Sdk;

namespace Tensorlet.Tests.Verification;

/// <summary>Verifies a row of the table on a device, over many random cases.</summary>
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
            OperationCheck.Run(op, device, new Spec(int.Parse(seed), int.Parse(largest)));
            return;
        }
        // layers are long, and composed of operations that have their own rows; a case of a whole transformer takes
        // more than a second
        var (here, elsewhere) = op.Family switch
        {
            "sequences" => (op.Name is "Transformer" or "TransformerDecoder" ? 8 : 20, 5),
            "layers" => (40, 25),
            _ => (100, 25),
        };
        var (count, done) = (asked ?? (deviceName == "cpu" ? here : elsewhere), 0);
        var specs = from s in Gen.Choose(0, int.MaxValue) from size in Gen.Choose(1, 5) select new Spec(s, size);
        var arbitrary = Arb.From(specs, spec =>
            Enumerable.Range(0, spec.Largest).Select(size => spec with { Largest = size }));
        var property = Prop.ForAll(arbitrary, spec =>
        {
            try
            {
                var second = done++ % 5 == 0 || !OperationCheck.IsDifferenced(device);
                Report.Add(op, device, OperationCheck.Run(op, device, spec, second), second);
            }
            catch (Exception e)
            {
                throw new XunitException($"{name} on {device}, inputs {op.Draw(new Draw(spec.Seed, spec.Largest))}: " +
                    $"{e.Message}\nreplay: TENSORLET_REPLAY={spec.Seed},{spec.Largest}\n" +
                    (e is Disagreement ? "" : e.StackTrace));
            }
        });
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(count));
    }
}

/// <summary>The devices on which operations are verified.</summary>
static class Machines
{
    /// <summary>Their names: those that every machine has, and an OpenCL device if there is a driver for one.</summary>
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

    /// <summary>The results of the mutants, in a sentence.</summary>
    public static string Mutants { get; set; } = "";

    /// <summary>The results of the random programs, in a sentence.</summary>
    public static string Programs { get; set; } = "";

    static readonly ConcurrentDictionary<string, int> aroundThresholds = new();

    /// <summary>Counts a case around a size at which devices switch to another method.</summary>
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
            $"{verified.Values.Sum(v => v.First):#,0} cases; differences are relative to " +
            $"max(1, |value|).\n\n{Thresholds}\n\n{Mutants}\n\n{Programs}\n");
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));
        try
        {
            var folder = Directory.Exists(root) ? root : AppContext.BaseDirectory;
            File.WriteAllText(Path.Combine(folder, "verification.md"), text.ToString());
        }
        catch (IOException) { }         // a report that cannot be written is not a failed test
    }
}
