using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tutorials;

/// <summary>
/// What an answer may not use. The compiler says what each name in it stands for; what is on the list of
/// <see cref="allowed"/> may be used, and all else is refused by name, with the kind of thing that it is.
/// </summary>
static class Refusals
{
    /// <summary>Namespaces that an answer may use, with those in them.</summary>
    static readonly string[] allowed = ["System", "System.Buffers", "System.Collections", "System.Collections.Generic",
        "System.Collections.Concurrent", "System.Collections.Frozen", "System.Collections.Immutable",
        "System.Collections.ObjectModel", "System.Globalization", "System.Linq", "System.Numerics", "System.Text",
        "Tensorlet", "Tensorlet.Nn", "Tensorlet.Optim"];

    /// <summary>Types of other namespaces that do no harm.</summary>
    static readonly string[] harmless = ["System.Diagnostics.Debug", "System.Diagnostics.Stopwatch",
        "System.Diagnostics.CodeAnalysis.SuppressMessageAttribute",
        "System.Runtime.CompilerServices.MethodImplAttribute", "System.Runtime.CompilerServices.MethodImplOptions",
        "System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack"];

    const string Reflection = "reflection", Files = "files", Threads = "threads", Processes = "processes",
        Surroundings = "the environment of its process", Memory = "memory and code outside of .NET",
        Network = "the network", Console = "the console, but for Write and WriteLine";

    /// <summary>Types and members of allowed namespaces that are refused.</summary>
    static readonly Dictionary<string, string> refused = new()
    {
        ["System.Activator"] = Reflection, ["System.Type"] = Reflection, ["System.Delegate"] = Reflection,
        ["System.MulticastDelegate"] = Reflection, ["System.RuntimeTypeHandle"] = Reflection,
        ["System.RuntimeMethodHandle"] = Reflection, ["System.RuntimeFieldHandle"] = Reflection,
        ["System.ModuleHandle"] = Reflection, ["System.Runtime.CompilerServices.Unsafe"] = Memory,
        ["System.TypedReference"] = Memory, ["System.ArgIterator"] = Memory,
        ["System.RuntimeArgumentHandle"] = Memory, ["System.Enum.GetUnderlyingType"] = Reflection,
        ["System.Exception.TargetSite"] = Reflection, ["System.Environment"] = Surroundings,
        ["System.AppContext"] = Surroundings, ["System.AppDomain"] = Surroundings, ["System.GC"] = Surroundings,
        ["System.Console"] = Console, ["Tensorlet.Npy"] = Files, ["Tensorlet.Npz"] = Files,
        ["Tensorlet.SafeTensors"] = Files, ["Tensorlet.Checkpoint"] = Files,
        ["System.Numerics.Vector.Load"] = Memory, ["System.Numerics.Vector.LoadUnsafe"] = Memory,
        ["System.Buffers.MemoryHandle"] = Memory, ["System.Timers"] = Threads, ["System.TimeProvider"] = Threads,
        ["System.Object.Finalize"] = Threads,
    };

    /// <summary>Members of those that may be used all the same.</summary>
    static readonly HashSet<string> exceptions = ["System.Console.Write", "System.Console.WriteLine",
        "System.Console.Out", "System.Console.Error", "System.IO.TextWriter.Write", "System.IO.TextWriter.WriteLine",
        "System.Reflection.MemberInfo.Name", "System.Type.Name", "System.Type.ToString", "System.Delegate.Invoke"];

    /// <summary>What a namespace that is not allowed is about.</summary>
    static readonly (string Prefix, string What)[] kinds = [("System.IO", Files), ("System.Net", Network),
        ("System.Threading", Threads), ("System.Timers", Threads), ("System.Reflection", Reflection),
        ("System.Linq.Expressions", Reflection), ("System.Runtime.Loader", Reflection),
        ("System.Diagnostics", Processes), ("System.Runtime.CompilerServices", "what is there for compilers"),
        ("System.Runtime", Memory), ("Microsoft", Surroundings),
        ("Tensorlet.Multiprocessing", Processes), ("Tensorlet.Data", Files), ("Tensorlet.Training", Files),
        ("Tensorlet.Legacy", "the layers by hand that the library has"), ("System.ComponentModel", Reflection)];

    /// <summary>What is refused of an answer: a line for each, of which there may be none.</summary>
    public static IReadOnlyList<string> Of(CSharpCompilation compilation, Exercise exercise)
    {
        var found = new List<string>();
        foreach (var tree in compilation.SyntaxTrees.Skip(1))               // the first one has the usings
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var node in tree.GetRoot().DescendantNodes())
            {
                var why = Syntax(node) ?? Meant(model, node).Select(symbol => Why(symbol, exercise))
                    .FirstOrDefault(why => why is not null);
                if (why is null) continue;
                var text = node.ToString().Split('\n')[0].TrimEnd();
                found.Add($"{Submission.Place(node.GetLocation())}: {(text.Length > 60 ? text[..60] + "…" : text)}\n" +
                    $"  {why}");
            }
        }
        return [.. found.Distinct().Take(5)];
    }

    /// <summary>What is seen without asking what names mean.</summary>
    static string? Syntax(SyntaxNode node) => node switch
    {
        DestructorDeclarationSyntax => No("finalizers, which run on a thread of their own"),
        LockStatementSyntax => No(Threads),
        BaseNamespaceDeclarationSyntax space when space.Name.ToString().Split('.')[0] is "System" or "Tensorlet" =>
            No($"the namespace {space.Name} for its own types"),
        _ when node.ChildTokens().Any(t => t.IsKind(SyntaxKind.AsyncKeyword)) => No(Threads),
        _ when node.ChildTokens().Any(t => t.IsKind(SyntaxKind.ExternKeyword) || t.IsKind(SyntaxKind.UnsafeKeyword)) =>
            No(Memory),
        AttributeListSyntax { Target: { } target } when target.Identifier.Text is "assembly" or "module" =>
            No("attributes of its assembly"),
        _ when node.IsKind(SyntaxKind.MakeRefExpression) || node.IsKind(SyntaxKind.RefValueExpression)
            || node.IsKind(SyntaxKind.ArgListExpression) || node.IsKind(SyntaxKind.RefTypeExpression) => No(Memory),
        _ => null,
    };

    static string No(string what) => $"An answer may not use {what}.";

    /// <summary>What a node stands for: a type, a member, an operator.</summary>
    static IEnumerable<ISymbol> Meant(SemanticModel model, SyntaxNode node)
    {
        if (node is not (ExpressionSyntax or AttributeSyntax or ConstructorInitializerSyntax
            or PrimaryConstructorBaseTypeSyntax)) return [];
        if (node.Parent is UsingDirectiveSyntax or QualifiedNameSyntax or NamespaceDeclarationSyntax
            or FileScopedNamespaceDeclarationSyntax) return [];
        var info = model.GetSymbolInfo(node);
        return info.Symbol is { } symbol ? [symbol] : info.CandidateSymbols;
    }

    static string? Why(ISymbol symbol, Exercise exercise)
    {
        symbol = symbol is IAliasSymbol alias ? alias.Target : symbol;
        if (symbol is IDynamicTypeSymbol) return No(Reflection);
        if (symbol is IArrayTypeSymbol or ITypeParameterSymbol or INamespaceSymbol or ILocalSymbol or IParameterSymbol
            or ILabelSymbol or IRangeVariableSymbol or IDiscardSymbol or IPreprocessingSymbol
            || symbol.Locations.Any(l => l.IsInSource)) return null;
        if (symbol is IFunctionPointerTypeSymbol or IPointerTypeSymbol) return No(Memory);
        var type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        if (type is null || type.TypeKind == TypeKind.Error || type.IsAnonymousType) return null;
        var typeName = Name(type);
        var space = type.ContainingNamespace.ToDisplayString();
        var name = symbol is INamedTypeSymbol ? typeName : $"{typeName}.{symbol.Name}";
        foreach (var (names, why) in exercise.Forbidden)
            if (names.Any(n => Ends(typeName, n) || Ends(name, n) || Ends(space, n))) return why;
        if (exceptions.Contains(name) || harmless.Contains(typeName) || harmless.Contains(name)) return null;
        // The name of a type alone does nothing: what is done with it is a member.
        if (symbol is INamedTypeSymbol && exceptions.Any(e => e.StartsWith(typeName + ".", StringComparison.Ordinal))
            && typeName != "System.Delegate") return null;
        if (refused.TryGetValue(name, out var what) || refused.TryGetValue(typeName, out what)) return No(what);
        if (allowed.Contains(space) || space == exercise.Chapter.Space || typeName == "Tutorials.Todo") return null;
        return No(kinds.FirstOrDefault(k => space == k.Prefix || space.StartsWith(k.Prefix + ".",
            StringComparison.Ordinal)).What ?? space);
    }

    static bool Ends(string name, string end) => name == end || name.EndsWith("." + end, StringComparison.Ordinal);

    static string Name(INamedTypeSymbol type)
    {
        var outer = type.OriginalDefinition;
        return outer.ContainingType is { } containing ? $"{Name(containing)}.{outer.Name}"
            : outer.ContainingNamespace is { IsGlobalNamespace: false } space
                ? $"{space.ToDisplayString()}.{outer.Name}"
            : outer.Name;
    }

    /// <summary>Types that are a formula for a kernel, and that a kernel could not reach.</summary>
    public static IReadOnlyList<string> HiddenFormulas(CSharpCompilation compilation) =>
    [
        .. from tree in compilation.SyntaxTrees
           let model = compilation.GetSemanticModel(tree)
           from node in tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>()
           let type = model.GetDeclaredSymbol(node)
           where type is not null && type.AllInterfaces.Any(i => Name(i) == "Tensorlet.IMap")
           where Outward(type).Any(t => t.DeclaredAccessibility != Accessibility.Public)
           select type.Name,
    ];

    static IEnumerable<INamedTypeSymbol> Outward(INamedTypeSymbol type)
    {
        for (var t = type; t is not null; t = t.ContainingType) yield return t;
    }
}
