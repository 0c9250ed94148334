using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// A queue through which processes send items to each other. An item can be anything that <see cref="Spawn"/> takes as
/// an argument, for example a tensor, or a pair, an array or a record of tensors. The item that was added first is
/// removed first. The items are in a ring of slots in shared memory; any number of processes and threads can add and
/// remove items. A tensor is normally copied to the queue. But if the tensor is in memory that another process has
/// shared (see <see cref="SharedTensors"/>), only the name of this memory is sent.
/// </summary>
/// <remarks>
/// A process that dies never blocks another process. No wait takes longer than its timeout. The queue has a lock: a
/// word in shared memory that contains an identifier of the process that holds the lock. A process that finds the
/// identifier of a dead process in this word takes over the lock. An item is added or removed by a single write of a
/// counter, which comes after all other writes; so a process that is killed while it copies an item has changed
/// nothing.
/// </remarks>
[RequiresUnreferencedCode(Parcel.Why), RequiresDynamicCode(Parcel.Why)]
public sealed unsafe class SharedQueue<T>
{
    const long Magic = 0x54_52_4F_53_45_55_51_32;
    readonly SharedFile file;
    readonly int capacity, place;

    struct Ring { public long Lock, Taken, Put; }
    Ring* State => (Ring*)file.Data;
    UnmanagedMemoryStream Place(long i) =>
        new(file.Data + (1 + i % capacity) * place, place, place, FileAccess.ReadWrite);

    SharedQueue(SharedFile file) => (this.file, capacity, place) = (file, file.Shape[0] - 1, file.Shape[1]);

    /// <summary>Creates a queue. The queue exists as long as it is reachable in the process that created it.</summary>
    /// <param name="capacity">The number of items that the queue can hold.</param>
    /// <param name="itemBytes">The largest number of bytes that an item may take. A tensor takes the bytes of its
    /// elements, and up to 200 more. Any other value takes about as many bytes as its JSON text.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
    /// <exception cref="ShapeException">The items together take more than 2 GB.</exception>
    public SharedQueue(int capacity, int itemBytes)
        : this(SharedFile.Create(Magic, DType.Bool, [capacity.In(nameof(SharedQueue<>), 1) + 1,
            (itemBytes.In(nameof(SharedQueue<>), 1) / 8 + 4) * 8])) => file.Publish();

    /// <summary>The name by which another process opens this queue.</summary>
    public string Name => file.Name;

    /// <summary>Opens the queue of another process.</summary>
    /// <inheritdoc cref="SharedTensors.Open"/>
    public static SharedQueue<T> Open(string name) => new(SharedFile.Open(name, Magic));

    /// <summary>The number of items in the queue at this moment.</summary>
    public int Count => (int)(Volatile.Read(ref State->Put) - Volatile.Read(ref State->Taken));

    /// <summary>Adds an item as soon as there is room for it.</summary>
    /// <exception cref="ShapeException">The item takes more bytes than an item of this queue may take.</exception>
    /// <exception cref="TimeoutException">The queue was still full when the timeout elapsed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and is not
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public void Put(T item, TimeSpan timeout, CancellationToken cancellation = default)
    {
        var parcel = new Parcel(leaving: true, (item, typeof(T)));
        if (parcel.Length > place) throw new ShapeException(
            $"Put: the item takes {parcel.Length} bytes; those of {Name} can have {place}. Increase itemBytes.");
        Locked("Put", timeout, cancellation, () => Count < capacity, () =>
        {
            parcel.Write(Place(State->Put));
            Volatile.Write(ref State->Put, State->Put + 1);
            return parcel;
        });
    }

    /// <summary>Waits until there is an item, removes the oldest item, and returns it.</summary>
    /// <exception cref="TimeoutException">The queue was still empty when the timeout elapsed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and is not
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="JsonException">The removed item is not a <typeparamref name="T"/>.</exception>
    public T Take(TimeSpan timeout, CancellationToken cancellation = default) =>
        (T)Locked("Take", timeout, cancellation, () => Count > 0, () =>
        {
            try { return new Parcel(Place(State->Taken)); }
            finally { Volatile.Write(ref State->Taken, State->Taken + 1); }
        }).Get(0, typeof(T))!;

    Parcel Locked(string operation, TimeSpan timeout, CancellationToken cancellation, Func<bool> can, Func<Parcel> step)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(
            nameof(timeout), timeout, $"{operation}: the time must not be negative, or be Timeout.InfiniteTimeSpan.");
        var (watch, wait) = (Stopwatch.StartNew(), new SpinWait());
        for (; ; wait.SpinOnce())
        {
            cancellation.ThrowIfCancellationRequested();
            if (Enter())
                try { if (can()) return step(); }
                finally { Volatile.Write(ref State->Lock, 0); GC.KeepAlive(this); }
            if (timeout >= TimeSpan.Zero && watch.Elapsed >= timeout)
                throw new TimeoutException($"{operation}: {Name} held {Count} of {capacity} items all of {timeout}.");
        }
    }

    bool Enter()
    {
        var holder = Interlocked.CompareExchange(ref State->Lock, SharedFolder.Me, 0);
        return holder == 0 || (!SharedFolder.IsAlive(holder)
            && Interlocked.CompareExchange(ref State->Lock, SharedFolder.Me, holder) == holder);
    }
}
