using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

/// <summary>Metrics of random batches compared with their definitions, written out naively over all samples.</summary>
public class MetricTests
{
    const int Classes = 5, Samples = 60;

    /// <summary>Scores with ties, and targets without class 3, added in batches of unequal size.</summary>
    static (double[][] Scores, long[] Targets) Taken(Metric metric, long seed)
    {
        var generator = new Generator(seed);
        var scores = Tensor.RandInt(0, 6, [Samples, Classes], DType.Float32, null, generator);
        var targets = Tensor.RandInt(0, 3, [Samples], generator: generator);
        foreach (var (start, length) in new[] { (0, 25), (25, 1), (26, 34) })
            metric.Add(scores.Narrow(0, start, length), targets.Narrow(0, start, length));
        return ([.. scores.ToArray<double>().Chunk(Classes)], targets.ToArray<long>());
    }

    static int First(double[] scores) => Array.IndexOf(scores, scores.Max());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Accuracy_is_the_share_of_hits(long seed)
    {
        var metric = new Accuracy();
        var (scores, targets) = Taken(metric, seed);
        Assert.Equal(targets.Where((t, i) => First(scores[i]) == t).Count() / (double)Samples, metric.Value);
        metric.Reset();
        Assert.Equal(double.NaN, metric.Value);
        metric.Add(Tensor.From([0L, 2, 1]), Tensor.From([0L, 1, 1]));
        Assert.Equal(2 / 3.0, metric.Value);
    }

    [Fact]
    public void Accuracy_counts_pixels_too()
    {
        var (metric, images) = (new Accuracy(), Tensor.Randn(2, 3, 4, 5));
        metric.Add(images, images.ArgMax(1));
        Assert.Equal(1, metric.Value);
        Assert.Throws<ShapeException>(() => metric.Add(images, Tensor.Arange(2)));
        Assert.Throws<DTypeException>(() => metric.Add(Tensor.Randn(2, 3), Tensor.Ones(2)));
        Assert.Equal(1, metric.Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    public void Top_k_counts_targets_among_the_k_largest(int k)
    {
        var metric = new TopKAccuracy(k);
        var (scores, targets) = Taken(metric, 3);
        var hits = targets.Where((t, i) => Enumerable.Range(0, Classes).OrderByDescending(c => scores[i][c]).Take(k)
            .Contains((int)t)).Count();
        Assert.Equal(hits / (double)Samples, metric.Value);
        var accuracy = new Accuracy();
        Taken(accuracy, 3);
        if (k == 1) Assert.Equal(accuracy.Value, metric.Value);
        Assert.Throws<IndexException>(() => metric.Add(Tensor.Ones(1, 3), Tensor.From([3L])));
        Assert.Equal(hits / (double)Samples, metric.Value);
        metric.Reset();
        metric.Add(Tensor.Full([1, 3], double.NaN), Tensor.From([0L]));
        Assert.Equal(0, metric.Value);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TopKAccuracy(0));
        foreach (var all in (int[])[2, 3])                      // as many as there are classes, and more
        {
            var top = new TopKAccuracy(all);
            top.Add(Tensor.From(new[,] { { float.NaN, 1 }, { 0, 1 } }), Tensor.From([0L, 0]));
            Assert.Equal(0.5, top.Value);
        }
    }

    [Fact]
    public void Confusion_counts_pairs()
    {
        var metric = new ConfusionMatrix(Classes);
        var (scores, targets) = Taken(metric, 4);
        for (var actual = 0; actual < Classes; actual++)
            for (var predicted = 0; predicted < Classes; predicted++)
                Assert.Equal(targets.Where((t, i) => t == actual && First(scores[i]) == predicted).Count(),
                    metric[actual, predicted]);
        Assert.Equal(Enumerable.Range(0, Classes).Sum(c => metric[c, c]) / (double)Samples, metric.Value);
        Assert.Throws<IndexException>(() => metric.Add(Tensor.From([0L, 1]), Tensor.From([0L, 5])));
        Assert.Throws<IndexException>(() => metric.Add(Tensor.From([0L, -1]), Tensor.From([0L, 1])));
        Assert.Equal(Samples, Enumerable.Range(0, 25).Sum(i => metric[i / 5, i % 5]));
        metric.Reset();
        Assert.Equal(double.NaN, metric.Value);
    }

    [Fact]
    public void Confusion_prints_an_aligned_table()
    {
        var metric = new ConfusionMatrix(3);
        metric.Add(Tensor.Full([120], 1, DType.Int64), Tensor.Full([120], 1, DType.Int64));
        metric.Add(Tensor.From([0L, 2, 1]), Tensor.From([0L, 0, 2]));
        Assert.Equal("""
                   0   1   2
               0   1   ·   1
               1   · 120   ·
               2   ·   1   ·
            """.ReplaceLineEndings("\n"), metric.ToString());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void F1_is_the_harmonic_mean_of_precision_and_recall(long seed)
    {
        var macro = new F1(Classes);
        var (scores, targets) = Taken(macro, seed);
        var predicted = scores.Select(First).ToArray();
        List<double> present = [];
        for (var c = 0; c < Classes; c++)
        {
            double hits = targets.Where((t, i) => t == c && predicted[i] == c).Count();
            var (precision, recall) = (hits / predicted.Count(p => p == c), hits / targets.Count(t => t == c));
            var f = hits == 0 ? 0 : 2 * precision * recall / (precision + recall);
            Assert.Equal(f, macro.PerClass[c], 12);
            if (predicted.Contains(c) || targets.Contains(c)) present.Add(f);
        }
        Assert.Equal(present.Average(), macro.Value, 12);
        Assert.Equal(macro.Macro, macro.Value);
        Assert.Equal(targets.Where((t, i) => t == predicted[i]).Count() / (double)Samples, macro.Micro, 12);
    }

    [Fact]
    public void F1_of_absent_classes_is_0_and_out_of_the_mean()
    {
        var metric = new F1(4);
        Assert.Equal(double.NaN, metric.Value);
        metric.Add(Tensor.From([0L, 0, 1]), Tensor.From([0L, 0, 2]));        // 3 is absent, 1 and 2 are always wrong
        Assert.Equal([1, 0, 0, 0], metric.PerClass);
        Assert.Equal(1 / 3.0, metric.Value, 12);
        metric.Reset();
        metric.Add(Tensor.From([2L, 2]), Tensor.From([2L, 2]));              // one class only
        Assert.Equal(1, metric.Value);
    }

    [Theory]
    [InlineData(7, 4)]
    [InlineData(8, 1000)]
    public void AUC_is_the_share_of_pairs_in_order(long seed, int values)
    {
        var (metric, generator) = (new AUC(), new Generator(seed));
        var scores = Tensor.RandInt(0, values, [80], DType.Float32, null, generator);
        var targets = Tensor.RandInt(0, 2, [80], generator: generator);
        metric.Add(scores.Narrow(0, 0, 50), targets.Narrow(0, 0, 50));
        metric.Add(scores.Narrow(0, 50, 30), targets.Narrow(0, 50, 30).To(DType.Bool));
        var (s, t) = (scores.ToArray<double>(), targets.ToArray<double>());
        var pairs = from i in Enumerable.Range(0, 80)
                    where t[i] == 1
                    from j in Enumerable.Range(0, 80)
                    where t[j] == 0
                    select s[i] > s[j] ? 1 : s[i] == s[j] ? 0.5 : 0;
        Assert.Equal(pairs.Average(), metric.Value, 12);
    }

    /// <summary>The value after each of many batches is that of all samples at once.</summary>
    [Fact]
    public void AUC_after_each_batch()
    {
        var (metric, generator) = (new AUC(), new Generator(1));
        var (scores, targets) = (Tensor.RandInt(0, 30, [200], generator: generator),
            Tensor.RandInt(0, 2, [200], generator: generator));
        for (int at = 0, n; at < 200; at += n)
        {
            n = Math.Min(200 - at, (int)(generator.Next(9)));
            metric.Add(scores.Narrow(0, at, n), targets.Narrow(0, at, n));
            var whole = new AUC();
            whole.Add(scores.Narrow(0, 0, at + n), targets.Narrow(0, 0, at + n));
            Assert.Equal(whole.Value, metric.Value, 12);
            Assert.Equal(whole.Value, metric.Value, 12);
        }
        metric.Reset();
        Assert.Equal(double.NaN, metric.Value);
    }

    [Fact]
    public void AUC_at_its_edges()
    {
        var metric = new AUC();
        Assert.Equal(double.NaN, metric.Value);
        metric.Add(Tensor.From([0.1f, 0.2f]), Tensor.From([1L, 1]));
        Assert.Equal(double.NaN, metric.Value);                              // one class only
        metric.Add(Tensor.From([float.NegativeInfinity]), Tensor.From([0L]));
        Assert.Equal(1, metric.Value);
        Assert.Throws<TensorletException>(() => metric.Add(Tensor.From([0.5f, float.NaN]), Tensor.From([0L, 1])));
        Assert.Throws<TensorletException>(() => metric.Add(Tensor.From([0.5f, 1]), Tensor.From([0L, 2])));
        Assert.Throws<ShapeException>(() => metric.Add(Tensor.Ones(2, 2), Tensor.Ones(2)));
        Assert.Equal(1, metric.Value);
    }

    [Fact]
    public void Mean_weighs_and_averages_terms()
    {
        var metric = new Mean((y, t) => (y - t) * (y - t));
        metric.Add(Tensor.From([1f, 2]), Tensor.From([0f, 4]));
        metric.Add(Tensor.Zeros(0), Tensor.Zeros(0));
        Assert.Equal(2.5, metric.Value);
        metric.Add(10, weight: 8);
        Assert.Equal((5 + 80) / 10.0, metric.Value);
        metric.Reset();
        Assert.Equal(double.NaN, metric.Value);
    }

    [Fact]
    public void A_metric_goes_on_from_its_state()
    {
        Metric[] metrics = [new Accuracy(), new TopKAccuracy(2), new ConfusionMatrix(Classes), new F1(Classes)];
        Metric[] others = [new Accuracy(), new TopKAccuracy(2), new ConfusionMatrix(Classes), new F1(Classes)];
        foreach (var (metric, other) in metrics.Zip(others))
        {
            Taken(metric, 9);
            other.LoadStateDict(metric.StateDict());
            Assert.Equal(metric.Value, other.Value);
            Assert.Equal(metric.ToString(), other.ToString());
        }
        AUC auc = new(), again = new();
        auc.Add(Tensor.From([0.1f, 0.2f, 0.3f]), Tensor.From([1L, 0, 1]));
        again.LoadStateDict(auc.StateDict());
        Assert.Equal(0.5, again.Value);
        Assert.Throws<ShapeException>(() => metrics[2].LoadStateDict(metrics[0].StateDict()));
        Assert.Throws<TensorletException>(() => again.LoadStateDict(new Dictionary<string, Tensor>()));
    }
}
