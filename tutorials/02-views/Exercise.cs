namespace Tutorials.Chapter02;

/// <summary>
/// Exercise 2: layouts. A layout says where the elements of a tensor lie in memory, and a view is a new layout over
/// the same memory. Here they are computed as the engine computes them, and no number is moved.
/// A <c>Places</c> is a layout: <c>new Places(shape, strides, offset)</c>, with <c>Shape</c>, <c>Strides</c> and
/// <c>Offset</c>, so that element (i₀, i₁, …) lies at Offset + i₀·Strides[0] + i₁·Strides[1] + …
/// </summary>
public sealed class Mine : ILayouts
{
    /// <summary>The strides of a new tensor of this shape, whose elements are in order, row by row.</summary>
    /// <param name="shape">The size of each axis, at least 1; it may have no axes.</param>
    public int[] Strides(int[] shape) => throw new Todo("the strides of elements that lie in order");

    /// <summary>The position in memory of the element at an index.</summary>
    /// <param name="layout">Where the elements are.</param>
    /// <param name="index">A number for each axis, from 0 to below its size.</param>
    public int Place(Places layout, int[] index) => throw new Todo("the place in memory of an element");

    /// <summary>The layout with the axes a and b swapped.</summary>
    public Places Transpose(Places layout, int a, int b) => throw new Todo("the layout with two axes swapped");

    /// <summary>
    /// The layout of every step-th element of an axis, from start to below end: of start, start + step, … Here
    /// 0 ≤ start &lt; end ≤ the axis' size, and step ≥ 1.
    /// </summary>
    public Places Slice(Places layout, int axis, int start, int end, int step) =>
        throw new Todo("the layout of a part of an axis");

    /// <summary>
    /// The layout repeated to a larger shape: axes that are missing in front are new, axes of size 1 get the size in
    /// the shape, and all others already have that size.
    /// </summary>
    public Places Expand(Places layout, int[] shape) => throw new Todo("the layout with repeated axes");
}
