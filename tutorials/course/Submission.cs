using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Tensorlet;

namespace Tutorials;

/// <summary>Compiles sources by themselves, in a part of the time that a build takes.</summary>
static class Submission
{
    const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>All that this program was built of, but nothing of the course.</summary>
    static readonly MetadataReference[] all =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetExtension(path) == ".dll")
            .Where(path => Path.GetFileName(path) is not ("tutorials.dll" or "answers.dll"))
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>What an answer is compiled against: the library, and the exercises' interfaces.</summary>
    static readonly MetadataReference[] ofAnswers =
        [.. all.Where(r => Path.GetDirectoryName(r.Display) == Path.GetDirectoryName(typeof(object).Assembly.Location)),
        .. new[] { typeof(Tensor), typeof(Todo) }.Select(t => MetadataReference.CreateFromFile(t.Assembly.Location))];

    /// <summary>Compiles the text of an Exercise.cs, and looks for what an answer may not use.</summary>
    /// <param name="text">The text.</param>
    /// <param name="exercise">The exercise.</param>
    /// <param name="refusing">Whether to look. Only the tests do not, to see what an answer could do at worst.</param>
    public static Compiled Compile(string text, Exercise exercise, bool refusing = true)
    {
        var compilation = Compilation($"answer-{Guid.NewGuid():N}", [(text, "Exercise.cs")], ofAnswers,
            OutputKind.DynamicallyLinkedLibrary);
        var errors = Errors(compilation.GetDiagnostics());
        if (errors == "" && refusing) errors = string.Join('\n', Refusals.Of(compilation, exercise));
        if (errors != "") return new(errors, null, null, []);
        using var assembly = new MemoryStream();
        using var symbols = new MemoryStream();
        errors = Errors(compilation.Emit(assembly, symbols).Diagnostics);
        return errors != "" ? new(errors, null, null, [])
            : new("", assembly.ToArray(), symbols.ToArray(), Refusals.HiddenFormulas(compilation));
    }

    /// <summary>Compiles files into one assembly, against all that this program has.</summary>
    public static (string Errors, byte[]? Assembly) Compile(
        string name, IEnumerable<string> sources, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        using var bytes = new MemoryStream();
        var result = Compilation(name, sources.Select(path => (File.ReadAllText(path), path)), all, kind).Emit(bytes);
        return (Errors(result.Diagnostics), result.Success ? bytes.ToArray() : null);
    }

    static CSharpCompilation Compilation(string name, IEnumerable<(string Text, string Path)> sources,
        MetadataReference[] references, OutputKind kind)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        return CSharpCompilation.Create(name, sources.Prepend((Usings, "Usings.cs")).Select(source =>
                CSharpSyntaxTree.ParseText(source.Item1, options, source.Item2, System.Text.Encoding.UTF8)), references,
            new(kind, optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable));
    }

    static string Errors(IEnumerable<Diagnostic> diagnostics) => string.Join('\n', diagnostics
        .Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => $"{Place(d.Location)}: " +
            d.GetMessage(CultureInfo.InvariantCulture)));

    /// <summary>File and line, as learners are told.</summary>
    public static string Place(Location location)
    {
        var line = location.GetLineSpan();
        return $"{Path.GetFileName(line.Path)}, line {line.StartLinePosition.Line + 1}";
    }
}
