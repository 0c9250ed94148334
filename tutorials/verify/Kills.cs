using System.Diagnostics;
using Tensorlet;
using Tensorlet.Multiprocessing;
using Tensorlet.Nn;

namespace Tutorials;

/// <summary>
/// A process saves checkpoints over and over, and is killed at a random moment, again and again. After each time the
/// file is whole, and the last one that was finished or the one that was being written.
/// </summary>
static class Kills
{
    sealed class Net : Module
    {
        readonly Linear first = new(64, 400), second = new(400, 64);
        public override Variable Forward(Variable x) => second.Call(first.Call(x));
    }

    /// <summary>What the child does: checkpoint k has the number k in every place.</summary>
    /// <param name="rank">Not used.</param>
    /// <param name="path">The checkpoint.</param>
    /// <param name="progress">The number of the checkpoint that was begun last, and of the one finished last.</param>
    public static void Save(int rank, string path, Tensor progress)
    {
        var (net, counter) = (new Net(), new Counter());
        for (var k = (long)progress[1].Item() + 1; ; k++)
        {
            foreach (var p in net.Parameters()) p.Data.Fill_(k);
            counter.Value = k;
            progress[0].Fill_(k);
            Checkpoint.Save(path, ("model", net), ("counter", counter));
            progress[1].Fill_(k);
        }
    }

    /// <summary>Kills so many times.</summary>
    /// <returns>What is wrong, or null; and how many kills met a save that had begun and not ended.</returns>
    public static (string? Wrong, int Within) Run(int count)
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet-kills-").FullName;
        var (path, random, within) = (Path.Combine(folder, "checkpoint.safetensors"), new Random(1), 0);
        var progress = Tensor.Zeros([2], DType.Int64).ShareMemory();
        try
        {
            for (var kill = 1; kill <= count; kill++)
            {
                var (before, watch) = (progress[0].Item(), Stopwatch.StartNew());
                var child = Spawn.Start(Save, [path, progress]);
                while (progress[0].Item() == before && watch.Elapsed.TotalSeconds < 30) Thread.Sleep(1);
                Thread.Sleep(TimeSpan.FromMilliseconds(random.NextDouble() * 40));
                child.Dispose();
                try { child.Join(); }
                catch (ProcessException e) when (e.ExitCode is not null) { }         // killed, as it should be
                if (progress[0].Item() == before) return ($"kill {kill}: nothing was saved in 30 s", within);
                if (progress[0].Item() != progress[1].Item()) within++;
                if (Check(path, progress) is { } wrong) return ($"kill {kill}: {wrong}", within);
            }
            Checkpoint.Save(path, ("counter", new Counter()));
            return (Directory.GetFiles(folder) is [_] ? null : "the next save has left temporary files", within);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    static string? Check(string path, Tensor progress)
    {
        var (begun, done) = ((long)progress[0].Item(), (long)progress[1].Item());
        var left = Directory.GetFiles(Path.GetDirectoryName(path)!).Count(file => file != path);
        if (left > 1) return $"{left} temporary files have come together";
        if (done == 0 && !File.Exists(path)) return null;
        var (net, counter) = (new Net(), new Counter());
        try { Checkpoint.Load(path, ("model", net), ("counter", counter)); }
        catch (Exception e) when (e is IOException or InvalidDataException or TensorletException) { return e.Message; }
        return counter.Value != begun && counter.Value != done
                ? $"checkpoint {counter.Value} is there, neither {done} nor {begun}"
            : net.Parameters().All(p => p.Data.ToArray<double>().All(x => x == counter.Value)) ? null
            : $"checkpoint {counter.Value} has numbers of another one";
    }
}
