using System.Diagnostics;
using Tensorlet;
using Tensorlet.Multiprocessing;

namespace Tutorials;

/// <summary>
/// A process saves checkpoints over and over, and is killed at a random moment, again and again. Each time, the file
/// must be complete afterwards, and be the last checkpoint that was finished or the one that was being written.
/// </summary>
static class Kills
{
    /// <summary>What the child does: checkpoint k has the number k in all of its elements.</summary>
    /// <param name="rank">Not used.</param>
    /// <param name="path">The checkpoint.</param>
    /// <param name="progress">The number of the checkpoint that was begun last, and of the one that was finished
    /// last.</param>
    public static void Save(int rank, string path, Tensor progress)
    {
        for (var k = (long)progress[0].Item() + 1; ; k++)
        {
            progress[0].Fill_(k);
            Numbered.Save(path, k);
            progress[1].Fill_(k);
        }
    }

    /// <summary>Kills a process a number of times.</summary>
    public static Tally Run(int count)
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet-kills-").FullName;
        var (path, random, within) = (Path.Combine(folder, "checkpoint.safetensors"), new Random(1), 0);
        var (tally, progress) = (new Tally(), Tensor.Zeros([2], DType.Int64).ShareMemory());
        try
        {
            for (var kill = 1; kill <= count && tally.Faults.Count == 0; kill++)
            {
                var before = progress[0].Item();
                tally.Try(() => Kill(path, progress, TimeSpan.FromMilliseconds(random.NextDouble() * 40)), _ =>
                    progress[0].Item() == before ? $"kill {kill}: no save has begun in 30 s"
                        : Wrong(path, progress) is { } wrong ? $"kill {kill}: {wrong}" : null);
                if (progress[0].Item() != progress[1].Item()) within++;
                if (tally.Faults.Count == 0) progress.Fill_(File.Exists(path) ? Numbered.Load(path) : 0);
            }
            Numbered.Save(path, 0);
            tally.Note = $"{within} kills were in the middle of a save";
            return tally.Require(within > 0, "no kill was in the middle of a save")
                .Require(Directory.GetFiles(folder) is [_], "the next save has left temporary files");
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    static void Kill(string path, Tensor progress, TimeSpan after)
    {
        var (before, watch) = (progress[0].Item(), Stopwatch.StartNew());
        var child = Spawn.Start(Save, [path, progress]);
        while (progress[0].Item() == before && watch.Elapsed.TotalSeconds < 30) Thread.Sleep(1);
        Thread.Sleep(after);
        child.Dispose();
        try { child.Join(); }
        catch (ProcessException e) when (e.ExitCode is not null) { }         // killed, as intended
    }

    static string? Wrong(string path, Tensor progress)
    {
        var (begun, done) = ((long)progress[0].Item(), (long)progress[1].Item());
        var left = Directory.GetFiles(Path.GetDirectoryName(path)!).Count(file => file != path);
        if (left > 1) return $"{left} temporary files have come together";
        if (done == 0 && !File.Exists(path)) return null;
        var there = Numbered.Load(path);
        return there == begun || there == done ? null : $"checkpoint {there} is there, neither {done} nor {begun}";
    }
}
