namespace Tensorlet;

/// <summary>
/// Finds types of a kernel that ILGPU's generated code cannot access; ILGPU's own message would not name them.
/// </summary>
static class Reachable
{
    const string GeneratedCode = "ILGPURuntime";

    /// <exception cref="DeviceException">One of the types is not public.</exception>
    public static void Check(string device, Type kernel)
    {
        if (FindHidden(kernel) is { } hidden)
            throw new DeviceException($"{device}: generated code cannot access the scalar function {Show(hidden)}. " +
                $"Make {hidden.Name}, and what it is nested in, public; or internal, with " +
                $"<InternalsVisibleTo Include=\"{GeneratedCode}\" /> in the project.");
    }

    /// <summary>
    /// A type among the type arguments, at any depth, that generated code cannot access; null if there is none.
    /// </summary>
    public static Type? FindHidden(Type type)
    {
        foreach (var argument in type.GetGenericArguments())
            if (FindHidden(argument) is { } hidden) return hidden;
        for (var t = type; t is not null; t = t.DeclaringType)
        {
            var visible = t.IsPublic || t.IsNestedPublic
                || ((t.IsNotPublic || t.IsNestedAssembly || t.IsNestedFamORAssem) && Befriended(t));
            if (!visible) return type;
        }
        return null;
    }

    static bool Befriended(Type type) => type.Assembly.GetCustomAttributes(typeof(InternalsVisibleToAttribute), false)
        .Any(a => ((InternalsVisibleToAttribute)a).AssemblyName == GeneratedCode);

    /// <summary>The name as it is written in code, with type arguments and the types in which it is nested.</summary>
    public static string Show(Type type)
    {
        var name = type.Name.Split('`')[0];
        if (type.IsNested && !type.IsGenericType) name = $"{Show(type.DeclaringType!)}.{name}";
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Show))}>" : name;
    }
}
