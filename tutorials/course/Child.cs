using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Tutorials;

/// <summary>What the process of an answer may take.</summary>
/// <param name="Seconds">The time for one step, or for one file to compile.</param>
/// <param name="Megabytes">The memory of the whole process, native memory included.</param>
sealed record Allowance(double Seconds = 20, int Megabytes = 1024);

/// <summary>The process has ended, or was ended; the message is for the learner.</summary>
sealed class LostException(string message) : Exception(message);

/// <summary>A process that does as it is asked through pipes of its own; it is ended where it takes too much.</summary>
sealed class Child : IDisposable
{
    static readonly Lock starting = new();          // so that no process gets the pipes of another

    readonly Process process;
    readonly Link link;
    readonly Allowance allowance;
    readonly Stopwatch working = new();
    readonly Timer watchdog;
    readonly List<string> errors = [];
    readonly List<Thread> readers = [];
    volatile string? reason;
    TimeSpan before;
    bool disposed;

    /// <summary>Starts a .NET program, with the names of its pipes and its memory in megabytes as arguments.</summary>
    /// <param name="program">The program.</param>
    /// <param name="allowance">What it may take.</param>
    /// <param name="alone">Keep it from files and the network, if that can be.</param>
    /// <param name="arguments">What stands before these arguments.</param>
    public Child(string program, Allowance allowance, bool alone, params string[] arguments)
    {
        this.allowance = allowance;
        lock (starting)
        {
            var from = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
            var to = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
            string[] command = [.. alone ? Isolation.Prefix(Dotnet, Path.GetDirectoryName(program)!) : [],
                Path.Combine(Dotnet, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"), "exec", program,
                .. arguments, to.GetClientHandleAsString(), from.GetClientHandleAsString(), $"{allowance.Megabytes}"];
            var start = new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
                WorkingDirectory = Path.GetTempPath(),
            };
            string[] kept = ["PATH", "SystemRoot", "TMPDIR", "TEMP", "TMP"];
            foreach (var name in start.Environment.Keys.Except(kept).ToList()) start.Environment.Remove(name);
            foreach (var (name, value) in new[] { ("EnableDiagnostics", "0"), ("gcConcurrent", "0"),
                ("EnableWriteXorExecute", "0"),
                ("GCHeapHardLimit", (allowance.Megabytes * 3L / 4 << 20).ToString("x", CultureInfo.InvariantCulture)) })
                start.Environment[$"DOTNET_{name}"] = value;
            process = Process.Start(start)!;
            from.DisposeLocalCopyOfClientHandle();
            to.DisposeLocalCopyOfClientHandle();
            link = new(from, to);
        }
        process.StandardInput.Close();
        Drain(process.StandardOutput);
        Drain(process.StandardError);
        watchdog = new(_ => Watch(), null, 20, 20);
    }

    /// <summary>The folder of the .NET that runs this program.</summary>
    static string Dotnet { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>What the process has taken of the time of this step.</summary>
    public TimeSpan Worked => working.Elapsed;

    /// <summary>Called with what the answer prints.</summary>
    public Action<string>? Printed { get; set; }

    /// <summary>Gives the process all of the time again.</summary>
    public void StartClock()
    {
        working.Reset();
        before = Computed();
    }

    /// <summary>The time of processors that the process has taken, on Linux with that of all that it started.</summary>
    TimeSpan Computed()
    {
        try
        {
            process.Refresh();
            return process.TotalProcessorTime + TimeSpan.FromSeconds(Started(process.Id).Sum(id =>
                File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ')[11..13]
                    .Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / 100.0));
        }
        catch (Exception e) when (SaysThatItEnded(e)) { return before; }
    }

    /// <summary>Whether this is thrown when a process that has ended is asked for something, or is killed.</summary>
    static bool SaysThatItEnded(Exception e) =>
        e is InvalidOperationException or IOException or Win32Exception or AggregateException;

    /// <summary>Sends a message and waits for what comes back, while the clock runs.</summary>
    /// <exception cref="LostException">Nothing will come back.</exception>
    public (Kind Kind, BinaryReader Values) Ask(Kind kind, Action<BinaryWriter>? write = null)
    {
        try
        {
            link.Send(kind, write);
            working.Start();
            while (link.Receive() is var (got, values))
            {
                if (got != Kind.Printed) return (got, values);
                Printed?.Invoke(values.ReadString());
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException)
        {
            reason ??= e is InvalidDataException ? Disturbed : null;
        }
        finally { working.Stop(); }
        if (reason is null) process.WaitForExit(5000);          // it says why it ends
        Kill();
        throw new LostException(Reason());
    }

    /// <summary>What is said where a message is none.</summary>
    public const string Disturbed = "Your code disturbed what its process tells the grader. Nothing of it can be used.";

    /// <summary>What is said where an answer took more memory than it may.</summary>
    public const string OutOfMemory = "Your code took more memory than it may. Does something grow in a loop?";

    string Reason()
    {
        if (reason is { } known) return known;
        process.WaitForExit(2000);
        foreach (var reader in readers) reader.Join(2000);
        lock (errors)
            return errors.Exists(e => e.Contains("Stack overflow"))
                ? "The stack overflowed: a method of yours calls itself too often, or without an end."
                : errors.Exists(e => e.Contains("Out of memory") || e.Contains("OutOfMemory")) ? OutOfMemory
                : $"Your code ended the process (exit code {process.ExitCode}). It is to give a result, and to go on.";
    }

    void Watch()
    {
        try
        {
            var passed = working.Elapsed.TotalSeconds;
            // On a busy machine it may wait for its turn: what it has computed counts as well.
            if (passed > 5 * allowance.Seconds
                || (passed > allowance.Seconds && (Computed() - before).TotalSeconds > allowance.Seconds / 2))
                End($"Your code did not come back within " +
                $"{allowance.Seconds.ToString(CultureInfo.InvariantCulture)} s. Is there an endless loop?");
            if (Memory() > (long)allowance.Megabytes << 20) End(OutOfMemory);
        }
        catch (Exception e) when (SaysThatItEnded(e)) { }

        void End(string why)
        {
            reason ??= why;
            Kill();
        }
    }

    /// <summary>The memory of the process, on Linux with that of all that it started.</summary>
    long Memory()
    {
        process.Refresh();
        return process.WorkingSet64 + Started(process.Id).Sum(id => Environment.SystemPageSize
            * long.Parse(File.ReadAllText($"/proc/{id}/statm").Split(' ')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The processes that a process started, and those that they did: on Linux.</summary>
    static IEnumerable<int> Started(int id)
    {
        var file = $"/proc/{id}/task/{id}/children";
        return !File.Exists(file) ? []
            : File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))
                .SelectMany(child => Started(child).Prepend(child));
    }

    /// <summary>Ends the process, and what it started.</summary>
    void Kill()
    {
        try
        {
            if (OperatingSystem.IsLinux())          // at once: .NET would stop the tree first, and end it later
            {
                foreach (var id in Started(process.Id).ToList()) _ = Signal(id, 9);
                _ = Signal(-process.Id, 9);         // its group
                process.Kill();
            }
            else process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (SaysThatItEnded(e)) { }
    }

    [DllImport("libc", EntryPoint = "kill")]
    static extern int Signal(int process, int signal);

    /// <summary>Reads what the runtime says until it ends, and keeps little of it.</summary>
    void Drain(StreamReader from)
    {
        readers.Add(new(Read) { IsBackground = true });
        readers[^1].Start();

        void Read()
        {
            try
            {
                var part = new char[4096];
                while (from.Read(part) is > 0 and var read)
                    lock (errors)
                        if (errors.Count < 16) errors.Add(new string(part, 0, read));
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException) { }
        }
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        watchdog.Dispose();
        Kill();
        process.WaitForExit(2000);
        link.Dispose();
        process.Dispose();
    }
}
