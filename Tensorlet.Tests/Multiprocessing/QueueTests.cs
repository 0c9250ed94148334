using Tensorlet.Multiprocessing;

namespace Tensorlet.Tests.Multiprocessing;

public class QueueTests
{
    static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void First_in_first_out_in_any_type_and_shape()
    {
        var queue = new TensorQueue(capacity: 2, itemBytes: 100);
        var twin = TensorQueue.Open(queue.Name);
        Tensor[] tensors = [Tensor.Randn(2, 3), Tensor.From([true, false]), Tensor.Scalar(7), Tensor.Zeros(0, 3),
            Tensor.Arange(12).Reshape(3, 4).T, Tensor.Randn([4], DType.Float64)];
        foreach (var pair in tensors.Chunk(2))
        {
            foreach (var x in pair) queue.Put(x, Long);
            Assert.Equal(2, twin.Count);
            foreach (var x in pair)
            {
                var y = twin.Take(Long);
                Assert.Equal((x.DType, x.Layout.ToString()), (y.DType, y.Layout.ToString()));
                Assert.Equal(x.ToArray<double>(), y.ToArray<double>());
            }
        }
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_among_many()
    {
        var queue = new TensorQueue(capacity: 3, itemBytes: 8);
        long[] all = [.. Enumerable.Range(0, 400)];
        var putters = Enumerable.Range(0, 2).Select(p => Task.Run(() =>
        {
            for (var i = p; i < all.Length; i += 2) queue.Put(Tensor.From([all[i]], []), Long);
        })).ToArray();
        var takers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            Enumerable.Range(0, all.Length / 2).Select(_ => queue.Take(Long).ToArray<long>()[0]).ToArray())).ToArray();
        await Task.WhenAll(putters).WaitAsync(Long);
        var taken = await Task.WhenAll(takers).WaitAsync(Long);
        Assert.Equal(all, taken.SelectMany(t => t).Order());
        Assert.All(taken, t => Assert.Equal(t.Where(v => v % 2 == 0).Order(), t.Where(v => v % 2 == 0)));
    }

    [Fact]
    public async Task Every_wait_has_an_end()
    {
        var queue = new TensorQueue(capacity: 1, itemBytes: 8);
        Assert.Throws<TimeoutException>(() => queue.Take(TimeSpan.Zero));
        queue.Put(Tensor.Scalar(1), Long);
        Assert.Throws<TimeoutException>(() => queue.Put(Tensor.Scalar(2), TimeSpan.FromMilliseconds(5)));
        using var source = new CancellationTokenSource();
        var waiting = Task.Run(() => queue.Put(Tensor.Scalar(2), Long, source.Token));
        source.Cancel();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(Long));
        Assert.Equal(1, queue.Count);
        Assert.Equal(1, queue.Take(TimeSpan.Zero).Item());
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorQueue(0, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorQueue(1, -8));
        Assert.Throws<ShapeException>(() => new TensorQueue(1 << 20, 1 << 20));
        var queue = new TensorQueue(1, 10);
        Assert.Contains("(5)", Assert.Throws<ShapeException>(() => queue.Put(Tensor.Zeros(5), Long)).Message);
        Assert.Equal(0, queue.Count);
        Assert.Throws<InvalidDataException>(() => SharedTensors.Open(queue.Name));
        var x = Tensor.Zeros(3, 3).ShareMemory();
        Assert.Throws<InvalidDataException>(() => TensorQueue.Open(x.SharedName()));
    }

    static void Overwrite(TensorQueue queue, int at, long value)
    {
        using var file = new FileStream(SharedFolder.Find(queue.Name), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        file.Position = 256 + at;
        file.Write(BitConverter.GetBytes(value));
    }

    [Fact]
    public void The_lock_of_a_dead_process_is_taken_over_and_that_of_a_living_one_is_not()
    {
        var queue = new TensorQueue(2, 8);
        Overwrite(queue, 0, SharedFolder.Me ^ 1L << 40);        // this id in another life
        queue.Put(Tensor.Scalar(1), Long);
        Overwrite(queue, 0, 0x7FFF_FFF0);
        Assert.Equal(1, queue.Take(Long).Item());
        Overwrite(queue, 0, SharedFolder.Me);
        Assert.Throws<TimeoutException>(() => queue.Put(Tensor.Scalar(1), TimeSpan.FromMilliseconds(5)));
    }

    [Fact]
    public void An_item_that_was_written_over_is_refused_and_the_queue_stays_open()
    {
        var queue = new TensorQueue(2, 8);
        queue.Put(Tensor.Scalar(1), Long);
        Overwrite(queue, 264 + 32, 99);                         // the type of the item in the first place
        Assert.Contains("type 99", Assert.Throws<InvalidDataException>(() => queue.Take(Long)).Message);
        queue.Put(Tensor.Scalar(1), Long);
        Assert.Equal(2, queue.Count);
    }
}
