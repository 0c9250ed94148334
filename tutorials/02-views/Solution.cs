namespace Tutorials.Chapter02;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ILayouts
{
    /// <inheritdoc/>
    public int[] Strides(int[] shape)
    {
        var strides = new int[shape.Length];
        for (int a = shape.Length - 1, stride = 1; a >= 0; stride *= shape[a--]) strides[a] = stride;
        return strides;
    }

    /// <inheritdoc/>
    public int Place(Places layout, int[] index) =>
        layout.Offset + index.Zip(layout.Strides, (i, stride) => i * stride).Sum();

    /// <inheritdoc/>
    public Places Transpose(Places layout, int a, int b)
    {
        int[] shape = [.. layout.Shape], strides = [.. layout.Strides];
        (shape[a], shape[b]) = (shape[b], shape[a]);
        (strides[a], strides[b]) = (strides[b], strides[a]);
        return new(shape, strides, layout.Offset);
    }

    /// <inheritdoc/>
    public Places Slice(Places layout, int axis, int start, int end, int step)
    {
        int[] shape = [.. layout.Shape], strides = [.. layout.Strides];
        shape[axis] = (end - start - 1) / step + 1;
        strides[axis] *= step;
        return new(shape, strides, layout.Offset + start * layout.Strides[axis]);
    }

    /// <inheritdoc/>
    public Places Expand(Places layout, int[] shape)
    {
        var strides = new int[shape.Length];
        var missing = shape.Length - layout.Shape.Length;
        for (var a = 0; a < layout.Shape.Length; a++)
            if (layout.Shape[a] == shape[missing + a]) strides[missing + a] = layout.Strides[a];
        return new(shape, strides, layout.Offset);
    }
}
