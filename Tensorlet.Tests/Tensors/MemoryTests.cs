using System.Diagnostics;

namespace Tensorlet.Tests.Tensors;

public class MemoryTests
{
    /// <summary>
    /// Nobody disposes 2,000 results of 1 MB (2 GB together), and the process does not grow by more than a part of
    /// that.
    /// </summary>
    [Fact]
    public void Unreachable_tensors_give_their_memory_back()
    {
        var x = Tensor.Ones(1 << 18);
        var process = Process.GetCurrentProcess();
        for (var i = 0; i < 200; i++) _ = x + 1;
        process.Refresh();
        var (before, collections) = (process.WorkingSet64, GC.CollectionCount(2));
        for (var i = 0; i < 2000; i++) _ = x + 1;
        process.Refresh();
        Assert.InRange(process.WorkingSet64 - before, long.MinValue, 256 << 20);
        // their memory is used again, not collected
        Assert.InRange(GC.CollectionCount(2) - collections, 0, 500);
    }

    /// <summary>4,096 tensors of 64 KB are kept: what is in use may double before the next full collection.</summary>
    [Fact]
    public void Holding_many_tensors_takes_few_collections()
    {
        var before = GC.CollectionCount(2);
        Tensor[] kept = [.. Enumerable.Range(0, 4096).Select(_ => Tensor.Empty(1 << 14))];
        Assert.InRange(GC.CollectionCount(2) - before, 0, 500);
        GC.KeepAlive(kept);
    }

    [Fact]
    public void Memory_is_not_given_back_while_a_view_is_left()
    {
        var view = Kept();
        for (var i = 0; i < 500; i++) Tensor.Zeros(1 << 18);
        Assert.Equal(1 << 10, view.Sum().Item());

        static Tensor Kept() => Tensor.Ones(1 << 18)[..(1 << 10)];
    }

    [Fact]
    public void A_callers_array_is_never_reused()
    {
        var array = Wrapped();
        for (var i = 0; i < 500; i++) Tensor.Zeros(1 << 18);
        Assert.All(array, v => Assert.Equal(3f, v));

        static float[] Wrapped()
        {
            var array = new float[1 << 18];
            Tensor.Over(array).Fill_(3);
            return array;
        }
    }

    [Fact]
    public void Views_share_storage_and_its_version()
    {
        var x = Tensor.Zeros(2, 3);
        var view = x.T[1];
        Assert.Same(x.Storage, view.Storage);
        var before = x.Storage.Version;
        view.Add_(1);
        Assert.Equal((before + 1, "Add_"), (x.Storage.Version, x.Storage.LastWriter));
        Assert.NotSame(x.Storage, x.Clone().Storage);
    }
}
