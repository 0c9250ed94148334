using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Runs a static method in new processes of this program, as <c>torch.multiprocessing.spawn</c> does:
/// <code>
/// if (Spawn.Child()) return;                                       // the first line of Program.cs
/// var losses = Spawn.Run(Worker.Train, [net.SharedName()], nprocs: 4);
/// static class Worker { public static double Train(int rank, string network) { … } }
/// </code>
/// Arguments and results travel as JSON, so numbers, strings, arrays and records do; a tensor that is shared travels as
/// its name and is the same memory there, views too; another one is copied, and so is in a result what the child shared
/// itself, for that ends with it. Share what is large.
/// </summary>
public static class Spawn
{
    const string Variable = "TENSORLET_SPAWN";
    const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    internal sealed record Order(string Path, string Assembly, string Type, string Method, string[] Arguments);
    internal sealed record Answer(string? Result, string? Error);

    /// <summary>The program that is started, and its arguments: this program without any, unless set.</summary>
    public static string[] Command { get; set => field = value.Given(); } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]] : [Environment.ProcessPath!];

    /// <summary>
    /// True in a process that <see cref="Start"/> started, when its work is done: the program must end then. It is the
    /// first thing that Main calls. In any other process it is false at once. The child's standard input is taken.
    /// </summary>
    public static bool Child()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null) return false;
        Environment.SetEnvironmentVariable(Variable, null);
        var input = new StreamReader(Console.OpenStandardInput());
        if (input.ReadLine() is not { } line) return true;      // the end of the input is the end of the parent
        new Thread(() => { input.Read(); Environment.Exit(1); }) { IsBackground = true }.Start();
        var (order, answer) = (JsonSerializer.Deserialize<Order>(line)!, default(Answer));
        try { answer = new(Call(order), null); }
        catch (Exception e) { answer = new(null, e.ToString()); }
        File.WriteAllText($"{order.Path}-", JsonSerializer.Serialize(answer));
        File.Move($"{order.Path}-", order.Path);
        return true;
    }

    static string? Call(Order order)
    {
        var method = Type.GetType(order.Type, name => File.Exists(order.Assembly) ? Assembly.LoadFrom(order.Assembly)
            : Assembly.Load(name), null, throwOnError: true)!.GetMethod(order.Method, Static)!;
        object?[] arguments = [.. order.Arguments.Zip(method.GetParameters(), (json, parameter) =>
            JsonSerializer.Deserialize(json, parameter.ParameterType, SharedJson.Coming))];
        var result = method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        return result is null ? null : JsonSerializer.Serialize(result, method.ReturnType, SharedJson.Leaving);
    }

    /// <summary>Starts the processes, waits for them, and gives their results: <see cref="Spawned.Join"/>.</summary>
    /// <inheritdoc cref="Start"/>
    public static object?[] Run(Delegate entry, object?[]? args = null, int nprocs = 1, TimeSpan? timeout = null) =>
        Start(entry, args, nprocs).Join(timeout);

    /// <summary>Starts processes that call entry(rank, args…), where rank counts them from 0.</summary>
    /// <param name="entry">A static method, the only one of its name in its class. Its first parameter is the
    /// rank.</param>
    /// <param name="args">Its other arguments.</param>
    /// <param name="nprocs">The number of processes.</param>
    /// <exception cref="TensorletException">The entry is no such method, takes another number of arguments, is async,
    /// or takes or gives a module; or <see cref="Command"/> cannot be started.</exception>
    /// <exception cref="ArgumentException">An argument is not of its parameter's type.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of processes is not positive.</exception>
    public static Spawned Start(Delegate entry, object?[]? args = null, int nprocs = 1)
    {
        (_, _) = (entry.Given(), nprocs.In(nameof(Spawn), 1));
        if (Environment.GetEnvironmentVariable(Variable) is not null)
            throw new TensorletException("Spawn: this is a child already. Begin the program with Spawn.Child().");
        var (method, parameters, owner) = (entry.Method, entry.Method.GetParameters(), entry.Method.DeclaringType!);
        args ??= [];
        if (!method.IsStatic || method.IsGenericMethod || owner.GetMember(method.Name, Static).Length != 1
            || parameters.Length != args.Length + 1 || parameters[0].ParameterType != typeof(int))
            throw new TensorletException(
                $"Spawn: {owner}.{method.Name} cannot be called with a rank and {args.Length} arguments. Take a " +
                "static method, the only one of its name, whose first parameter is an int, the rank.");
        if (method.IsDefined(typeof(AsyncStateMachineAttribute))
            || parameters.Select(p => p.ParameterType).Append(method.ReturnType).Any(StaysHere))
            throw new TensorletException($"Spawn: {owner}.{method.Name} is async, or takes or gives a task or a " +
                "module: these do not travel. Wait for the task inside; send a module's SharedName() or StateDict().");
        return new Spawned(method.ReturnType, args, [.. Enumerable.Range(0, nprocs).Select(rank => new Order(
            SharedFolder.Find(SharedFolder.NewName()), owner.Assembly.Location, owner.AssemblyQualifiedName!,
            method.Name, [.. args.Prepend(rank).Zip(parameters, (argument, parameter) =>
                JsonSerializer.Serialize(argument, parameter.ParameterType, SharedJson.Coming))]))]);
    }

    static bool StaysHere(Type type) => type.IsAssignableTo(typeof(Task)) || type.IsAssignableTo(typeof(Nn.Module))
        || type == typeof(ValueTask) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    internal static Process Launch()
    {
        if (Command is not [{ Length: > 0 } program, .. var arguments])
            throw new TensorletException("Spawn: Command is empty. It is the program to start, and its arguments.");
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            { RedirectStandardInput = true, Environment = { [Variable] = "1" } })!;
        }
        catch (Win32Exception e)
        { throw new TensorletException($"Spawn: '{program}', the first of Command, does not start: {e.Message}", e); }
    }
}

/// <summary>
/// Processes that <see cref="Spawn.Start"/> started. They end with this process, however that ends. One that throws or
/// is killed does not end the others.
/// </summary>
public sealed class Spawned : IDisposable
{
    readonly Process[] processes;
    readonly Task<object?>[] answers;

    internal Spawned(Type result, object?[] arguments, Spawn.Order[] orders)
    {
        processes = Array.ConvertAll(orders, _ => Spawn.Launch());
        Pids = Array.ConvertAll(processes, process => process.Id);
        answers = [.. orders.Select((order, rank) => Task.Factory.StartNew(
            () => Answer(rank, order, result, arguments), TaskCreationOptions.LongRunning))];
    }

    /// <summary>The ids of the processes, by rank.</summary>
    public IReadOnlyList<int> Pids { get; }

    object? Answer(int rank, Spawn.Order order, Type result, object?[] arguments)
    {
        try { processes[rank].StandardInput.WriteLine(JsonSerializer.Serialize(order)); }
        catch (IOException) { }             // it has ended already
        processes[rank].WaitForExit();
        GC.KeepAlive(arguments);            // until now: what is shared keeps its name
        if (!File.Exists(order.Path)) throw new ProcessException(rank, processes[rank].ExitCode,
            $"Process {rank} ended with exit code {processes[rank].ExitCode} and without an answer: it was killed, " +
            "or called Exit, or its program does not begin with Spawn.Child().");
        var answer = JsonSerializer.Deserialize<Spawn.Answer>(File.ReadAllText(order.Path))!;
        SharedFolder.Delete(order.Path);
        return answer.Error is { } error ? throw new ProcessException(rank, null, $"Process {rank} threw {error}")
            : answer.Result is { } json ? JsonSerializer.Deserialize(json, result, SharedJson.Coming) : null;
    }

    /// <summary>Waits until all have ended, and gives their results by rank.</summary>
    /// <exception cref="ProcessException">One threw, was killed or ended without an answer; of several, the one of the
    /// lowest rank.</exception>
    /// <exception cref="TimeoutException">The time is over. Those that still ran have been killed.</exception>
    public object?[] Join(TimeSpan? timeout = null)
    {
        using var _ = this;
        if (!Task.WhenAll(answers).ContinueWith(_ => { }).Wait(timeout ?? Timeout.InfiniteTimeSpan))
            throw new TimeoutException($"Join: after {timeout}, {answers.Count(answer => !answer.IsCompleted)} of " +
                $"{answers.Length} processes still ran, and were killed.");
        return [.. answers.Select(answer => answer.GetAwaiter().GetResult())];
    }

    /// <summary>Kills those that still run, and what they started.</summary>
    public void Dispose() => Array.ForEach(processes, process => process.Kill(entireProcessTree: true));
}

/// <summary>A process that <see cref="Spawn"/> started did not come to its result.</summary>
/// <param name="rank">Which one, from 0.</param>
/// <param name="exitCode">Its exit code, if it gave no answer.</param>
/// <param name="message">What happened: the exception that left the entry point, with its stack, or the exit.</param>
public sealed class ProcessException(int rank, int? exitCode, string message) : TensorletException(message)
{
    /// <summary>Which process, from 0.</summary>
    public int Rank => rank;
    /// <summary>
    /// Its exit code if it was killed or ended without an answer (on Unix, 128 and the number of the signal); null if
    /// it threw.
    /// </summary>
    public int? ExitCode => exitCode;
}
