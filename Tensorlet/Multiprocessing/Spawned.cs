using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Processes that <see cref="Spawn.Start"/> started. They end with this process, however that ends. One that throws or
/// is killed does not end the others.
/// </summary>
public sealed class Spawned : IDisposable
{
    readonly Process[] processes;
    readonly Task<object?>[] answers;
    readonly object?[] arguments;       // shared tensors keep their names until all have opened them

    internal Spawned(Spawn.Order[] orders, Type result, object?[] arguments)
    {
        this.arguments = arguments;
        string[] paths = [.. orders.Select(_ => SharedFolder.Find(SharedFolder.NewName()))];
        processes = new Process[orders.Length];
        try { for (var i = 0; i < orders.Length; i++) processes[i] = Spawn.Process(paths[i]); }
        catch (Win32Exception)
        {
            Dispose();
            throw;
        }
        Pids = [.. processes.Select(p => p.Id)];
        answers = [.. orders.Select((order, i) => Task.Factory.StartNew(
            () => Answer(processes[i], order, paths[i], result), TaskCreationOptions.LongRunning))];
    }

    /// <summary>The ids of the processes.</summary>
    public IReadOnlyList<int> Pids { get; }

    static object? Answer(Process process, Spawn.Order order, string path, Type result)
    {
        try
        {
            process.StandardInput.WriteLine(JsonSerializer.Serialize(order));
            process.StandardInput.Flush();
        }
        catch (IOException) { }             // it has ended already
        process.WaitForExit();
        if (!File.Exists(path)) throw new ProcessExitedException(order.Rank, process.ExitCode);
        var answer = JsonSerializer.Deserialize<Spawn.Answer>(File.ReadAllText(path))!;
        SharedFolder.Delete(path);
        return answer.Error is { } type ? throw new ProcessRaisedException(order.Rank, type, answer.Message, answer.Text)
            : answer.Result is { } json ? JsonSerializer.Deserialize(json, result, Spawn.Coming) : null;
    }

    /// <summary>Waits until all have ended, and gives their results by rank.</summary>
    /// <exception cref="ProcessRaisedException">An exception left the entry point in one; of several that failed, the
    /// one of the lowest rank is reported.</exception>
    /// <exception cref="ProcessExitedException">One ended without an answer.</exception>
    /// <exception cref="TimeoutException">The time is over; those that still ran have been killed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; those that still ran have been killed.</exception>
    public object?[] Join(TimeSpan? timeout = null, CancellationToken cancellation = default)
    {
        try
        {
            if (!Task.WaitAll(answers, (int)(timeout?.TotalMilliseconds ?? -1), cancellation))
                throw new TimeoutException($"Join: after {timeout}, {answers.Count(a => !a.IsCompleted)} of " +
                    $"{answers.Length} processes still ran, and were killed.");
        }
        catch (AggregateException)
        {
            ExceptionDispatchInfo.Throw(answers.First(a => a.IsFaulted).Exception!.InnerException!);
        }
        finally { Dispose(); }
        return [.. answers.Select(a => a.Result)];
    }

    /// <summary>Kills those that still run.</summary>
    public void Dispose()
    {
        foreach (var process in processes)
            try { process?.Kill(entireProcessTree: true); }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception) { }     // it has ended
        GC.KeepAlive(arguments);
    }
}
