using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tensorlet.Tests.Book;

/// <summary>
/// The words of the field, which readers know and search for: no phrase of the list in <see cref="Words"/> occurs in
/// the README and its pages, in comments, or in the messages of the library.
/// </summary>
public partial class WordTests
{
    static readonly string root = Path.GetFullPath(Path.Combine(Tutorials.Book.Root, ".."));

    static readonly Lazy<(string File, string Text)[]> texts = new(() => [.. PageTexts(), .. SourceTexts()]);

    public static TheoryData<string> Phrases => [.. Words.All.Select(word => word.Phrase)];

    static Word Of(string phrase) => Words.All.Single(word => word.Phrase == phrase);

    static Regex Pattern(string phrase) => new(phrase, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    [Fact]
    public void There_are_forty_phrases() => Assert.True(Words.All.DistinctBy(word => word.Phrase).Count() >= 40);

    [Theory, MemberData(nameof(Phrases))]
    public void A_phrase_is_found_in_its_old_text_and_not_in_right_ones(string phrase)
    {
        Assert.Matches(Pattern(phrase), Of(phrase).Old);
        Assert.All(Of(phrase).Right, right => Assert.DoesNotMatch(Pattern(phrase), right));
    }

    [Theory, MemberData(nameof(Phrases))]
    public void A_phrase_is_in_no_text(string phrase)
    {
        var pattern = Pattern(phrase);
        var found =
            from text in texts.Value
            from Match match in pattern.Matches(text.Text)
            let start = Math.Max(0, match.Index - 40)
            let end = Math.Min(text.Text.Length, match.Index + match.Length + 40)
            select $"{text.File}: … {text.Text[start..end]} …";
        var lines = string.Join('\n', found);
        Assert.True(lines == "", $"Write \"{Of(phrase).Instead}\" in\n{lines}");
    }

    /// <summary>Of a page, doc comments, comments, and a message on two lines.</summary>
    [Theory]
    [InlineData("README.md", "small deep-learning engine in C#, modelled on PyTorch")]
    [InlineData("tutorials/pages/differences.md", "Each difference is deliberate.")]
    [InlineData("Tensorlet/Autograd/Autograd.cs", "follows a topological order, and needs no sort, no marks and")]
    [InlineData("Tensorlet/Autograd/Autograd.cs", "something else is copied before a leaf keeps it")]
    [InlineData("Tensorlet/Autograd/Autograd.cs", "gradients were given. Give at least one variable, and either")]
    [InlineData("Tensorlet.Tests/Book/WordTests.cs", "The words of the field, which readers know and search for")]
    [InlineData("tutorials/Lines.cs", "The table that CONTRIBUTING.md shows.")]
    public void Every_kind_of_text_is_read(string file, string words) =>
        Assert.Contains(texts.Value, text => text.File == file && text.Text.Contains(words));

    /// <summary>The pages, without their code.</summary>
    static IEnumerable<(string, string)> PageTexts() =>
        from file in (string[])["README.md", "CONTRIBUTING.md", "tutorials/README.md", .. Directory.GetFiles(
            Path.Combine(root, "tutorials", "pages")).Select(path => Path.GetRelativePath(root, path)).Order()]
        let text = Code().Replace(File.ReadAllText(Path.Combine(root, file)), "")
        select (file.Replace('\\', '/'), Space().Replace(text, " "));

    /// <summary>The comments of all sources but those of chapters, and the messages of the library.</summary>
    static IEnumerable<(string, string)> SourceTexts() =>
        from folder in (string[])["Tensorlet", "Tensorlet.Tests", "tutorials"]
        from path in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
        let file = Path.GetRelativePath(root, path).Replace('\\', '/')
        where !Elsewhere().IsMatch(file)
        let source = CSharpSyntaxTree.ParseText(File.ReadAllText(path)).GetRoot()
        from text in folder == "Tensorlet" ? Comments(source).Concat(Messages(source)) : Comments(source)
        select (file, text);

    /// <summary>The comments before or after a token are one text.</summary>
    static IEnumerable<string> Comments(SyntaxNode source) =>
        from token in source.DescendantTokens()
        from trivia in (SyntaxTriviaList[])[token.LeadingTrivia, token.TrailingTrivia]
        let comments = trivia.Where(part => part.Kind() is SyntaxKind.SingleLineCommentTrivia
            or SyntaxKind.SingleLineDocumentationCommentTrivia)
        where comments.Any()
        let lines = string.Join('\n', comments.Select(part => part.ToFullString()))
        select Space().Replace(Slashes().Replace(lines, ""), " ");

    /// <summary>Strings that are joined by + are one text.</summary>
    static IEnumerable<string> Messages(SyntaxNode source) =>
        from expression in source.DescendantNodes().OfType<ExpressionSyntax>()
        where expression.Parent is not BinaryExpressionSyntax
        let text = Message(expression)
        where text.Contains(' ')
        select text;

    static string Message(ExpressionSyntax expression) => expression switch
    {
        BinaryExpressionSyntax sum when sum.IsKind(SyntaxKind.AddExpression) => Message(sum.Left) + Message(sum.Right),
        LiteralExpressionSyntax one when one.IsKind(SyntaxKind.StringLiteralExpression) => one.Token.ValueText,
        InterpolatedStringExpressionSyntax text => string.Concat(text.Contents.Select(part =>
            part is InterpolatedStringTextSyntax words ? words.TextToken.ValueText : "{}")),
        _ => ""
    };

    [GeneratedRegex(@"/(obj|bin)/|^tutorials/(\d\d-|course/|out/)")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^\s*///? ?", RegexOptions.Multiline)]
    private static partial Regex Slashes();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
