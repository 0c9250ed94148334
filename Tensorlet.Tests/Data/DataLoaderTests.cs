using Tensorlet.Data;

namespace Tensorlet.Tests.Data;

[Collection("threads of loaders")]
public class DataLoaderTests
{
    /// <summary>Sample i is the number i; one of them cannot be read; they can be made slow.</summary>
    sealed class Numbers(int count, int bad = -1, int milliseconds = 0) : Dataset
    {
        public override int Count => count;
        public override Tensor[] this[int index]
        {
            get
            {
                if (milliseconds > 0) Thread.Sleep(milliseconds);
                return index == bad ? throw new InvalidDataException("torn page")
                    : [Tensor.Scalar(index), Tensor.Scalar(-index)];
            }
        }
    }

    static double[][] Batches(DataLoader loader) => [.. loader.Select(batch => batch[0].ToArray<double>())];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Any_number_of_workers_gives_the_same_batches(int workers)
    {
        var expected = Batches(new DataLoader(new Numbers(23), 4, shuffle: true, seed: 7));
        Assert.Equal(expected,
            Batches(new DataLoader(new Numbers(23), 4, shuffle: true, seed: 7, numWorkers: workers)));
        Assert.Equal(Enumerable.Range(0, 23).Select(i => (double)i), expected.SelectMany(b => b).Order());
    }

    [Fact]
    public void Every_epoch_has_an_order_of_its_own_that_the_seed_repeats()
    {
        var loader = new DataLoader(new Numbers(30), 30, shuffle: true, seed: 1);
        var (first, second) = (Batches(loader)[0], Batches(loader)[0]);
        Assert.NotEqual(first, second);
        Assert.NotEqual(Batches(new DataLoader(new Numbers(30), 30, shuffle: true, seed: 2))[0], first);
        loader.Epoch = 0;
        Assert.Equal(first, Batches(loader)[0]);
    }

    [Theory]
    [InlineData(false, 3, 2)]
    [InlineData(true, 2, 4)]
    public void The_last_batch_is_smaller_or_left_out(bool dropLast, int batches, int last)
    {
        var loader = new DataLoader(new Numbers(10), 4, dropLast: dropLast);
        Assert.Equal(batches, loader.Count);
        Assert.Equal(last, Batches(loader)[^1].Length);
        Assert.Equal((10, 4), (loader.Dataset!.Count, loader.BatchSize));
        Assert.Null(new DataLoader(new Numbers(10), batchSampler: new BatchSampler(new SequentialSampler(
            new Numbers(10)), 3, false)).BatchSize);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void An_exception_arrives_with_the_number_of_its_sample(int workers)
    {
        var error = Assert.Throws<TensorletException>(() =>
            Batches(new DataLoader(new Numbers(20, bad: 13), 4, numWorkers: workers)));
        Assert.Contains("sample 13", error.Message);
        Assert.IsType<InvalidDataException>(error.InnerException);
    }

    [Fact]
    public void Leaving_early_ends_the_workers()
    {
        foreach (var (numbers, negatives) in new DataLoader(new Numbers(1000, milliseconds: 1), 2, numWorkers: 3))
        {
            Assert.Equal([0, 1], numbers.ToArray<double>());
            Assert.Equal([0, -1], negatives.ToArray<double>());
            break;
        }
        LoaderThreads.AllEnded();
    }

    [Fact]
    public void Tensors_are_batched_at_once_as_they_would_be_one_by_one()
    {
        var (x, y) = (Tensor.Randn(7, 2, 3), Tensor.Arange(7));
        var dataset = new TensorDataset(x, y);
        var (images, labels) = dataset.Batch([5, 0, 5]);
        Assert.Equal([3, 2, 3], images.Size());
        Assert.Equal([5, 0, 5], labels.ToArray<long>());
        Assert.Equal(x[5].ToArray<float>(), images[2].ToArray<float>());
        Assert.Throws<ShapeException>(() => new TensorDataset(x, Tensor.Arange(6)));
    }

    [Fact]
    public void Arguments_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataLoader(new Numbers(3), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataLoader(new Numbers(3), numWorkers: -1));
        var sampler = new SequentialSampler(new Numbers(3));
        var batches = new BatchSampler(sampler, 2);
        Assert.Throws<ArgumentException>(() => new DataLoader(new Numbers(3), shuffle: true, sampler: sampler));
        Assert.Throws<ArgumentException>(() => new DataLoader(new Numbers(3), 2, batchSampler: batches));
        Assert.Throws<ArgumentException>(() => new DataLoader(new Numbers(3), dropLast: true, batchSampler: batches));
        Assert.Throws<ArgumentException>(() => new DataLoader(new Numbers(3), sampler: sampler, batchSampler: batches));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataLoader(new Numbers(3)).Epoch = -1);
    }
}
