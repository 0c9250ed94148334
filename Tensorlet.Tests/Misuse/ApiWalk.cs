using System.Reflection;
using System.Runtime.CompilerServices;

namespace Tensorlet.Tests.Misuse;

/// <summary>
/// Calls every public member of the library with sensible arguments, then with null instead of each in turn, then with
/// malicious values, and records what is thrown.
/// </summary>
sealed class ApiWalk
{
    const BindingFlags Own =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    const int Tries = 200;

    readonly NullabilityInfoContext nullability = new();
    readonly Arguments arguments;
    readonly PropertyInfo[] statics = [.. Library.SelectMany(type => type.GetProperties(Own))
        .Where(p => p is { CanRead: true, CanWrite: true } && p.GetMethod!.IsStatic && p.GetMethod.IsPublic)];

    public int Members { get; private set; }
    public int Nulls { get; private set; }
    public int Count { get; private set; }
    public Dictionary<string, int> Thrown { get; } = [];
    public List<string> Faults { get; } = [];
    public List<string> Unsuited { get; } = [];         // members that never were called, by type and name

    static IEnumerable<Type> Library => typeof(Tensor).Assembly.GetExportedTypes();

    public ApiWalk(string folder) => arguments = new(folder);

    /// <summary>All public members; generic ones with a type that they accept.</summary>
    static IEnumerable<MethodBase> All()
    {
        foreach (var type in Library.Where(t => !t.IsInterface && !t.IsEnum).OrderBy(t => t.FullName))
            foreach (var closed in Closed(type))
                foreach (var member in closed.GetMembers(Own).OfType<MethodBase>())
                    if (member is MethodInfo { IsGenericMethodDefinition: true } open)
                        yield return open.MakeGenericMethod([.. open.GetGenericArguments().Select(Taken)]);
                    else if (!(type.IsAbstract && member is ConstructorInfo)) yield return member;
    }

    static Type[] Closed(Type type)
    {
        if (!type.IsGenericTypeDefinition) return [type];
        Type[] bases = [.. Library.Select(t => t.BaseType).OfType<Type>().Where(t => t.IsGenericType
            && t.GetGenericTypeDefinition() == type && !t.ContainsGenericParameters).Distinct()];
        return bases.Length > 0 ? bases : [type.MakeGenericType([.. type.GetGenericArguments().Select(Taken)])];
    }

    static Type Taken(Type parameter)
    {
        var constraints = parameter.GetGenericParameterConstraints();
        return constraints.FirstOrDefault(c => c.IsClass && c != typeof(ValueType))
            ?? (constraints.Any(c => c.Assembly == typeof(Tensor).Assembly) ? typeof(Arguments.Doubled)
                : typeof(float));
    }

    public void Run()
    {
        foreach (var member in All()) Walk(member);
    }

    void Walk(MethodBase member)
    {
        Members++;
        var parameters = member.GetParameters();
        var own = member.IsStatic || member is ConstructorInfo ? 0 : 1;
        if (parameters.Any(p => p.ParameterType.Name is "String" && p.Name is "path" or "root")) arguments.Prepare();
        // the first seed whose arguments fit together
        var seed = 0;
        while (seed < Tries && Try(member, Drawn(seed), "") is not null) seed++;
        var fits = seed < Tries;
        if (!fits) Unsuited.Add($"{member.DeclaringType!.Name}.{member.Name}");
        if (!fits)
            for (seed = 0; seed < Tries && Drawn(seed) is null; seed++) { }
        if (seed == Tries) return;
        for (var i = own; i < parameters.Length + own; i++)
        {
            var p = parameters[i - own];
            if (!p.ParameterType.IsValueType && !p.ParameterType.IsByRef) Null(i, p);
            foreach (var hostile in arguments.Hostile(p.ParameterType, p.Name!, new Random(1)))
                With(i, hostile, $"{p.Name} = {Text(hostile)}");
        }
        if (own == 1 && (member.DeclaringType == typeof(Tensor) || member.DeclaringType == typeof(Variable)))
            foreach (var hostile in arguments.Hostile(member.DeclaringType, "this", new Random(1)))
                With(0, hostile, $"this = {Text(hostile)}");

        Exception? With(int i, object? value, string what)
        {
            var all = Drawn(seed)!;
            all[i] = value;
            return Try(member, all, what);
        }

        void Null(int i, ParameterInfo p)
        {
            Nulls++;
            var thrown = With(i, null, $"{p.Name} = null");
            if (nullability.Create(p).WriteState == NullabilityState.Nullable || IsResult(member.DeclaringType!)
                || member.IsDefined(typeof(CompilerGeneratedAttribute))) return;
            if (!fits && thrown is not null && IsAllowed(thrown)) return;    // it refused another argument first
            if (thrown is null && member.IsVirtual) return;         // this override does not use it
            if (thrown is not ArgumentNullException { ParamName: var name })
                Faults.Add($"{Show(member)} with {p.Name} = null gives {thrown?.GetType().Name ?? "nothing"}");
            else if (name != p.Name)
                Faults.Add($"{Show(member)} with {p.Name} = null names {name}");
        }

        object?[]? Drawn(int seed)
        {
            try { return arguments.Good(member, seed); }
            catch (Exception e) when (IsAllowed(e) || e is NotSupportedException) { return null; }
        }
    }

    /// <summary>What the library creates and returns: exceptions and records.</summary>
    static bool IsResult(Type type) =>
        type.IsSubclassOf(typeof(Exception)) || type.GetMethod("<Clone>$") is not null;

    static readonly Exception unfit = new TensorletException("no arguments");

    Exception? Try(MethodBase member, object?[]? all, string what)
    {
        if (all is null) return unfit;
        Count++;
        var own = member.IsStatic || member is ConstructorInfo ? 0 : 1;
        var before = Array.ConvertAll(statics, p => p.GetValue(null));
        var (limit, threads, random) = (Device.Cpu.MemoryLimit, Device.Cpu.Threads, Generator.Default.StateDict());
        Exception? thrown = null;
        ExecutionContext.Run(ExecutionContext.Capture()!, _ =>
        {
            try { Calls.Consume(Calls.Invoke(member, own == 0 ? null : all[0], all[own..])); }
            catch (Exception e) { thrown = e; }
        }, null);
        foreach (var (p, value) in statics.Zip(before)) p.SetValue(null, value);
        (Device.Cpu.MemoryLimit, Device.Cpu.Threads) = (limit, threads);
        Generator.Default.LoadStateDict(random);
        if (thrown is null) return null;
        var name = thrown.GetType().Name;
        Thrown[name] = Thrown.GetValueOrDefault(name) + 1;
        if (!IsAllowed(thrown) && !(thrown is DivideByZeroException && IsNumber(member.DeclaringType!)))
            Faults.Add($"{Show(member)} with {what} throws {name}: {thrown.Message} " +
                $"{thrown.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Tensorlet"))}");
        return thrown;
    }

    /// <summary>The integers of formulas divide as the machine does; operations check for 0 first.</summary>
    static bool IsNumber(Type type) => type == typeof(I64) || type == typeof(B8);

    static bool IsAllowed(Exception e) => e is TensorletException or ArgumentException or IOException
        or InvalidDataException or UnauthorizedAccessException or ObjectDisposedException or TimeoutException;

    static string Show(MethodBase member) => $"{member.DeclaringType!.Name}.{member.Name}(" +
        $"{string.Join(", ", member.GetParameters().Select(p => $"{p.ParameterType.Name} {p.Name}"))})";

    static string Text(object? value) => value switch
    {
        null => "null",
        string { Length: > 20 } text => $"{text.Length} characters",
        Tensor x => $"{x.DType} {x.Layout}",
        Variable x => $"Variable {x.DType} {x.Data.Layout}",
        Array items => $"[{string.Join(", ", items.Cast<object?>().Take(3).Select(Text))}] of {items.Length}",
        _ => $"{value}",
    };
}
