using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests.Data;

public class DatasetTests
{
    static TensorDataset Range(int count, int from = 0) => new(Tensor.Arange(from, from + count));
    static long[] Values(Dataset dataset) =>
        [.. Enumerable.Range(0, dataset.Count).Select(i => (long)dataset[i][0].Item())];
    static long[] Order(Sampler<long> sampler, long seed = 1) => [.. sampler.Order(new Generator(seed))];

    [Fact]
    public void Datasets_one_after_another_and_parts_of_them()
    {
        var both = new ConcatDataset(Range(3), Range(0), Range(2, from: 10));
        Assert.Equal([0, 1, 2, 10, 11], Values(both));
        Assert.Equal([5, 6, 7], Values(new ConcatDataset(Range(0), Range(1, from: 5), Range(0), Range(0),
            new ConcatDataset(Range(0), Range(1, from: 6)), Range(1, from: 7), Range(0))));
        Assert.Throws<IndexException>(() => both[5]);
        Assert.Throws<IndexException>(() => both[-1]);
        Assert.Equal([11, 0, 11], Values(new Subset(both, [4, 0, 4])));
        Assert.Equal([11, 0], Values(new Subset(both, (long[])[4, 0])));
        Assert.Throws<IndexException>(() => new Subset(both, [5]));
        Assert.Throws<IndexException>(() => new Subset(both, [-1]));
        Assert.Equal([0, 2, 4, 20, 22], Values(both.Map(sample => [sample[0] * 2])));
    }

    sealed class Many : Dataset
    {
        public override int Count => int.MaxValue;
        public override Tensor[] this[int index] => [Tensor.Scalar(index)];
    }

    /// <summary>−1 is not a sample of any dataset, and neither is the number after the last.</summary>
    [Fact]
    public void What_is_no_sample_is_an_error_in_every_dataset()
    {
        Dataset[] datasets = [Range(3), Range(0), new ConcatDataset(Range(3), Range(2)), new Subset(Range(3), [1]),
            Range(3).Map(sample => sample), new TextDataset("abcd", 2), new ConcatDataset()];
        foreach (var dataset in datasets)
            foreach (var index in (int[])[-1, dataset.Count, int.MinValue, int.MaxValue])
            {
                Assert.Throws<IndexException>(() => dataset[index]);
                Assert.Throws<IndexException>(() => dataset.Sample(index, new(1)));
                Assert.ThrowsAny<TensorletException>(() => dataset.Batch([index]));
            }
        Assert.Contains("sample -1", Assert.Throws<TensorletException>(() =>
            new Many().Batch([-1])).Message);
        Assert.ThrowsAny<TensorletException>(() => new Many().Batch([1L << 40]));
    }

    [Fact]
    public void Too_many_samples_cannot_be_numbered()
    {
        Assert.Contains("4294967294 samples", Assert.Throws<TensorletException>(() =>
            new ConcatDataset(new Many(), new Many()).Count).Message);
        Assert.Throws<ArgumentNullException>(() => new TensorDataset(Tensor.Ones(1), null!));
    }

    [Theory]
    [InlineData(1e308, 1e308), InlineData(double.MaxValue, double.MaxValue), InlineData(1e-310, 1e-310)]
    [InlineData(double.Epsilon, double.Epsilon)]
    public void Weights_of_any_size_are_drawn_by(double a, double b)
    {
        foreach (var replacement in new[] { true, false })
            Assert.Equal([0, 1], Order(new WeightedRandomSampler([a, b], replacement ? 40 : 2, replacement)).Distinct()
                .Order());
    }

    [Fact]
    public void Chance_reaches_a_map_through_what_is_around_it()
    {
        Dataset Random(Dataset d) => d.Map((sample, random) => [sample[0] + random.NextDouble()]);
        var (inside, outside) = (new Subset(new ConcatDataset(Random(Range(2)), Random(Range(2))), [3]),
            Random(new Subset(new ConcatDataset(Range(2), Range(2)), [3])));
        var expected = 1 + new Generator(8).NextDouble();
        Assert.Equal(expected, inside.Sample(0, new(8))[0].Item(), 6);
        Assert.Equal(expected, outside.Sample(0, new(8))[0].Item(), 6);
    }

    [Fact]
    public void Random_splits_have_nothing_in_common_and_nothing_is_left()
    {
        var parts = Range(10).RandomSplit([7, 0, 3], new Generator(3));
        Assert.Equal([7, 0, 3], parts.Select(part => part.Count));
        Assert.Equal(Values(Range(10)), parts.SelectMany(Values).Order());
        var (most, rest) = Range(10).RandomSplit([7, 3], new Generator(3));
        Assert.Equal(parts[0].Indices, most.Indices);
        Assert.Equal(parts[2].Indices, rest.Indices);
        var (first, second, third) = parts;
        Assert.Equal(parts, [first, second, third]);
        Assert.Throws<ShapeException>(() => { var (a, b) = parts; });
        Assert.Throws<ShapeException>(() => { var (a, b, c) = parts[..2]; });
        Assert.NotEqual(parts[0].Indices, Range(10).RandomSplit([7, 3], new Generator(4))[0].Indices);
        // as PyTorch: 3, 3, 3, and the one that is left to the first
        Assert.Equal([4, 3, 3], Range(10).RandomSplit([1 / 3.0, 1 / 3.0, 1 / 3.0]).Select(part => part.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => Range(10).RandomSplit([7, 4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Range(10).RandomSplit([11, -1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Range(10).RandomSplit([0.5, 0.6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Range(10).RandomSplit([double.NaN, 1]));
    }

    [Fact]
    public void Samplers_repeat_with_the_generator()
    {
        var data = Range(6);
        Assert.Equal([0, 1, 2, 3, 4, 5], Order(new SequentialSampler(data)));
        Sampler<long>[] random = [new RandomSampler(data), new RandomSampler(data, replacement: true),
            new SubsetRandomSampler(4, 2, 0, 1), new WeightedRandomSampler([1, 2, 3, 4], 6)];
        foreach (var sampler in random)
        {
            Assert.Equal(sampler.Count, Order(sampler).Length);
            Assert.Equal(Order(sampler), Order(sampler));
            Assert.NotEqual(Order(sampler), Order(sampler, seed: 2));
        }
        Assert.Equal([0, 1, 2, 3, 4, 5], Order(random[0]).Order());
        Assert.Equal([0, 1, 2, 4], Order(random[2]).Order());
    }

    [Fact]
    public void Random_samples_with_replacement_repeat_and_without_begin_another_order()
    {
        var data = Range(4);
        var drawn = Order(new RandomSampler(data, numSamples: 10));
        Assert.All(new[] { drawn[..4], drawn[4..8] }, part => Assert.Equal([0, 1, 2, 3], part.Order()));
        Assert.Equal(2, drawn[8..].Distinct().Count());
        var counts = Order(new RandomSampler(data, replacement: true, numSamples: 4000)).CountBy(i => i).ToDictionary();
        Assert.All(counts.Values, count => Assert.InRange(count, 850, 1150));       // 5 standard deviations of 27
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomSampler(data, numSamples: 0));
        Assert.Empty(Order(new RandomSampler(Range(0))));
    }

    [Fact]
    public void Weighted_samples_come_in_proportion_and_those_of_weight_0_never()
    {
        double[] weights = [0, 1, 0, 3, 0];
        var drawn = Order(new WeightedRandomSampler(weights, 4000)).CountBy(i => i).ToDictionary();
        Assert.Equal([1, 3], drawn.Keys.Order());
        Assert.InRange(drawn[3], 2860, 3140);                                       // 5 standard deviations of 27
        Assert.Equal([1, 3], Order(new WeightedRandomSampler(weights, 2, replacement: false)).Order());
        var first = Enumerable.Range(0, 2000).Count(seed =>
            Order(new WeightedRandomSampler(weights, 1, replacement: false), seed)[0] == 3);
        Assert.InRange(first, 1400, 1600);                                          // 5 standard deviations of 19
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightedRandomSampler(weights, 3, replacement: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightedRandomSampler([0, 0], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightedRandomSampler([1, -1], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightedRandomSampler([1, double.NaN], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightedRandomSampler([1], 0));
    }

    sealed class Pairs : Sampler<long[]>
    {
        public override int Count => 2;
        public override IEnumerable<long[]> Order(Generator random) => [[5, 1, 3], [0]];
    }

    [Fact]
    public void Batches_come_from_a_batch_sampler()
    {
        var batches = new BatchSampler(new SequentialSampler(Range(7)), 3);
        Assert.Equal((3, 2), (batches.Count, new BatchSampler(new SequentialSampler(Range(7)), 3, true).Count));
        Assert.Equal([[0, 1, 2], [3, 4, 5], [6]], batches.Order(new(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchSampler(new SequentialSampler(Range(7)), 0));
        var loader = new DataLoader(Range(7), batchSampler: new Pairs());
        Assert.Equal(2, loader.Count);
        Assert.Equal([[5, 1, 3], [0]], loader.Select(batch => batch[0].ToArray<long>()));
        var reversed = new DataLoader(Range(3), 3, sampler: new SubsetRandomSampler(2));
        Assert.Equal([2], Assert.Single(reversed)[0].ToArray<long>());
    }

    static Dataset Sequences => Range(4).Map(sample => (int)sample[0].Item() is var i
        ? [Tensor.Full([i + 1, 2], i), sample[0], Tensor.Arange(3 - i)] : []);

    [Fact]
    public void Samples_of_different_shapes_are_named()
    {
        var error = Assert.Throws<ShapeException>(() => new DataLoader(Sequences, 2, sampler:
            new SubsetRandomSampler(3)).Concat(new DataLoader(Sequences, 2)).ToList());
        string[] words = ["sample 0", "(1, 2)", "sample 1", "(2, 2)", "Padded"];
        Assert.All(words, word => Assert.Contains(word, error.Message));
        Assert.Throws<ShapeException>(() => Collate.Default([[Tensor.Scalar(1)], []]));
        Assert.Throws<ShapeException>(() => Collate.Default([]));
        Assert.Throws<ShapeException>(() => Collate.Default([[Tensor.Scalar(1)], [Tensor.From([1L], [])]]));
    }

    [Fact]
    public void Sequences_are_padded_to_the_longest_with_their_lengths()
    {
        var batch = Assert.Single(new DataLoader(Sequences, 4, collate: Collate.Padded(-1)));
        Assert.Equal(5, batch.Length);
        Assert.Equal([4, 4, 2], batch[0].Size());
        Assert.Equal([1, 1, 1, 1, -1, -1, -1, -1], batch[0][1].ToArray<double>());
        Assert.Equal([0, 1, 2, 3], batch[1].ToArray<long>());
        Assert.Equal([0, 1, 2, 0, 1, -1, 0, -1, -1, -1, -1, -1], batch[2].ToArray<long>());
        Assert.Equal([1, 2, 3, 4], batch[3].ToArray<long>());
        Assert.Equal([3, 2, 1, 0], batch[4].ToArray<long>());
        Assert.Equal(DType.Int64, batch[2].DType);
        Assert.Throws<ShapeException>(() => Collate.Padded()([[Tensor.Zeros(2)], []]));
        Assert.Throws<ShapeException>(() => Collate.Padded()([[Tensor.Zeros(2, 1)], [Tensor.Zeros(2, 3)]]));
        Assert.Throws<ShapeException>(() => Collate.Padded()([]));
    }
}
