using System.Diagnostics;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Tensors on their way between processes, first in, first out: a ring of places in shared memory, each for a copy of
/// one tensor. Any number of processes and threads put and take.
/// </summary>
/// <remarks>
/// No process leaves another hanging by its death. Every wait has an end. The lock is a word that holds the key of the
/// process in it; whoever finds a dead one's takes it over. And an item is there, or gone, by one write of a counter,
/// after all else: a process that is killed while it copies has changed nothing.
/// </remarks>
public sealed unsafe class TensorQueue
{
    const long Magic = 0x54_52_4F_53_45_55_51_31;
    readonly SharedFile file;
    readonly int capacity, place;

    struct Ring { public long Lock, Taken, Put; }
    Ring* State => (Ring*)file.Data;

    TensorQueue(SharedFile file) => (this.file, capacity, place) = (file, file.Shape[0] - 1, file.Shape[1]);

    /// <summary>A new queue. It lasts as long as its maker can reach it.</summary>
    /// <param name="capacity">How many tensors it holds.</param>
    /// <param name="itemBytes">The bytes of the largest of them.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is not positive.</exception>
    /// <exception cref="ShapeException">Together they are more than 2 GB.</exception>
    public TensorQueue(int capacity, int itemBytes) : this(SharedFile.Create(Magic, DType.Bool,
        [Positive(capacity) + 1, SharedFile.HeaderBytes + (Positive(itemBytes) + 7) / 8 * 8])) => file.Publish();

    static int Positive(int value) =>
        value is > 0 and < 1 << 30 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "");

    /// <summary>The name by which another process opens it.</summary>
    public string Name => file.Name;

    /// <summary>The queue of another process.</summary>
    /// <inheritdoc cref="SharedTensors.Open"/>
    public static TensorQueue Open(string name) => new(SharedFile.Open(name, Magic));

    /// <summary>How many tensors are in it just now.</summary>
    public int Count => (int)(Volatile.Read(ref State->Put) - Volatile.Read(ref State->Taken));

    SharedFile.Header* Place(long i) => (SharedFile.Header*)(file.Data + (1 + i % capacity) * place);

    /// <summary>Puts a copy of a tensor in, as soon as there is room.</summary>
    /// <exception cref="ShapeException">It is larger than the items of this queue.</exception>
    /// <exception cref="TimeoutException">The queue was full all the time.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Put(Tensor tensor, TimeSpan timeout, CancellationToken cancellation = default)
    {
        var bytes = tensor.Memory<byte>();
        if (bytes.Length > place - SharedFile.HeaderBytes) throw new ShapeException(
            $"Put: shape {tensor.Layout} takes {bytes.Length} bytes; items have {place - SharedFile.HeaderBytes}.");
        Locked("Put", timeout, cancellation, () =>
        {
            if (Count == capacity) return false;
            var item = Place(State->Put);
            item->Describe(tensor.DType, tensor.Shape);
            bytes.CopyTo(new Span<byte>(item + 1, bytes.Length));
            Volatile.Write(ref State->Put, State->Put + 1);
            return true;
        });
    }

    /// <summary>Takes the oldest tensor, as soon as there is one.</summary>
    /// <exception cref="TimeoutException">The queue was empty all the time.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidDataException">What is there is no tensor: somebody wrote over the memory.</exception>
    public Tensor Take(TimeSpan timeout, CancellationToken cancellation = default)
    {
        Tensor? result = null;
        Locked("Take", timeout, cancellation, () =>
        {
            if (Count == 0) return false;
            var item = Place(State->Taken);
            if (item->Fault(place - SharedFile.HeaderBytes) is { } why)
                throw new InvalidDataException($"Take: the item in {Name} is refused: {why}.");
            result = Tensor.Empty(item->Shape, (DType)item->Type, Device.Cpu);
            Device.Cpu.Upload(new ReadOnlySpan<byte>(item + 1, (int)item->Length), result.Storage, 0);
            Volatile.Write(ref State->Taken, State->Taken + 1);
            return true;
        });
        return result!;
    }

    /// <summary>Holds the lock, again and again, until a step succeeds.</summary>
    void Locked(string operation, TimeSpan timeout, CancellationToken cancellation, Func<bool> step)
    {
        for (var watch = Stopwatch.StartNew(); ; Thread.Sleep(1))
        {
            cancellation.ThrowIfCancellationRequested();
            var holder = Interlocked.CompareExchange(ref State->Lock, SharedFolder.Me, 0);
            if (holder != 0 && !SharedFolder.IsAlive(holder)
                && Interlocked.CompareExchange(ref State->Lock, SharedFolder.Me, holder) == holder) holder = 0;
            if (holder == 0)
                try { if (step()) return; }
                finally
                {
                    Volatile.Write(ref State->Lock, 0);
                    GC.KeepAlive(file);
                }
            if (watch.Elapsed >= timeout) throw new TimeoutException(
                $"{operation}: {Name} held {Count} of {capacity} tensors for all of {timeout}.");
        }
    }
}
