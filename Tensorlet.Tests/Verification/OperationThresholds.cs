using System.Diagnostics;
using Tensorlet.Nn;
using Tensorlet.Tests.Devices;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Operations at the sizes where devices switch to another method: value and gradients in both precisions are compared
/// with the reference, for every row of the table whose inputs have random shapes, and for layers and losses, which
/// have sizes of their own. If <c>TENSORLET_SECONDS</c> is set, cases are generated for that time, and not only
/// one.
/// </summary>
public class OperationThresholds
{
    /// <summary>An operation of inputs whose shapes are made around a size.</summary>
    static Op Sized(string name, Func<Variable[], Variable> f, params Func<int, int[]>[] shapes) => new("large", name,
        d =>
        {
            var n = d.Around();
            return new(f, [.. shapes.Select(shape => d.Input(shape(n)))], [], _ => []);
        });

    /// <summary>Classes for N rows.</summary>
    static Tensor Classes(Variable x) =>
        Tensor.From([.. Enumerable.Range(0, x.Size(0)).Select(i => (long)(7 * i % x.Size(1)))], device: x.Device);

    /// <summary>Layers and losses whose shapes are not generated as a whole.</summary>
    static readonly Op[] layers =
    [
        Sized("cross-entropy of one row", v => F.CrossEntropy(v[0], Classes(v[0])), n => [1, n]),
        Sized("cross-entropy of many rows", v => F.CrossEntropy(v[0], Classes(v[0])), n => [n, 3]),
        Sized("mean squared error of a row", v => F.MseLoss(v[0], v[1]), n => [1, n, 1], n => [1, n, 1]),
        Sized("Huber loss", v => F.HuberLoss(v[0], v[1]), n => [n], n => [n]),
        Sized("binary cross-entropy with logits of a column",
            v => F.BinaryCrossEntropyWithLogits(v[0], v[1].Sigmoid()), n => [n, 1], n => [n, 1]),
        Sized("layer norm of one row", v => F.LayerNorm(v[0], [v[0].Size(1)], v[1], v[2]), n => [1, n], n => [n],
            n => [n]),
        Sized("layer norm of many rows", v => F.LayerNorm(v[0], [5], v[1]), n => [n, 5], _ => [5]),
        Sized("RMS norm", v => F.RmsNorm(v[0], [v[0].Size(2)]), n => [1, 1, n]),
        Sized("group norm", v => F.GroupNorm(v[0], 1, v[1]), n => [1, 2, n], _ => [2]),
        Sized("batch norm", v => F.BatchNorm(v[0], null, null, v[1], training: true), n => [n, 1], _ => [1]),
        Sized("batch norm of images", v => F.BatchNorm(v[0], null, null, v[1], training: true),
            n => [2, 3, n / 8 + 1, 2], _ => [3]),
        Sized("global average", v => new AdaptiveAvgPool2d(1).Call(v[0]), n => [1, 1, n, 1]),
        Sized("global average of a square", v => new AdaptiveAvgPool2d(1).Call(v[0]),
            n => [1, 1, (int)Math.Sqrt(n), (int)Math.Sqrt(n)]),
        Sized("max pooling", v => new MaxPool2d(2).Call(v[0]), n => [1, 1, n / 8 + 2, 16]),
        Sized("average pooling", v => new AvgPool1d(2).Call(v[0]), n => [1, 2, n]),
        Sized("linear of many rows", v => F.Linear(v[0], v[1], v[2]), n => [n, 3], _ => [2, 3], _ => [2]),
        Sized("linear of long rows", v => F.Linear(v[0], v[1], v[2]), n => [2, n], n => [3, n], _ => [3]),
        Sized("linear with many results", v => F.Linear(v[0], v[1], v[2]), _ => [1, 3], n => [n, 3], n => [n]),
        Sized("product with a long sum", v => v[0].MatMul(v[1]), n => [3, n], n => [n, 2]),
        Sized("many small products", v => v[0].MatMul(v[1]), n => [n / 6, 2, 3], n => [n / 6, 3, 1]),
        Sized("einsum", v => Variable.Einsum("ij,kj->ki", v[0], v[1]), n => [1, n], n => [2, n]),
        Sized("convolution of a long signal", v => F.Conv1d(v[0], v[1], v[2]), n => [1, 1, n], _ => [2, 1, 3],
            _ => [2]),
        Sized("convolution of images", v => F.Conv2d(v[0], v[1]), n => [2, 2, n / 64 + 3, 32],
            _ => [3, 2, 3, 3]),
        Sized("embedding", v => new Embedding(v[0].Size(0), 2).With(v[0]).Call(
            Tensor.From([0L, v[0].Size(0) - 1, 1], device: v[0].Device)), n => [n, 2]),
        Sized("attention", v => F.ScaledDotProductAttention(v[0], v[1], v[2]), _ => [1, 3, 4], n => [1, n, 4],
            n => [1, n, 2]),
    ];

    /// <summary>The operations whose cases are around a given size.</summary>
    static readonly Op[] operations = [.. OpTable.All
        .Where(op => op.Family != "linearalgebra" || ThresholdTests.Seconds is not null)
        .Where(op =>
        {
            var draw = new Draw(1, 5, around: 1 << 9);
            op.Draw(draw);
            return draw.IsAround;
        }).Concat(layers)];

    public static TheoryData<string> Names => [.. operations.Select(op => op.Name)];

    static readonly int[] thresholds = [.. Thresholds.All.Where(size => size is >= 1 << 9 and <= 1 << 17)];

    [Theory, MemberData(nameof(Names))]
    public void An_operation_agrees_with_the_reference(string name)
    {
        var (op, watch, first) = (operations.Single(op => op.Name == name), Stopwatch.StartNew(), name.Sum(c => c));
        var (seconds, done) = (ThresholdTests.Seconds / operations.Length, 0);
        for (var round = 0; (done == 0 && round < 100) || watch.Elapsed.TotalSeconds < seconds; round++)
        {
            var random = new Random(first + round);
            int seed = random.Next(), threshold = thresholds[random.Next(thresholds.Length)];
            var draw = new Draw(seed, 5, threshold);
            var c = op.Draw(draw);
            // the windows of a long signal, and similar ones
            if (c.Shape.Aggregate(1L, (n, size) => n * size) > 1 << 20) continue;
            var device = new CpuDevice { Threads = 1 + round % 3 };
            try { OperationCheck.Compare(c, draw, device); }
            catch (Exception e)
            {
                Assert.Fail($"{name} around {threshold}, seed {seed}, inputs {c}: {e.Message}");
            }
            Report.AddThreshold(device);
            done++;
        }
        Assert.True(done > 0, $"{name}: every case drawn is too large");
    }
}
