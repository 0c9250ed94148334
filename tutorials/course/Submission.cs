using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Tutorials;

/// <summary>Compiles an Exercise.cs by itself against this program, in a part of the time that a build takes.</summary>
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

    static readonly MetadataReference[] references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetExtension(path) == ".dll").Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>Compiles a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="folder">Where the assembly goes.</param>
    /// <returns>The assembly, or what the compiler said.</returns>
    public static (string? Assembly, string Errors) Compile(string source, string folder)
    {
        var name = $"answer-{Guid.NewGuid():N}";
        var (errors, bytes) = Compile(name, [source]);
        if (bytes is null) return (null, errors);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{name}.dll");
        File.WriteAllBytes(path, bytes);
        return (path, "");
    }

    /// <summary>Compiles files into one assembly; its bytes have what a stack trace needs to name lines.</summary>
    public static (string Errors, byte[]? Assembly) Compile(
        string name, IEnumerable<string> sources, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        SyntaxTree Parse(string text, string path) =>
            CSharpSyntaxTree.ParseText(text, options, path, System.Text.Encoding.UTF8);
        var compilation = CSharpCompilation.Create(name,
            [Parse(Usings, "Usings.cs"), .. sources.Select(path => Parse(File.ReadAllText(path), path))], references,
            new(kind, optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable));
        using var bytes = new MemoryStream();
        var result = compilation.Emit(bytes, options: new EmitOptions(
            debugInformationFormat: DebugInformationFormat.Embedded));
        return (string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => (Line: d.Location.GetLineSpan(), Text: d.GetMessage(CultureInfo.InvariantCulture)))
            .Select(d => $"{Path.GetFileName(d.Line.Path)}, line {d.Line.StartLinePosition.Line + 1}: {d.Text}")),
            result.Success ? bytes.ToArray() : null);
    }
}
