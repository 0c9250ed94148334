using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Tensorlet.Tests.Book;

/// <summary>
/// The public members of the library, compared with a list, so that a review sees each change of them.
/// TENSORLET_ACCEPT=1 writes the list.
/// </summary>
public partial class PublicApiTests
{
    const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    static readonly NullabilityInfoContext nullability = new();

    [Fact]
    public void The_public_members_are_those_of_the_list()
    {
        var path = Path.Combine(Tutorials.Book.Root, "..", "Tensorlet.Tests", "Book", "PublicApi.txt");
        var text = new StringBuilder();
        foreach (var type in typeof(Tensor).Assembly.GetExportedTypes().OrderBy(type => type.FullName,
            StringComparer.Ordinal))
        {
            text.Append(type.FullName).Append(type.BaseType is { } b && b != typeof(object) ? $" : {Show(b)}" : "")
                .Append('\n');
            foreach (var member in type.GetMembers(Own).Select(Line).OfType<string>().Distinct().Order(
                StringComparer.Ordinal))
                text.Append("    ").Append(member).Append('\n');
        }
        if (Environment.GetEnvironmentVariable("TENSORLET_ACCEPT") == "1") File.WriteAllText(path, text.ToString());
        var known = File.ReadAllText(path).ReplaceLineEndings("\n").Split('\n');
        var now = text.ToString().Split('\n');
        Assert.True(now.SequenceEqual(known), "The public members have changed. Look at the change, and write the " +
            $"list by TENSORLET_ACCEPT=1:\n{string.Join('\n', now.Except(known).Select(line => $"+ {line}")
                .Concat(known.Except(now).Select(line => $"- {line}")).Take(40))}");
    }

    static string? Line(MemberInfo member) => member switch
    {
        MethodInfo { IsSpecialName: true } m when !m.Name.StartsWith("op_", StringComparison.Ordinal) => null,
        MethodInfo m when IsVisible(m) && !m.Name.Contains('<') =>
            $"{Static(m)}{Show(m.ReturnType)} {m.Name}{Generic(m)}({Parameters(m)})",
        ConstructorInfo m when IsVisible(m) => $"new({Parameters(m)})",
        PropertyInfo p when p.GetAccessors(true).Any(IsVisible) =>
            $"{Static(p.GetAccessors(true)[0])}{Show(p.PropertyType)} {p.Name} {{ {string.Join(" ", p.GetAccessors(true)
                .Where(IsVisible).Select(a => a.ReturnType == typeof(void) ? "set;" : "get;"))} }}",
        FieldInfo { IsPublic: true, IsSpecialName: false } f => $"{(f.IsStatic ? "static " : "")}{Show(f.FieldType)} " +
            f.Name,
        EventInfo e => $"event {Show(e.EventHandlerType!)} {e.Name}",
        _ => null,
    };

    static bool IsVisible(MethodBase m) => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly;
    static string Static(MethodBase m) => m.IsStatic ? "static " : m.IsAbstract ? "abstract " : "";
    static string Generic(MethodInfo m) => m.IsGenericMethodDefinition
        ? $"<{string.Join(", ", m.GetGenericArguments().Select(a => a.Name))}>" : "";

    static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(p => Show(p.ParameterType) +
        (nullability.Create(p).WriteState == NullabilityState.Nullable && !p.ParameterType.IsValueType ? "?" : "") +
        $" {p.Name}{(p.HasDefaultValue ? $" = {p.DefaultValue ?? "default"}" : "")}"));

    static string Show(Type type) => Namespaces().Replace($"{type}", "");

    [GeneratedRegex(@"\b(System(\.\w+)*|Tensorlet(\.\w+)*)\.(?=\w)")]
    private static partial Regex Namespaces();
}
