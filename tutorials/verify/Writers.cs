using Tensorlet.Multiprocessing;

namespace Tutorials;

/// <summary>
/// Several writers save checkpoints to the same path at the same time, and each loads the file after each save: it must
/// always be one of theirs, and complete. In the end, nothing else is left in the folder.
/// </summary>
static class Writers
{
    const int Count = 4;

    static Tally Write(int rank, string path, int count)
    {
        var tally = new Tally();
        for (var k = 0; k < count; k++)
            tally.Try(() => Numbered.Save(path, rank * count + k), refused =>
                refused && !OperatingSystem.IsWindows() ? "a writer was refused because of another one"
                : Numbered.Load(path) is var there && there >= 0 && there < Count * count ? null
                : $"checkpoint {there} is there, which nobody saved");
        return tally;
    }

    /// <summary>Threads, each of which saves a number of times.</summary>
    public static Tally Threads(int count) => InFolder(path =>
    {
        var tallies = new Tally[Count];
        Thread[] threads = [.. Enumerable.Range(0, Count)
            .Select(i => new Thread(() => tallies[i] = Write(i, path, count)))];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return tallies;
    });

    /// <summary>Processes, each of which saves a number of times.</summary>
    public static Tally Processes(int count) =>
        InFolder(path => Spawn.Run(Write, [path, count], Count).Cast<Tally>());

    static Tally InFolder(Func<string, IEnumerable<Tally>> write)
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet-writers-").FullName;
        try
        {
            var tally = write(Path.Combine(folder, "checkpoint.safetensors")).Aggregate((a, b) => a.Add(b));
            tally.Note = $"{Count} writers";
            return tally.Require(Directory.GetFiles(folder) is [_], "temporary files are left");
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
