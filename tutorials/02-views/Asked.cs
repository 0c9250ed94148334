namespace Tutorials.Chapter02;

/// <summary>Where elements lie: element (i₀, i₁, …) is at <c>Offset + Σ iₐ·Strides[a]</c>.</summary>
/// <param name="Shape">The size of each axis.</param>
/// <param name="Strides">The distance in memory between neighbours along each axis.</param>
/// <param name="Offset">Where the first element is.</param>
public sealed record Places(int[] Shape, int[] Strides, int Offset);

/// <summary>What exercise 2 asks for.</summary>
public interface ILayouts
{
    /// <summary>The strides of elements that lie in order.</summary>
    int[] Strides(int[] shape);

    /// <summary>The place in memory of an element.</summary>
    int Place(Places layout, int[] index);

    /// <summary>Two axes swapped.</summary>
    Places Transpose(Places layout, int a, int b);

    /// <summary>Every step-th element of an axis from start to below end.</summary>
    Places Slice(Places layout, int axis, int start, int end, int step);

    /// <summary>Repeated to a larger shape.</summary>
    Places Expand(Places layout, int[] shape);
}
