using System.Diagnostics;
using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials;

/// <summary>
/// Attacks on things that must not break, each tried many times: files and shared memory while processes are killed,
/// while others write, and when there is no room. To add one, add a line to the list.
/// </summary>
static class Attacks
{
    const int QuickFiles = 100, Files = 2000;           // damaged files of each format

    static readonly (string What, Func<bool, Tally> Run)[] parts =
    [
        ("a process is killed while it saves", quick => Kills.Run(quick ? 10 : 100)),
        ("threads save to one path", quick => Writers.Threads(quick ? 10 : 100)),
        ("processes save to one path", quick => Writers.Processes(quick ? 10 : 100)),
        ("saving to a full disk", quick => NoRoom.Disk(quick ? 100 : 1000)),
        ("sharing in a full /dev/shm", quick => NoRoom.Memory(quick ? 30 : 300)),
        ("the folder of shared memory is removed", quick => NoRoom.Removed(quick ? 10 : 100)),
    ];

    /// <summary>Runs all attacks, and prints the results.</summary>
    /// <returns>The number of attacks that found a fault.</returns>
    public static int Run(bool quick)
    {
        var failed = 0;
        foreach (var (what, run) in parts)
        {
            var (watch, tally) = (Stopwatch.StartNew(), run(quick));
            if (tally.Faults.Count > 0) failed++;
            Console.WriteLine($"{tally.Verdict} {what}: {tally}; {watch.Elapsed.TotalSeconds:0} s");
        }
        if (Mutations.Run(Console.Out, quick ? QuickFiles : Files) > 0) failed++;
        return failed;
    }
}

/// <summary>The result of an attack.</summary>
sealed class Tally
{
    /// <summary>How many attempts were complete, and how many were refused with a typed error.</summary>
    public int Whole, Errors;
    /// <summary>The faults.</summary>
    public List<string> Faults = [];
    /// <summary>Why nothing could be tried; or null.</summary>
    public string? LeftOut;
    /// <summary>A remark; or null.</summary>
    public string? Note;

    /// <summary>How the lines of a report begin.</summary>
    public string Verdict => LeftOut is not null ? "absent" : Faults.Count == 0 ? "ok    " : "FAILED";

    /// <summary>Tries once.</summary>
    /// <param name="attempt">The attempt; it may be refused with one of the errors of the library.</param>
    /// <param name="wrong">What is wrong afterwards, or null; its argument says whether the attempt was
    /// refused.</param>
    public void Try(Action attempt, Func<bool, string?> wrong)
    {
        var refused = false;
        try
        {
            try { attempt(); }
            catch (Exception e) when (IsTyped(e)) { refused = true; }
            if (wrong(refused) is { } fault) Faults.Add(fault);
            else if (refused) Errors++;
            else Whole++;
        }
        catch (Exception e) { Faults.Add($"{e.GetType()}: {e.Message}"); }
    }

    /// <summary>True for the errors that say what was refused.</summary>
    public static bool IsTyped(Exception e) => e is TensorletException or IOException or InvalidDataException
        or UnauthorizedAccessException or ArgumentException;

    /// <summary>Adds the result of another part of the same attack.</summary>
    public Tally Add(Tally other)
    {
        (Whole, Errors, LeftOut, Note) = (Whole + other.Whole, Errors + other.Errors, LeftOut ?? other.LeftOut,
            Note ?? other.Note);
        Faults.AddRange(other.Faults);
        return this;
    }

    /// <summary>Records a fault, unless the condition holds.</summary>
    public Tally Require(bool holds, string fault)
    {
        if (!holds) Faults.Add(fault);
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => LeftOut ?? $"{Whole + Errors + Faults.Count} tried, {Whole} whole, " +
        $"{Errors} typed errors, {Faults.Count} faults" + (Note is null ? "" : $"; {Note}") +
        string.Concat(Faults.Take(3).Select(fault => $"\n       {fault}"));
}

/// <summary>A checkpoint that shows whether it is complete: all of its elements have the same number.</summary>
static class Numbered
{
    sealed class Net : Module
    {
        readonly Linear first = new(64, 400), second = new(400, 64);
        public override Variable Forward(Variable x) => second.Call(first.Call(x));
    }

    /// <summary>Saves checkpoint k.</summary>
    public static void Save(string path, long k)
    {
        var net = new Net();
        foreach (var p in net.Parameters()) p.Data.Fill_(k);
        Checkpoint.Save(path, ("model", net), ("counter", new Counter(k)));
    }

    /// <summary>The number of the checkpoint in the file.</summary>
    /// <exception cref="InvalidDataException">It is not complete.</exception>
    public static long Load(string path)
    {
        var (net, counter) = (new Net(), new Counter());
        Checkpoint.Load(path, ("model", net), ("counter", counter));
        return net.Parameters().All(p => p.Data.ToArray<double>().All(x => x == counter.Value)) ? counter.Value
            : throw new InvalidDataException($"checkpoint {counter.Value} has numbers of another one");
    }
}
