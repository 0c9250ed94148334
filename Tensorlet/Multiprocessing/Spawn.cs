using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Runs a static method in new processes of this program, as <c>torch.multiprocessing.spawn</c> does:
/// <code>
/// if (Spawn.Child()) return;                                       // the first line of Program.cs
/// var results = Spawn.Run(Worker.Train, [net.SharedName()], nprocs: 4);
/// static class Worker { public static double Train(int rank, string network) { … } }
/// </code>
/// Arguments and results travel as JSON, so numbers, strings, arrays and records do; a tensor that is shared travels as
/// its name and is the same memory there, views too; another one is copied, and so is what a child shared itself, for
/// that ends with it. Share what is large.
/// </summary>
public static class Spawn
{
    const string Variable = "TENSORLET_SPAWN";
    const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    internal sealed record Order(string Assembly, string Type, string Method, int Rank, string[] Arguments);
    internal sealed record Answer(string? Result, string? Error, string Message, string Text);

    sealed class TensorConverter(bool leaving) : JsonConverter<Tensor>
    {
        public override Tensor Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<SharedTensors.Sent>(ref reader)!.Tensor();
        public override void Write(Utf8JsonWriter writer, Tensor x, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, SharedTensors.Sent.Of(x, leaving));
    }

    internal static readonly JsonSerializerOptions Coming = Json(leaving: false), Leaving = Json(leaving: true);

    static JsonSerializerOptions Json(bool leaving) => new()
    {
        Converters = { new TensorConverter(leaving) }, IncludeFields = true,    // and so pairs
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The program that is started: this one, unless set. A .dll is run by <c>dotnet</c>.</summary>
    public static string Executable { get; set; } =
        IsDotnet(Environment.ProcessPath) ? Environment.GetCommandLineArgs()[0] : Environment.ProcessPath!;

    static bool IsDotnet(string? path) => Path.GetFileNameWithoutExtension(path) == "dotnet";

    /// <summary>
    /// True in a process that <see cref="Start"/> started, when its work is done: the program must end then. It is the
    /// first thing that Main calls. In any other process it is false at once.
    /// </summary>
    public static bool Child()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } path) return false;
        Environment.SetEnvironmentVariable(Variable, null);
        var orders = new StreamReader(Console.OpenStandardInput());
        var order = JsonSerializer.Deserialize<Order>(orders.ReadLine()!)!;
        // the end of the input is the end of the parent
        new Thread(() => { orders.Read(); Environment.Exit(1); }) { IsBackground = true }.Start();
        Answer answer;
        try
        {
            var method = Find(order.Assembly, order.Type, order.Method)!;
            object?[] arguments = [order.Rank, .. order.Arguments.Zip(method.GetParameters()[1..],
                (json, parameter) => JsonSerializer.Deserialize(json, parameter.ParameterType, Coming))];
            var result = method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            var json = result is null ? null : JsonSerializer.Serialize(result, method.ReturnType, Leaving);
            answer = new(json, null, "", "");
        }
        catch (Exception e) { answer = new(null, e.GetType().FullName, e.Message, e.ToString()); }
        File.WriteAllText($"{path}-", JsonSerializer.Serialize(answer));
        File.Move($"{path}-", path);
        return true;
    }

    static MethodInfo? Find(string assembly, string type, string method) =>
        (File.Exists(assembly) ? Assembly.LoadFrom(assembly) : Assembly.Load(assembly)).GetType(type)!
            .GetMethod(method, Static);

    /// <summary>Starts the processes, and waits for them: <see cref="Spawned.Join"/>.</summary>
    /// <inheritdoc cref="Start"/>
    public static object?[] Run(Delegate entry, object?[]? args = null, int nprocs = 1, TimeSpan? timeout = null,
        CancellationToken cancellation = default) => Start(entry, args, nprocs).Join(timeout, cancellation);

    /// <summary>Starts processes that call entry(rank, args…), where rank counts them from 0.</summary>
    /// <param name="entry">A static method, the only one of its name in its class. Its first parameter is the
    /// rank.</param>
    /// <param name="args">Its other arguments.</param>
    /// <param name="nprocs">The number of processes.</param>
    /// <exception cref="TensorletException">The entry is no such method, or does not take these
    /// arguments.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public static Spawned Start(Delegate entry, object?[]? args = null, int nprocs = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nprocs, 1);
        if (Environment.GetEnvironmentVariable(Variable) is not null)
            throw new TensorletException("Spawn: this is a child already. Begin the program with Spawn.Child().");
        args ??= [];
        var (method, parameters) = (entry.Method, entry.Method.GetParameters());
        var assembly = method.Module.Assembly.Location is { Length: > 0 } path ? path
            : method.Module.Assembly.FullName!;
        if (!method.IsStatic || method.IsGenericMethod || parameters is not [{ ParameterType: var rank }, ..]
            || rank != typeof(int) || method.DeclaringType!.GetMember(method.Name, Static).Length != 1)
            throw new TensorletException($"Spawn: {method.DeclaringType}.{method.Name} cannot be called from another " +
                "process. Take a static method, the only one of its name, whose first parameter is an int, the rank.");
        if (args.Length != parameters.Length - 1 || !args.Zip(parameters[1..]).All(pair => pair.First is null
            ? !pair.Second.ParameterType.IsValueType : pair.Second.ParameterType.IsInstanceOfType(pair.First)))
            throw new TensorletException($"Spawn: {method} does not take, behind the rank, " +
                $"({string.Join(", ", args.Select(a => a?.GetType().Name ?? "null"))}).");
        string[] json = [.. args.Zip(parameters[1..], (a, p) => JsonSerializer.Serialize(a, p.ParameterType, Coming))];
        return new Spawned([.. Enumerable.Range(0, nprocs).Select(rank =>
            new Order(assembly, method.DeclaringType.FullName!, method.Name, rank, json))], method.ReturnType, args);
    }

    internal static Process Process(string answer)
    {
        var isLibrary = Path.GetExtension(Executable) == ".dll";
        var dotnet = IsDotnet(Environment.ProcessPath) ? Environment.ProcessPath! : "dotnet";
        var start = new ProcessStartInfo(isLibrary ? dotnet : Executable, isLibrary ? [Executable] : [])
        { RedirectStandardInput = true, Environment = { [Variable] = answer } };
        return System.Diagnostics.Process.Start(start)!;
    }
}
