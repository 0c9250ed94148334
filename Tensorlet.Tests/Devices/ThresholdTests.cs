using Tensorlet.Tests.Verification;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// Every verb against the reference at the sizes where devices change their way, with odd layouts and one to three
/// threads. <c>TENSORLET_SECONDS</c> draws on for so long; a failing case prints the <c>TENSORLET_REPLAY</c> that
/// repeats it.
/// </summary>
public abstract class ThresholdTests(Func<Device> make, int most)
{
    /// <summary>The verbs whose cases have drawn sizes, and the thresholds.</summary>
    public static IEnumerable<object[]> Rows =>
        from verb in Verbs.Table
        where verb.Value.AnySize
        from type in verb.Value.Types
        where type.IsFloat()
        select (object[])[verb.Key, type];

    private protected void Run(string verb, DType type)
    {
        foreach (var threshold in Thresholds.All.Where(size => size <= most))
            for (var seed = 0; seed < Thresholds.Cases(threshold); seed++)
                ThresholdCase.Run(make(), verb, type, threshold, seed, most);
    }
}

/// <summary>One case around a threshold.</summary>
static class ThresholdCase
{
    public static void Run(Device device, string verb, DType type, int threshold, int seed, int most)
    {
        if (device is CpuDevice cpu) cpu.Threads = 1 + seed % 3;
        try { Verbs.Table[verb].Case(new Twins(device, seed, 2 * most, threshold), type); }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{verb} of {type} around {threshold}, seed {seed}: {e.Message}", e);
        }
    }
}

public class ThresholdsOnCpu() : ThresholdTests(() => new CpuDevice(), 1 << 20)
{
    [Theory, MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string verb, DType type) => Run(verb, type);
}

public class ThresholdsOnSimulated() : ThresholdTests(() => Device.Simulated, 1 << 16)
{
    [Theory, MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string verb, DType type) => Run(verb, type);
}

public class ThresholdsOnOpenCL() : ThresholdTests(() => Device.OpenCL(), 1 << 16)
{
    [OpenCLTheory, MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string verb, DType type) => Run(verb, type);
}
