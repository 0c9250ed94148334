using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipes;
using System.Reflection;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Runs a static method in new processes of this program, like <c>torch.multiprocessing.spawn</c>:
/// <code>
/// if (Spawn.Child()) return;                                       // the first line of Program.cs
/// var losses = Spawn.Run(Worker.Train, [net.SharedName()], nprocs: 4);
/// static class Worker { public static double Train(int rank, string network) { … } }
/// </code>
/// Arguments and results are sent through a pipe: numbers, strings, arrays and records as JSON, and tensors as their
/// bytes. A shared tensor, or a view of one, is sent as its name, and has the same memory in both processes. If a
/// result contains a tensor that the new process itself has shared, the tensor is copied, because its shared memory can
/// no longer be opened after that process has ended.
/// </summary>
[RequiresUnreferencedCode(Parcel.Why), RequiresDynamicCode(Parcel.Why)]
public static class Spawn
{
    const string Variable = "TENSORLET_SPAWN";
    const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    internal sealed record Order(int Rank, string Assembly, string Type, string Method);

    /// <summary>
    /// The program that is started, followed by its arguments. By default, it is this program without arguments.
    /// </summary>
    public static string[] Command { get; set => field = value.Given(); } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]] : [Environment.ProcessPath!];

    /// <summary>
    /// If <see cref="Start"/> started this process, this method calls the entry method that <see cref="Start"/> was
    /// given, sends back the result and returns true; the program must then end. In any other process, this method
    /// returns false immediately. Main must call this method first. The standard input of a process that
    /// <see cref="Start"/> started is empty.
    /// </summary>
    public static bool Child()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } name) return false;
        Environment.SetEnvironmentVariable(Variable, null);
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, Options); // closed when the process ends
        try
        {
            try { pipe.Connect(TimeSpan.FromSeconds(1)); }      // the parent was waiting before this process began
            finally { SharedFolder.Delete(name); }              // a parent that is killed leaves this file
            Parcel order = new(pipe), arguments = new(pipe);
            pipe.ReadAsync(new byte[1]).AsTask().ContinueWith(_ => Environment.Exit(1));    // the parent has ended
            Call((Order)order.Get(0, typeof(Order))!, arguments).Write(pipe);
        }
        catch (Exception e) when (e is IOException or TimeoutException) { }                 // the parent has ended
        return true;
    }

    /// <summary>Calls the method that the parent process has named.</summary>
    /// <returns>The exception that the method threw, as text, or null; and the result of the method.</returns>
    static Parcel Call(Order order, Parcel arguments)
    {
        try
        {
            var method = Type.GetType(order.Type, name => File.Exists(order.Assembly)
                ? Assembly.LoadFrom(order.Assembly) : Assembly.Load(name), null, true)!
                .GetMethod(order.Method, Static)!;
            object?[] given = [order.Rank, .. method.GetParameters().Skip(1)
                .Select((parameter, i) => arguments.Get(i, parameter.ParameterType))];
            var result = method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, given, null);
            return new(leaving: true, (null, typeof(string)), (result, Result(method)));
        }
        catch (Exception e) { return new(leaving: true, (e.ToString(), typeof(string))); }
    }

    static Type Result(MethodInfo method) => method.ReturnType == typeof(void) ? typeof(object) : method.ReturnType;

    /// <summary>
    /// Starts processes, waits until all of them have ended, and returns their results; see
    /// <see cref="Spawned.Join"/>.
    /// </summary>
    /// <inheritdoc cref="Start"/>
    public static object?[] Run(Delegate entry, object?[]? args = null, int nprocs = 1, TimeSpan? timeout = null) =>
        Start(entry, args, nprocs).Join(timeout);

    /// <summary>
    /// Starts processes, each of which calls entry(rank, args…). The rank is the number of the process, counted from 0.
    /// </summary>
    /// <param name="entry">A static method. Its class has no other static method with the same name. The first
    /// parameter of the method is the rank.</param>
    /// <param name="args">The other arguments of the method.</param>
    /// <param name="nprocs">The number of processes.</param>
    /// <exception cref="TensorletException">The entry is not a static method with a unique name in its class; or it
    /// does not take exactly the rank and the given arguments; or it is async; or it takes or returns a task or a
    /// module; or <see cref="Command"/> cannot be started.</exception>
    /// <exception cref="ArgumentException">An argument does not have the type of its parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of processes is not positive.</exception>
    public static Spawned Start(Delegate entry, object?[]? args = null, int nprocs = 1)
    {
        (_, _) = (entry.Given(), nprocs.In(nameof(Spawn), 1));
        if (Environment.GetEnvironmentVariable(Variable) is not null)
            throw new TensorletException("Spawn: this is already a child. Begin the program with Spawn.Child().");
        var (method, parameters, owner) = (entry.Method, entry.Method.GetParameters(), entry.Method.DeclaringType!);
        args ??= [];
        if (!method.IsStatic || method.IsGenericMethod || owner.GetMember(method.Name, Static).Length != 1
            || parameters.Length != args.Length + 1 || parameters[0].ParameterType != typeof(int))
            throw new TensorletException(
                $"Spawn: {owner}.{method.Name} cannot be called with a rank and {args.Length} arguments. Use a " +
                "static method, the only one with its name, whose first parameter is an int, the rank.");
        if (method.IsDefined(typeof(AsyncStateMachineAttribute))
            || parameters.Select(p => p.ParameterType).Append(method.ReturnType).Any(StaysHere))
            throw new TensorletException($"Spawn: {owner}.{method.Name} is async, or takes or returns a task or a " +
                "module: these cannot be sent. Wait for the task inside; send a module's SharedName() or StateDict().");
        var order = new Order(0, owner.Assembly.Location, owner.AssemblyQualifiedName!, method.Name);
        return new Spawned(nprocs, order, args, new Parcel(leaving: false,
            args.Zip(parameters.Skip(1).Select(p => p.ParameterType))), Result(method));
    }

    static bool StaysHere(Type type) => type.IsAssignableTo(typeof(Task)) || type.IsAssignableTo(typeof(Nn.Module))
        || type == typeof(ValueTask) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    const PipeOptions Options = PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly;

    /// <summary>Starts a process, and creates the pipe to it.</summary>
    internal static (Process Process, NamedPipeServerStream Pipe) Launch()
    {
        if (Command is not [{ Length: > 0 } program, .. var arguments])
            throw new TensorletException("Spawn: Command is empty. Set it to the program to start, and its arguments.");
        var name = Path.Combine(OperatingSystem.IsWindows() ? "" : Path.GetTempPath(),
            $"tensorlet-{SharedFolder.NewName()}");
        var pipe = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, Options);
        try
        {
            var process = Process.Start(new ProcessStartInfo(program, arguments)
            { RedirectStandardInput = true, Environment = { [Variable] = name } })!;
            process.StandardInput.Close();
            return (process, pipe);
        }
        catch (Win32Exception e)
        {
            pipe.Dispose();
            throw new TensorletException($"Spawn: '{program}', the first of Command, does not start: {e.Message}", e);
        }
    }
}

/// <summary>
/// The processes that <see cref="Spawn.Start"/> started. If this process ends, for whatever reason, the processes
/// that it started end too. If a started process throws an exception or is killed, the other started processes
/// continue.
/// </summary>
[RequiresUnreferencedCode(Parcel.Why), RequiresDynamicCode(Parcel.Why)]
public sealed class Spawned : IDisposable
{
    readonly (Process Process, NamedPipeServerStream Pipe)[] children;
    readonly Task<object?>[] answers;

    internal Spawned(int count, Spawn.Order order, object?[] arguments, Parcel sent, Type result)
    {
        children = [.. Enumerable.Range(0, count).Select(_ => Spawn.Launch())];
        Pids = Array.ConvertAll(children, child => child.Process.Id);
        answers = [.. Enumerable.Range(0, count).Select(rank => Task.Factory.StartNew(
            () => Answer(order with { Rank = rank }, arguments, sent, result), TaskCreationOptions.LongRunning))];
    }

    /// <summary>The ids of the processes, in the order of their ranks.</summary>
    public IReadOnlyList<int> Pids { get; }

    object? Answer(Spawn.Order order, object?[] arguments, Parcel sent, Type result)
    {
        var ((process, pipe), answer) = (children[order.Rank], default(Parcel));
        using (pipe)
        {
            Task called = pipe.WaitForConnectionAsync(), ended = process.WaitForExitAsync();
            if (Task.WaitAny(called, ended) == 0)
                try
                {
                    new Parcel(leaving: false, (order, typeof(Spawn.Order))).Write(pipe);
                    sent.Write(pipe);
                    answer = new Parcel(pipe);
                }
                catch (IOException) { }     // the process has ended meanwhile
            ended.Wait();
        }
        GC.KeepAlive(arguments);            // the names of shared tensors must exist until now
        if (answer is null) throw new ProcessException(order.Rank, process.ExitCode,
            $"Process {order.Rank} ended with exit code {process.ExitCode} and without an answer: it was killed, " +
            "or called Exit, or its program does not begin with Spawn.Child().");
        return answer.Get(0, typeof(string)) is not { } error ? answer.Get(1, result)
            : throw new ProcessException(order.Rank, null, $"Process {order.Rank} threw {error}");
    }

    /// <summary>Waits until all processes have ended, and returns their results in the order of their ranks.</summary>
    /// <exception cref="ProcessException">A process threw an exception, was killed, or ended without returning a
    /// result. If this is true of several processes, the exception describes the one with the lowest
    /// rank.</exception>
    /// <exception cref="TimeoutException">The timeout has elapsed. The processes that were still running have been
    /// killed.</exception>
    public object?[] Join(TimeSpan? timeout = null)
    {
        using var _ = this;
        if (!Task.WhenAll(answers).ContinueWith(_ => { }).Wait(timeout ?? Timeout.InfiniteTimeSpan))
            throw new TimeoutException($"Join: after {timeout}, {answers.Count(answer => !answer.IsCompleted)} of " +
                $"{answers.Length} processes were still running, and have been killed.");
        return [.. answers.Select(answer => answer.GetAwaiter().GetResult())];
    }

    /// <summary>Kills the processes that are still running, and all processes that these have started.</summary>
    public void Dispose() => Array.ForEach(children, child => child.Process.Kill(entireProcessTree: true));
}

/// <summary>A process that <see cref="Spawn"/> started did not return its result.</summary>
/// <param name="rank">The rank of the process, counted from 0.</param>
/// <param name="exitCode">The exit code of the process, if the process returned neither a result nor an exception;
/// otherwise null.</param>
/// <param name="message">What happened: either the exception that the entry point threw, with its stack; or how the
/// process ended.</param>
public sealed class ProcessException(int rank, int? exitCode, string message) : TensorletException(message)
{
    /// <summary>The rank of the process, counted from 0.</summary>
    public int Rank => rank;
    /// <summary>
    /// The exit code of the process, if it was killed or ended without returning a result or an exception; null if it
    /// threw an exception. On Unix, the exit code of a killed process is 128 plus the number of the signal.
    /// </summary>
    public int? ExitCode => exitCode;
}
