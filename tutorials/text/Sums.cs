using Tensorlet;

namespace Tutorials;

/// <summary>
/// Sentences such as <c>seven and nine are sixteen.</c>, which a network learns to write letter by letter. Their
/// distribution is known, and so is the lowest loss that any model can have: in each sentence, two digits cannot be
/// predicted.
/// </summary>
static class Sums
{
    static readonly string[] words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"];

    /// <summary>The letters of the sentences, in order.</summary>
    public static readonly string Alphabet = string.Concat($". and are {string.Concat(words)}".Distinct().Order());

    static string Sentence(int a, int b) => $"{words[a]} and {words[b]} are {words[a + b]}. ";

    static readonly double meanLength = (from a in Enumerable.Range(0, 10)
                                         from b in Enumerable.Range(0, 10)
                                         select Sentence(a, b).Length).Average();

    /// <summary>The lowest loss: the entropy of two digits, 2·ln 10, over the letters of a sentence, in nats.</summary>
    public static double Entropy => 2 * Math.Log(10) / meanLength;

    /// <summary>
    /// Letters (N, L) as numbers, each row from the beginning of a sentence on, and the letters that follow them.
    /// </summary>
    public static (Tensor Letters, Tensor Next) Batch(int n, int length, Generator generator)
    {
        long[] letters = new long[n * length], next = new long[n * length];
        for (var row = 0; row < n; row++)
        {
            var text = "";
            while (text.Length <= length) text += Sentence(generator.Next(10), generator.Next(10));
            for (var i = 0; i < length; i++)
                (letters[row * length + i], next[row * length + i]) = (Number(text[i]), Number(text[i + 1]));
        }
        return (Tensor.From(letters, [n, length]), Tensor.From(next, [n, length]));
    }

    /// <summary>The index of a letter in the alphabet.</summary>
    public static int Number(char letter) => Alphabet.IndexOf(letter);

    /// <summary>The number of correct sentences in a text, and of all sentences.</summary>
    public static (int Right, int All) Judge(string text)
    {
        var sentences = text.Split(". ")[..^1];
        var right = from a in Enumerable.Range(0, 10) from b in Enumerable.Range(0, 10) select Sentence(a, b)[..^2];
        return (sentences.Count(right.ToHashSet().Contains), sentences.Length);
    }
}
