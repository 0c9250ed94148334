using System.Text;

namespace Tensorlet.Data;

/// <summary>The different characters of a text, numbered in sorted order.</summary>
public sealed class Vocabulary(string text)
{
    readonly Rune[] characters = [.. text.Given().EnumerateRunes().Distinct().Order()];

    /// <summary>The number of different characters.</summary>
    public int Count => characters.Length;

    /// <summary>
    /// Replaces each character of a text with its number in the vocabulary. The result is an Int64 tensor with one
    /// element for each character, that is, for each Unicode code point.
    /// </summary>
    /// <exception cref="IndexException">A character is not in the vocabulary.</exception>
    public Tensor Encode(string text) => Tensor.From<long>([.. text.Given().EnumerateRunes().Select((c, i) =>
        Array.BinarySearch(characters, c) is >= 0 and var number ? number : throw new IndexException(
            $"Encode: character {i}, '{c}', is not among the {Count} characters of the vocabulary."))]);

    /// <summary>
    /// Replaces each number in a tensor with the character that has this number in the vocabulary. The result is the
    /// text of these characters.
    /// </summary>
    /// <exception cref="IndexException">A number is not between 0 and Count − 1.</exception>
    public string Decode(Tensor numbers) => string.Concat(numbers.Given().ToArray<long>().Select(n =>
        n >= 0 && n < Count ? characters[n].ToString() : throw new IndexException(
            $"Decode: {n} is outside of 0 … {Count - 1}, the {Count} characters of the vocabulary.")));
}

/// <summary>
/// A dataset for predicting the next character of a text. Sample i consists of two tensors. Each tensor represents L
/// characters by their numbers in the <see cref="Vocabulary"/>, where L is <paramref name="length"/>. The first tensor
/// contains the characters i to i + L − 1. The second tensor contains the characters i + 1 to i + L, which are to be
/// predicted.
/// </summary>
public sealed class TextDataset(string text, int length) : Dataset
{
    readonly int length = length.In(nameof(TextDataset), 1);
    readonly Tensor numbers = new Vocabulary(text).Encode(text);

    /// <summary>The characters of the text.</summary>
    public Vocabulary Vocabulary { get; } = new(text);
    /// <inheritdoc/>
    public override int Count => Math.Max(0, numbers.Numel - length);
    /// <inheritdoc/>
    public override Tensor[] this[int index] =>
        [numbers.Narrow(0, Index(index), length), numbers.Narrow(0, index + 1, length)];
}
