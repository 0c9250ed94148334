using System.Collections;

namespace Tensorlet;

/// <summary>
/// The sizes of the axes of a tensor. A shape is printed like <c>(2, 3)</c>. Two shapes are equal if they have the
/// same sizes in the same order.
/// </summary>
public readonly struct Shape : IReadOnlyList<int>, IEquatable<Shape>
{
    readonly int[]? sizes;

    internal Shape(int[] sizes) => this.sizes = sizes;

    ReadOnlySpan<int> Sizes => sizes;

    /// <summary>The number of axes.</summary>
    public int Length => Sizes.Length;
    /// <summary>The size of an axis; a negative number counts the axes from the end.</summary>
    /// <exception cref="IndexException">The axis does not exist.</exception>
    public int this[int axis] => (axis < 0 ? axis + Length : axis) is var i && i >= 0 && i < Length ? Sizes[i]
        : throw new IndexException($"Shape: there is no axis {axis} in the shape {this}.");
    /// <summary>
    /// The sizes of <paramref name="length"/> successive axes, beginning with the axis <paramref name="start"/>. C#
    /// calls this method for a range, such as <c>shape[1..]</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the axes does not exist.</exception>
    public Shape Slice(int start, int length) => new([.. Sizes.Slice(start, length)]);
    /// <summary>A copy of the sizes.</summary>
    public int[] ToArray() => Sizes.ToArray();
    /// <summary>A shape with the given sizes, which are not copied.</summary>
    public static implicit operator Shape(int[] sizes) => new(sizes.Given());
    /// <summary>A copy of the sizes.</summary>
    public static implicit operator int[](Shape shape) => shape.ToArray();
    /// <summary>The sizes, without a copy.</summary>
    public static implicit operator ReadOnlySpan<int>(Shape shape) => shape.Sizes;
    /// <summary>Goes through the sizes.</summary>
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => Sizes.GetEnumerator();
    int IReadOnlyCollection<int>.Count => Length;
    IEnumerator<int> IEnumerable<int>.GetEnumerator() => ((IEnumerable<int>)(sizes ?? [])).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => (sizes ?? []).GetEnumerator();

    /// <summary>Returns true if the other shape has the same sizes in the same order.</summary>
    public bool Equals(Shape other) => Sizes.SequenceEqual(other.Sizes);
    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);
    /// <summary>Returns true if the two shapes have the same sizes in the same order.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);
    /// <summary>Returns true if the two shapes differ.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);
    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var size in Sizes) hash.Add(size);
        return hash.ToHashCode();
    }
    /// <summary>The sizes in parentheses: <c>(2, 3)</c>.</summary>
    public override string ToString() => Layout.Show(sizes ?? []);
}
