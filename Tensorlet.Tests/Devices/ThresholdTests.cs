using System.Diagnostics;
using Tensorlet.Tests.Verification;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// Every primitive compared with the reference at the sizes where devices switch to another method, with unusual
/// layouts and one to three threads. If <c>TENSORLET_SECONDS</c> is set, cases are generated for that time, and not
/// only a few.
/// </summary>
public abstract class ThresholdTests(Func<Device> make, int most)
{
    /// <summary>How long to generate cases; null for a few cases of each threshold.</summary>
    internal static readonly double? Seconds =
        double.TryParse(Environment.GetEnvironmentVariable("TENSORLET_SECONDS"), out var seconds) ? seconds : null;

    /// <summary>The primitives whose cases have random sizes, on floats.</summary>
    public static IEnumerable<object[]> Rows =>
        from verb in Verbs.Table
        where verb.Value.AnySize
        from type in verb.Value.Types
        where type.IsFloat()
        select (object[])[verb.Key, type];

    private protected void Run(string verb, DType type)
    {
        var (watch, rows) = (Stopwatch.StartNew(), Rows.Count());
        var first = Rows.TakeWhile(row => (string)row[0] != verb).Count();         // other seeds for each primitive
        for (var round = 0; round == 0 || InTime(); round++)
            foreach (var threshold in Thresholds.All.Where(size => size <= Most(verb)).Order())
                for (var i = 0; i < (threshold <= 1 << 16 ? 3 : 2); i++)
                    if ((round == 0 && threshold <= most) || Seconds is null || InTime())
                        One(verb, type, threshold, (round * rows + first) * 4 + i);

        bool InTime() => watch.Elapsed.TotalSeconds * rows < Seconds;
    }

    /// <summary>
    /// The largest threshold: the work from which on a product is shared by threads, and up to 2²² if there is time.
    /// </summary>
    int Most(string verb) => Seconds is not null ? 32 * most : verb == "Contract" ? 8 * most : most;

    void One(string verb, DType type, int threshold, int seed)
    {
        var device = make();
        if (device is CpuDevice cpu) cpu.Threads = 1 + seed % 3;
        var times = Seconds is null ? 10 : 30;
        var elements = Math.Max(2 * threshold, Math.Min(2 * most, times * threshold));
        try { Verbs.Table[verb].Case(new Twins(device, seed, elements, threshold), type); }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{verb} of {type} around {threshold}, seed {seed}: {e.Message}", e);
        }
        Report.AddThreshold(device);
    }
}

public class ThresholdsOnCpu() : ThresholdTests(() => new CpuDevice(), 1 << 17)
{
    [Theory, MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string verb, DType type) => Run(verb, type);
}

public class ThresholdsOnSimulated() : ThresholdTests(() => Device.Simulated, 1 << 13)
{
    [Theory, MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string verb, DType type) => Run(verb, type);
}

public class ThresholdsOnOpenCL() : ThresholdTests(() => Device.OpenCL(), 1 << 13)
{
    [OpenCLTheory, MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string verb, DType type) => Run(verb, type);
}
