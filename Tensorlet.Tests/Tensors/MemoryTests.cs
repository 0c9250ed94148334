using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Tensorlet.Tests.Tensors;

public class MemoryTests
{
    /// <summary>
    /// 2,000 results of 1 MB (2 GB together) are not disposed, and the process grows by only a part of that.
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
        // their memory is reused without being collected
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

    /// <summary>Four threads create and drop tensors of two sizes, and each keeps a few of them for a while.</summary>
    [Fact]
    public void Memory_in_use_is_never_lent_to_another_tensor()
    {
        Parallel.For(0, 4, thread =>
        {
            var random = new Random(thread);
            var kept = new (Tensor Tensor, float Value)[8];
            for (var i = 0; i < 3000; i++)
            {
                var (k, value) = (random.Next(kept.Length), thread * 10_000f + i);
                if (kept[k].Tensor is { } old)
                {
                    var seen = old.ToArray<float>();
                    Assert.Equal((kept[k].Value, kept[k].Value), (seen[0], seen[^1]));
                }
                kept[k] = (Tensor.Full([random.Next(2) == 0 ? 1 << 13 : 1 << 15], value), value);
                if (i % 500 == 0) GC.Collect(random.Next(3));
            }
        });
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

    /// <summary>What a pool keeps of memory, with arrays of bytes that are made by a pool of its own.</summary>
    static Pool<byte[]> Small(long limit = 1 << 30) => new("test", limit, 1 << 10, bytes => new byte[bytes]);

    [Fact]
    public void A_pool_tells_what_it_is_used_for_and_gives_all_back_that_is_free()
    {
        var (pool, owner) = (Small(), new object());
        var memory = pool.Rent(1 << 16, owner);
        Assert.Equal(new(1 << 16, 0, 1 << 16), pool.Use);
        pool.Return(owner);
        Assert.Equal(new(0, 1 << 16, 1 << 16), pool.Use);
        Assert.Same(memory, pool.Rent(1 << 16, owner));
        pool.Return(owner);
        pool.GiveBack();
        Assert.Equal(new(0, 0, 1 << 16), pool.Use);
        Assert.NotSame(memory, pool.Rent(1 << 16, owner));
    }

    [Fact]
    public void A_pool_gives_back_by_itself_what_is_not_needed()
    {
        var (pool, owner, other) = (Small(), new object(), new object());
        pool.Rent(1 << 16, owner);
        pool.Rent(1 << 18, other);
        pool.Return(other);
        pool.Sweep(atOnce: true);                           // it was needed since the last sweep
        pool.Return(owner);
        var needed = pool.Rent(1 << 16, owner);
        pool.Sweep(atOnce: true);
        Assert.Equal((1 << 16, 0), (pool.Use.Used, pool.Use.Cached));
        pool.Return(owner);
        Assert.Same(needed, pool.Rent(1 << 16, owner));
    }

    /// <summary>
    /// A finalizer may still use what its object refers to. So an owner that waits for such a finalizer keeps its
    /// memory.
    /// </summary>
    [Fact]
    public void Memory_returns_when_its_owner_is_gone_and_not_before()
    {
        var (pool, kept) = (Small(), new object());
        var memory = pool.Rent(1 << 16, kept);
        Lend(pool);
        GC.Collect();
        Assert.Equal((2 << 16, 1 << 16), (pool.Use.Used, pool.Use.Cached));
        GC.WaitForPendingFinalizers();
        Assert.NotNull(Last.Seen);
        GC.Collect();
        Assert.Equal((2 << 16, 1 << 16), (pool.Use.Used, pool.Use.Cached));
        Last.Seen = null;
        GC.Collect();
        Assert.Equal((1 << 16, 2 << 16), (pool.Use.Used, pool.Use.Cached));
        Assert.NotSame(memory, pool.Rent(1 << 16, new()));
        GC.KeepAlive(kept);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Lend(Pool<byte[]> pool)
    {
        pool.Rent(1 << 16, new());
        var seen = new object();
        pool.Rent(1 << 16, seen);
        _ = new Last(seen);
    }

    /// <summary>An object whose finalizer makes another object reachable again.</summary>
    sealed class Last(object seen)
    {
        public static object? Seen;

        ~Last() => Seen = seen;
    }

    [Fact]
    public void What_does_not_fit_is_refused_after_what_is_free_was_given_back()
    {
        var (pool, owner) = (Small(1 << 20), new object());
        pool.Rent(3 << 18, owner);
        var error = Assert.Throws<DeviceException>(() => pool.Rent(1 << 19, owner));
        Assert.Contains("524,288 more", error.Message);
        Assert.Contains("786,432 of 1,048,576 bytes", error.Message);
        pool.Return(owner);
        Assert.Equal(1 << 19, pool.Rent(1 << 19, owner).Length);
        Assert.Equal((1 << 19, 0), (pool.Use.Used, pool.Use.Cached));
        GC.KeepAlive(owner);
    }

    [Fact]
    public void Memory_that_the_system_does_not_give_is_asked_for_again()
    {
        var (full, owner) = (2, new object());
        var pool = new Pool<byte[]>("test", long.MaxValue, 1 << 10, bytes =>
            full-- > 0 ? throw new OutOfMemoryException() : new byte[bytes]);
        Assert.Throws<DeviceException>(() => pool.Rent(1 << 16, owner));
        (full, var before) = (1, pool.Use);
        Assert.Equal(1 << 16, pool.Rent(1 << 16, owner).Length);
        Assert.Equal(new(0, 0, 0), before);
    }

    public static TheoryData<string, Func<object>> Huge => new()
    {
        { "RandPerm", () => Tensor.RandPerm(int.MaxValue) },
        { "Zeros", () => Tensor.Zeros(int.MaxValue) },
        { "Arange", () => Tensor.Arange(int.MaxValue) },
        { "RandInt", () => Tensor.RandInt(0, 2, [int.MaxValue]) },
    };

    [Theory, MemberData(nameof(Huge))]
    public void A_size_that_no_tensor_holds_is_refused_before_anything_is_allocated(string name, Func<object> make)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.ThrowsAny<TensorletException>(make);
        Assert.True(error.Message.Length > 0, name);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}

[Collection("alone")]
public class MemoryLimitTests
{
    [Fact]
    public void A_device_has_a_limit_and_an_account_of_its_memory()
    {
        var device = Device.Simulated;
        var (limit, x) = (device.MemoryLimit, Tensor.Zeros([1 << 18], device: device));
        try
        {
            device.MemoryLimit = 1 << 20;
            Assert.Throws<DeviceException>(() => Tensor.Zeros([1 << 20], device: device));
        }
        finally { device.MemoryLimit = limit; }
        Assert.InRange(device.Memory.Peak, 1 << 20, long.MaxValue);
        device.EmptyCache();
        Assert.Equal(0, x.Sum().Item());
    }
}
