using Tensorlet.Cluster;
using Tensorlet.Data;
using Tensorlet.Training;

namespace Tensorlet.Tests.Cluster;

/// <summary>Who takes which samples, and what is measured on all of them.</summary>
public class ShareTests
{
    static TensorDataset Numbers(int count) => new(Tensor.Arange(count));

    /// <summary>The batches of every rank of an epoch.</summary>
    static List<long[]>[] Batches(int samples, int batch, int ranks, bool dropLast = false)
    {
        var all = new List<long[]>[ranks];
        Distributed.RunThreads(ranks, group =>
        {
            var sampler = new DistributedSampler(new BatchSampler(new RandomSampler(Numbers(samples)), batch, dropLast),
                group);
            all[group.Rank] = [.. sampler.Order(new Generator(5))];
            Assert.Equal(sampler.Count, all[group.Rank].Count);
        });
        return all;
    }

    [Theory, InlineData(64, 8, 2), InlineData(24, 12, 3), InlineData(16, 4, 4), InlineData(10, 5, 1)]
    public void The_ranks_share_the_batches_of_one_process(int samples, int batch, int ranks)
    {
        var (whole, parts) = (Batches(samples, batch, 1)[0], Batches(samples, batch, ranks));
        foreach (var (i, expected) in whole.Index())
            Assert.Equal(expected, parts.SelectMany(part => part[i]));
    }

    [Fact]
    public void A_batch_that_does_not_divide_is_filled_up()
    {
        var parts = Batches(samples: 9, batch: 8, ranks: 2);            // the last one has one sample
        Assert.All(parts, part => Assert.Equal([4, 1], part.Select(batch => batch.Length)));
        Assert.Equal(parts[0][1], parts[1][1]);
        var five = Batches(samples: 5, batch: 5, ranks: 3);
        Assert.All(five, part => Assert.Equal([2], part.Select(batch => batch.Length)));
        Assert.Equal([0, 1, 2, 3, 4], five.SelectMany(part => part[0]).Distinct().Order());
        Assert.All(Batches(9, 8, 2, dropLast: true), part => Assert.Equal([4], part.Select(batch => batch.Length)));
    }

    [Theory, InlineData(10, 3), InlineData(2, 4), InlineData(0, 2)]
    public void Each_sample_is_tested_by_one_rank(int samples, int ranks)
    {
        var shares = new Subset[ranks];
        Distributed.RunThreads(ranks, group =>
            shares[group.Rank] = DistributedSampler.Share(Numbers(samples), group));
        Assert.Equal(Enumerable.Range(0, samples).Select(i => (long)i),
            shares.SelectMany(share => share.Indices).Order());
    }

    [Fact]
    public void A_metric_is_that_of_all_samples()
    {
        const int count = 50;
        var (scores, classes) = (Tensor.Randn([count, 3], generator: new(1)), Tensor.RandInt(0, 3, [count],
            generator: new(2)));
        var (chances, hits) = (Tensor.Rand([count], generator: new(3)), Tensor.RandInt(0, 2, [count],
            generator: new(4)));
        Func<(Metric Metric, Tensor Output, Tensor Target)[]> make = () => [(new Accuracy(), scores, classes),
            (new ConfusionMatrix(3), scores, classes), (new F1(3), scores, classes), (new AUC(), chances, hits)];
        var expected = Array.ConvertAll(make(), m =>
        {
            m.Metric.Add(m.Output, m.Target);
            return m.Metric.Value;
        });
        Distributed.RunThreads(3, group =>
        {
            int[] mine = [.. Enumerable.Range(0, count).Where(i => i % 7 % 3 == group.Rank)];
            foreach (var (i, (metric, output, target)) in make().Index())
            {
                metric.Add(output[mine], target[mine]);
                metric.AllReduce(group);
                Assert.Equal(expected[i], metric.Value, 1e-12);
            }
        });
        Assert.Throws<AggregateException>(() => Distributed.RunThreads(2, group =>
            new ConfusionMatrix(2 + group.Rank).AllReduce(group)));
    }
}
