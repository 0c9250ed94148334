using System.Diagnostics;
using Tensorlet;
using Tensorlet.Tests.Verification;

namespace Tutorials.Gpu;

/// <summary>What was verified.</summary>
/// <param name="Operations">The number of operations.</param>
/// <param name="Cases">The number of random cases, small ones and ones around large sizes.</param>
/// <param name="Edges">The number of edges and kinks, in two precisions.</param>
/// <param name="Worst">The worst difference of a small case in Float64, relative to max(1, |value|).</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Failures">What is wrong, a line each.</param>
sealed record Verified(int Operations, int Cases, int Edges, double Worst, double Seconds, List<string> Failures);

/// <summary>
/// The whole table of operations on a device: values compared with the oracle, gradients of both orders with those of
/// the reference, Float32 with Float64; each operation once around a large size compared with the reference; and all
/// edges.
/// </summary>
static class Verification
{
    static readonly int[] large = [256, 1024, 1 << 14, 1 << 16];

    /// <summary>Generates cases for a number of seconds, with at least one for each operation.</summary>
    public static Verified Run(Device device, double seconds)
    {
        var (watch, failures, worst, cases, edges) = (Stopwatch.StartNew(), new List<string>(), 0.0, 0, 0);
        // what the device cannot do at all is reported once, and not for every operation
        _ = (Tensor.Ones([3], device: device) + 1).ToArray<float>();
        foreach (var edge in Edges.All)
            foreach (var type in (DType[])[DType.Float64, DType.Float32])
            {
                edges++;
                Try($"edge {edge.Name}, {type}", () => Edges.Check(edge, device, type));
            }
        for (var round = 0; round == 0 || watch.Elapsed.TotalSeconds < seconds; round++)
            foreach (var op in OpTable.All)
            {
                if (round > 0 && watch.Elapsed.TotalSeconds > seconds) break;
                var spec = new Spec(round, 1 + round % 5 + (round == 0 ? 3 : 0));
                Try($"{op.Name}, seed {spec.Seed}, largest {spec.Largest}", () =>
                {
                    cases++;
                    worst = Math.Max(worst, OperationCheck.Run(op, device, spec));
                });
                if (round == 0) Large(op);
                if (!Console.IsOutputRedirected)
                    Console.Write($"\rverify: {cases} cases, {failures.Count} failures  ");
            }
        if (!Console.IsOutputRedirected) Console.Write('\r');
        Console.WriteLine($"verify: {OpTable.All.Count} operations, {cases} cases, {edges} edges, " +
            $"{failures.Count} failures, {watch.Elapsed.TotalSeconds:0} s");
        foreach (var failure in failures) Console.WriteLine($"  {failure}");
        return new(OpTable.All.Count, cases, edges, worst, watch.Elapsed.TotalSeconds, failures);

        // one case around a large size, where the operation takes whole shapes
        void Large(Op op)
        {
            if (op.Family == "linearalgebra") return;           // thousands of small matrices: minutes
            var size = large[Math.Abs(op.Name.Sum(c => c)) % large.Length];
            var draw = new Draw(1, 5, size);
            var c = op.Draw(draw);
            if (!draw.IsAround || c.Shape.Aggregate(1L, (n, s) => n * s) > 1 << 20) return;
            Try($"{op.Name} around {size}", () => { cases++; OperationCheck.Compare(c, draw, device); });
        }

        void Try(string what, Action check)
        {
            try { check(); }
            catch (Exception e)
            {
                var line = e.Message.ReplaceLineEndings(" ");
                failures.Add($"{what}: {(line.Length > 300 ? line[..300] + "…" : line)}");
            }
        }
    }
}
