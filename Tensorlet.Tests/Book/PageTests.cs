using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tensorlet.Tests.Book;

/// <summary>
/// The C# code of the pages: a block compiles as the only file of a project outside the solution, which references
/// nothing but the library; or its heading names a file, <c>```csharp from PATH</c>, that contains it.
/// </summary>
public partial class PageTests
{
    static readonly string root = Path.GetFullPath(Path.Combine(Tutorials.Book.Root, ".."));

    // what the SDK gives to every project
    const string Usings = "global using System; global using System.Collections.Generic; global using System.IO; " +
        "global using System.Linq; global using System.Net.Http; global using System.Threading; " +
        "global using System.Threading.Tasks;";

    static readonly CSharpParseOptions latest = new(LanguageVersion.CSharp14);

    static readonly string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    static readonly MetadataReference[] references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == runtime).Append(typeof(Tensor).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path))];

    static string Read(string page) => File.ReadAllText(Path.Combine(root, page)).ReplaceLineEndings("\n");

    static string[] Pages => ["README.md", "CONTRIBUTING.md", .. Directory.GetFiles(
        Path.Combine(root, "tutorials", "pages"), "*.md").Select(page => Path.GetRelativePath(root, page)).Order()];

    public static TheoryData<string, int> Blocks
    {
        get
        {
            var blocks = new TheoryData<string, int>();
            foreach (var page in Pages)
                foreach (Match block in Block().Matches(Read(page))) blocks.Add(page, block.Index);
            return blocks;
        }
    }

    [Theory, MemberData(nameof(Blocks))]
    public void A_block_compiles_alone_or_stands_in_its_file(string page, int index)
    {
        var text = Read(page);
        var block = Block().Match(text, index);
        var place = $"{page}, line {text[..index].Count(c => c == '\n') + 1}";
        var code = block.Groups["code"].Value;
        if (block.Groups["file"] is { Success: true, Value: var file })
            Assert.True(Undented(Read(file)).Contains(Undented(code)), $"{place}: these lines do not stand in {file}");
        else
            Assert.True(Errors(code) is [], $"{place}: {string.Join("; ", Errors(code).AsEnumerable())}");
    }

    /// <summary>Without the spaces at the beginning of lines.</summary>
    static string Undented(string code) => LineStart().Replace("\n" + code.Trim() + "\n", "\n");

    static Diagnostic[] Errors(string code)
    {
        var program = CSharpSyntaxTree.ParseText(code, latest);
        var options = new CSharpCompilationOptions(program.GetRoot().ChildNodes().Any(node => node is
            GlobalStatementSyntax) ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
            nullableContextOptions: NullableContextOptions.Enable);
        return [.. CSharpCompilation.Create("Mine", [CSharpSyntaxTree.ParseText(Usings, latest), program], references,
            options).GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)];
    }

    /// <summary>The table of names, and no public function without a row.</summary>
    [Fact]
    public void The_dictionary_has_every_function()
    {
        const string page = "tutorials/pages/from-pytorch.md";
        var (text, table) = (Read(page), Tutorials.Names.Table());
        var begins = text.LastIndexOf("| PyTorch | Tensorlet |", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("TENSORLET_ACCEPT") == "1")
            File.WriteAllText(Path.Combine(root, page), $"{text[..begins]}{table}\n");
        else Assert.Equal(table + "\n", text[begins..]);
        var named = Tutorials.Names.Rows().Select(row => row.Method).Concat(Tutorials.Names.Own).ToHashSet();
        var missing =
            from type in (Type[])[typeof(Tensor), typeof(Variable), typeof(F)]
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static
                | BindingFlags.DeclaredOnly)
            where !method.IsSpecialName && !named.Contains(method.Name)
            select $"{type.Name}.{method.Name}";
        Assert.Empty(missing.Distinct());
    }

    [Fact]
    public void Every_entry_of_the_dictionary_compiles()
    {
        var page = Read("tutorials/pages/from-pytorch.md");
        var entries = page.Split('\n').Where(line => line.StartsWith("| `"))
            .SelectMany(line => Code().Matches(line.Split(" | ")[^1]).Select(code => code.Groups[1].Value)).ToArray();
        Assert.True(entries.Length > 50, $"{entries.Length} entries");
        // x and y are tensors or variables; an entry must compile with one of the two
        var refused = new[] { "Tensor", "Variable" }.Select(type => Refused(page, type, entries).ToHashSet());
        Assert.Empty(refused.Aggregate((a, b) => [.. a.Intersect(b)]));
    }

    static IEnumerable<string> Refused(string page, string type, string[] entries)
    {
        var code = $$"""
            {{Block().Match(page).Groups["code"].Value}}
            class Cells
            {
                {{type}} x = null!, y = null!, w = null!;
                Variable loss = null!, p = null!;
                Tensor a = null!, b = null!, r = null!, tensor = null!, mask = null!;
                Variable[] weights = [], biases = [];
                Module net = null!;
                Optimizer optimizer = null!;
                Scheduler scheduler = null!;
                Dataset d = null!;
                Func<Variable> closure = null!;
                string path = "", root = "";
                double lr = 0;
                object[] args = [];
                static void Work(int rank) { }

            """;
        var start = code.Count(c => c == '\n') + 1;
        code += string.Join('\n', entries.Select((entry, i) => entry.StartsWith("class ")
            ? $"abstract {entry};" : $"void Entry{i}() {{ {Statement(entry)} }}")) + "\n}\n";
        return Errors(code)
            .Where(error => error.Severity == DiagnosticSeverity.Error)
            .Select(error => error.Location.GetLineSpan().StartLinePosition.Line + 1 - start)
            .Select(i => i >= 0 && i < entries.Length ? entries[i] : "the lines above the entries");
    }

    static string Statement(string entry) =>
        Name().IsMatch(entry) ? $"_ = nameof({entry});"
        : entry.EndsWith(')') && !entry.StartsWith('!') || entry.Contains(" = ") ? $"{entry};"
        : $"_ = {entry};";

    [GeneratedRegex(@"```csharp(?: from (?<file>\S+))?\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^\w+(\.\w+)+$")]
    private static partial Regex Name();

    [GeneratedRegex(@"\n[ \t]+")]
    private static partial Regex LineStart();
}
