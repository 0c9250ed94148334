using System.Text.Json;
using Tensorlet.Multiprocessing;

namespace Tensorlet.Tests.Multiprocessing;

public class QueueTests
{
    static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void First_in_first_out_in_any_type_and_shape()
    {
        var queue = new SharedQueue<Tensor>(capacity: 2, itemBytes: 300);
        var twin = SharedQueue<Tensor>.Open(queue.Name);
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
        var queue = new SharedQueue<Tensor>(capacity: 3, itemBytes: 200);
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
        var queue = new SharedQueue<Tensor>(capacity: 1, itemBytes: 200);
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
    public async Task An_infinite_time_waits_and_a_negative_one_is_refused()
    {
        var queue = new SharedQueue<int>(1, 100);
        queue.Put(1, Timeout.InfiniteTimeSpan);
        var putting = Task.Run(() => queue.Put(2, Timeout.InfiniteTimeSpan));
        Assert.Equal(1, queue.Take(Timeout.InfiniteTimeSpan));
        await putting.WaitAsync(Long);
        Assert.Equal(2, queue.Take(Timeout.InfiniteTimeSpan));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Put(3, TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Take(TimeSpan.FromTicks(-1)));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        foreach (var (capacity, bytes) in new[] { (-1, 100), (0, 100), (1, -1), (1, 0) })
            Assert.Throws<ArgumentOutOfRangeException>(() => new SharedQueue<int>(capacity, bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SharedQueue<Tensor>(-2, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SharedQueue<Tensor>(1, -80));
        Assert.Throws<ShapeException>(() => new SharedQueue<Tensor>(1 << 20, 1 << 20));
        var queue = new SharedQueue<Tensor>(1, 200);
        Assert.Throws<ShapeException>(() => queue.Put(Tensor.Zeros(50), Long));
        new SharedQueue<Tensor>(1, 4000 + 200).Put(Tensor.Zeros(1000), Long);       // its bytes, and a few
        Assert.Equal(0, queue.Count);
        Assert.Throws<InvalidDataException>(() => SharedTensors.Open(queue.Name));
        var x = Tensor.Zeros(3, 3).ShareMemory();
        Assert.Throws<InvalidDataException>(() => SharedQueue<Tensor>.Open(x.SharedName()));
    }

    static void Overwrite(SharedQueue<Tensor> queue, int at, long value)
    {
        using var file = new FileStream(SharedFolder.Find(queue.Name), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        file.Position = 256 + at;
        file.Write(BitConverter.GetBytes(value));
    }

    [Fact]
    public void The_lock_of_a_dead_process_is_taken_over_and_that_of_a_living_one_is_not()
    {
        var queue = new SharedQueue<Tensor>(2, 200);
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
        var queue = new SharedQueue<Tensor>(2, 200);
        queue.Put(Tensor.Scalar(1), Long);
        queue.Put(Tensor.Scalar(2), Long);
        Overwrite(queue, 232, int.MaxValue);                    // the length of the item in the first place
        Assert.Throws<JsonException>(() => queue.Take(Long));
        Assert.Equal(2, queue.Take(Long).Item());
    }

    [Fact]
    public void Pairs_travel_too_and_a_shared_tensor_of_another_process_is_the_same_memory()
    {
        var queue = new SharedQueue<(Tensor Images, Tensor Labels)>(2, 1000);
        Tensor mine = Tensor.Zeros(1).ShareMemory(), opened = SharedTensors.Open(mine.SharedName());
        queue.Put((opened, Tensor.Arange(3)), Long);
        queue.Put((mine, Tensor.Arange(3)), Long);
        var (first, second) = (queue.Take(Long), queue.Take(Long));
        mine.Fill_(1);
        Assert.Equal((1, 0), (first.Images.Item(), second.Images.Item()));
        Assert.Equal([0, 1, 2], first.Labels.ToArray<long>());
    }
}
