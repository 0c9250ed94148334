using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using Tensorlet;

namespace Tutorials;

/// <summary>
/// Text as the numbers of byte pairs: a vocabulary is learned from a text and saved in a file, and the tokenizer of a
/// library applies it.
/// </summary>
static class BytePairs
{
    // a word with the blank before it, or the characters between words: no token crosses their borders
    static readonly Regex Words = new(@" ?\S+|\s+");

    /// <summary>
    /// Writes a vocabulary, a line for each token with its bytes in base 64 and its number: all 256 bytes, and then,
    /// again and again, the most frequent pair of neighbouring tokens, as long as one occurs twice (Sennrich, Haddow
    /// and Birch 2016, over bytes).
    /// </summary>
    public static void Learn(string path, string text, int size)
    {
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })];
        var words = Words.Matches(text).CountBy(word => word.Value)
            .Select(word => (Tokens: Encoding.UTF8.GetBytes(word.Key).Select(b => (int)b).ToList(), word.Value))
            .ToList();
        while (tokens.Count < size)
        {
            var pairs = words
                .SelectMany(word => word.Tokens.Zip(word.Tokens.Skip(1), (a, b) => (Pair: (a, b), word.Value)))
                .AggregateBy(found => found.Pair, 0, (sum, found) => sum + found.Value).ToList();
            if (pairs.Count == 0) break;
            var ((first, second), count) = pairs.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).First();
            if (count < 2) break;
            foreach (var (word, _) in words)
                for (var i = 0; i + 1 < word.Count; i++)
                    if ((word[i], word[i + 1]) == (first, second))
                    {
                        word[i] = tokens.Count;
                        word.RemoveAt(i + 1);
                    }
            tokens.Add([.. tokens[first], .. tokens[second]]);
        }
        File.WriteAllLines(path, tokens.Select((token, number) => $"{Convert.ToBase64String(token)} {number}"));
    }

    /// <summary>The tokenizer of a vocabulary.</summary>
    /// <exception cref="InvalidDataException">It is not a vocabulary, or it is damaged.</exception>
    public static Tokenizer Load(string path)
    {
        var lines = File.ReadAllLines(path);
        try
        {
            for (var i = 0; i < Math.Max(256, lines.Length); i++)
                if (i >= lines.Length || !lines[i].EndsWith($" {i}", StringComparison.Ordinal))
                    throw new InvalidDataException($"expected token {i} in line {i + 1}");
            using var file = File.OpenRead(path);
            return TiktokenTokenizer.Create(file, new RegexPreTokenizer(Words, null), null);
        }
        catch (Exception e) when (e is not IOException)
        {
            throw new InvalidDataException($"{path}: it is no vocabulary, or damaged: {e.Message}", e);
        }
    }

    /// <summary>The numbers of a text's tokens, (L), Int64.</summary>
    public static Tensor Numbers(this Tokenizer tokenizer, string text) =>
        Tensor.From<long>([.. tokenizer.EncodeToIds(text).Select(number => (long)number)]);

    /// <summary>The text of such numbers.</summary>
    /// <exception cref="IndexException">A number does not belong to a token.</exception>
    public static string Text(this Tokenizer tokenizer, Tensor numbers) =>
        tokenizer.Decode(numbers.ToArray<long>().Select(number => number is >= 0 and <= int.MaxValue ? (int)number
            : throw new IndexException($"Text: {number} is the number of no token.")))!;
}
