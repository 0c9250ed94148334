using Tensorlet;
using Tensorlet.Multiprocessing;

namespace Tutorials;

/// <summary>Disks and shared memory that are full, or that disappear.</summary>
static class NoRoom
{
    const string SharedMemory = "/dev/shm";
    const int MegaByte = 1 << 20;

    /// <summary>Files of all sizes, on a disk that does not have room for most of them.</summary>
    public static Tally Disk(int count)
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet-disk-").FullName;
        try { return PrivateMount.Run(FillDisk, folder, "2m", count); }
        finally { Directory.Delete(folder, recursive: true); }
    }

    static Tally FillDisk(int rank, string folder, int count)
    {
        var (tally, random, there) = (new Tally(), new Random(1), new Dictionary<string, Tensor>());
        for (var k = 0; k < count; k++)
        {
            var path = Path.Combine(folder, (k % 3) switch { 0 => "x.npy", 1 => "x.npz", _ => "x.safetensors" });
            var x = Tensor.Full([(int)Math.Exp(random.NextDouble() * Math.Log(MegaByte))], k);
            tally.Try(() => Save(path, x), refused =>
            {
                if (!refused) there[path] = x;
                return Directory.GetFiles(folder).Any(file => !there.ContainsKey(file)) ? "a file is left over"
                    : there.FirstOrDefault(p => !IsSame(Load(p.Key), p.Value)).Key is { } wrong
                        ? $"attempt {k}: {wrong} is not what was saved there last" : null;
            });
            if (k % 20 == 0 && there.Remove(path)) File.Delete(path);
        }
        return tally.Require(tally.Errors > 0, "the disk was never full")
            .Require(tally.Whole > 0, "the disk was always full");
    }

    static void Save(string path, Tensor x)
    {
        if (path.EndsWith(".npy", StringComparison.Ordinal)) Npy.Save(path, x);
        else if (path.EndsWith(".npz", StringComparison.Ordinal))
            Npz.Save(path, new Dictionary<string, Tensor> { ["x"] = x });
        else SafeTensors.Save(path, new Dictionary<string, Tensor> { ["x"] = x });
    }

    static Tensor Load(string path) => path.EndsWith(".npy", StringComparison.Ordinal) ? Npy.Load(path)
        : path.EndsWith(".npz", StringComparison.Ordinal) ? Npz.Load(path)["x"] : SafeTensors.Load(path)["x"];

    static bool IsSame(Tensor x, Tensor y) =>
        x.ToArray<float>().AsSpan().SequenceEqual(y.ToArray<float>());

    /// <summary>Tensors, queues and processes with 8 MB for everything that is shared.</summary>
    public static Tally Memory(int count) => PrivateMount.Run(FillMemory, SharedMemory, "8m", count);

    static Tally FillMemory(int rank, string folder, int count)
    {
        var (tally, random, held) = (new Tally(), new Random(1), new List<Tensor>());
        for (var k = 0; k < count; k++)
        {
            var x = Tensor.Full([random.Next(MegaByte)], k);
            tally.Try(() => x.ShareMemory(), refused =>
            {
                if (refused) held.Clear();
                else held.Add(x);
                return x.IsShared() == refused ? $"attempt {k} is half shared"
                    : !x.ToArray<float>().All(v => v == k) ? $"attempt {k} has lost its numbers"
                    : !refused && !IsSame(SharedTensors.Open(x.SharedName()), x) ? $"attempt {k} is not shared" : null;
            });
        }
        held.Clear();
        for (var k = 0; k < count; k++)         // they are not referenced
            tally.Try(() => Tensor.Ones(MegaByte / 4).ShareMemory(),
                refused => refused ? "what is unreachable has not made room" : null);
        var large = Tensor.Ones(4 * MegaByte);
        for (var k = 0; k < count / 30; k++)
        {
            tally.Try(() => large = (Tensor)Spawn.Run(Give, [large])[0]!, refused => refused
                || large.Numel != 4 * MegaByte ? "what is larger than all shared memory does not travel" : null);
            var message = "";
            tally.Try(() =>
            {
                try { Spawn.Run(Share, [large]); }
                catch (ProcessException e) { throw new IOException(message = e.Message); }
            }, refused => refused && message.Contains(" are free") ? null
                : $"a child that shares too much says: {message}");
            tally.Try(() => new SharedQueue<Tensor>(4, 4 * MegaByte),
                refused => refused ? null : "a queue larger than all shared memory was made");
        }
        return tally.Require(tally.Errors > 0, "the memory was never full");
    }

    static Tensor Give(int rank, Tensor x) => x;
    static void Share(int rank, Tensor x) => x.ShareMemory();

    /// <summary>The folder is removed, as by a logout, while it contains tensors and a queue.</summary>
    public static Tally Removed(int count) => PrivateMount.Run(Remove, SharedMemory, "16m", count);

    static Tally Remove(int rank, string folder, int count)
    {
        var tally = new Tally();
        for (var k = 0; k < count; k++)
        {
            Tensor x = Tensor.Full([1000], k).ShareMemory(), y = Tensor.Full([1000], -k);
            var queue = new SharedQueue<int>(2, 99);
            tally.Try(() =>
            {
                Clear(folder);
                y.ShareMemory();
                queue.Put(k, TimeSpan.FromSeconds(9));
            }, refused => refused ? $"attempt {k}: nothing can be shared any more"
                : queue.Take(TimeSpan.FromSeconds(9)) != k ? $"attempt {k}: the queue has lost an item"
                : !x.ToArray<float>().All(v => v == k) ? $"attempt {k}: what was shared has lost its numbers"
                : !IsSame(SharedTensors.Open(y.SharedName()), y) ? $"attempt {k}: what is shared anew is not there"
                : null);
            tally.Try(() => SharedTensors.Open(x.SharedName()),
                refused => refused ? null : $"attempt {k}: what was removed can be opened");
            if (k % 10 == 0)
                tally.Try(() => Spawn.Run(Lose, [folder, y.Clone()], nprocs: 2),
                    refused => refused ? $"attempt {k}: a process did not give its answer" : null);
        }
        Clear(folder);                          // and then this process ends, and finds nothing to clean up
        return tally;
    }

    static void Clear(string folder)
    {
        try { foreach (var one in Directory.GetDirectories(folder)) Directory.Delete(one, recursive: true); }
        catch (IOException) { }                 // another process clears it too, or creates the folder again
    }

    /// <summary>Ends without the folder.</summary>
    static double Lose(int rank, string folder, Tensor x)
    {
        x.Clone().ShareMemory();
        if (rank == 1) Clear(folder);
        return x.Sum().Item();
    }
}
