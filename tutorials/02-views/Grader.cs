using Tensorlet;

namespace Tutorials.Chapter02;

sealed class Grader : Exercise<ILayouts>
{
    public override string Title => "The layout of a view";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["Tensorlet.Layout", "Tensorlet.Tensor", "Tensorlet.Variable"],
            "The engine computes layouts in the same way; here you do it, on arrays."),
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Neighbours along the last axis are one apart. Neighbours along the axis before it are as far apart as the " +
            "last axis is long. And so on, from the right to the left.",
        "A transposed layout has the same numbers in another order, in its shape and in its strides. The offset stays.",
        "A slice begins start elements later along its axis, and one such element is Strides[axis] places in memory. " +
            "Its neighbours are step times as far apart. From 0 to below 5 in steps of 2 there are 3: round up.",
        "To repeat is not to move: a stride of 0. That holds for axes that are new, and for axes of size 1 that " +
            "become longer; where the size stays, so does the stride.",
    ];

    static string Text(int[] numbers) => $"({string.Join(", ", numbers)})";
    static string Text(Places p) => $"shape {Text(p.Shape)}, strides {Text(p.Strides)}, offset {p.Offset}";

    static Places Of(Tensor x) => new(x.Size(), x.Layout.Strides.ToArray(), x.Layout.Offset);

    /// <summary>A tensor each of whose elements says where in memory it is.</summary>
    static Tensor New(params int[] shape) => Tensor.Arange(shape.Aggregate(1, (a, b) => a * b)).Reshape(shape);

    /// <summary>Asks for a layout, and holds it against the one that the engine has.</summary>
    static void Same(Func<Places, Places?> asked, Tensor x, Tensor view, string what, string shape, string strides,
        string offset)
    {
        var (before, given, expected) = (Of(x), Of(x), Of(view));
        var name = $"{what} of {Text(before)}";
        var yours = asked(given);
        Expect.That(yours is not null, $"{name}: null came back.");
        Expect.Equal(yours!.Shape, expected.Shape, $"The shape of the {name}", shape);
        Expect.Equal(yours.Strides, expected.Strides, $"The strides of the {name}", strides);
        Expect.That(yours.Offset == expected.Offset,
            $"The offset of the {name}: yours {yours.Offset}, expected {expected.Offset}.\n{offset}");
        Expect.That(Text(given) == Text(before), $"{name} is right, but the arrays of the layout that was given have " +
            "changed. A view leaves the tensor that it is of as it is: copy them first.");
    }

    static void Strides(ILayouts answer)
    {
        foreach (int[] shape in (int[][])[[3], [2, 3], [2, 3, 4], [5, 1, 2, 3], []])
            Expect.Equal(answer.Strides([.. shape]), Layout.Contiguous(shape).Strides.ToArray(),
                $"The strides of the shape {Text(shape)}", "The last stride is 1, and each one before it is the " +
                "product of all the sizes behind it.");
    }

    static void Place(ILayouts answer)
    {
        foreach (var (x, index) in ((Tensor, int[])[])[(New(2, 3), [0, 2]), (New(2, 3), [1, 2]),
            (New(2, 3).T, [2, 1]), (New(4, 6).Narrow(1, 2, 3), [1, 2]), (New(2, 3, 4).Narrow(0, 1, 1), [0, 2, 3]),
            (New(3).Expand(2, 3), [1, 2]), (New().Expand(), [])])
        {
            var (p, expected) = (Of(x), index.Aggregate(x, (part, i) => part[i]).Item());
            var yours = answer.Place(p, [.. index]);
            Expect.That(yours == expected, $"The place of element {Text(index)} of {Text(p)}: yours {yours}, " +
                $"expected {expected}.\nEach index times the stride of its axis, and the offset once.");
        }
    }

    static void Transpose(ILayouts answer)
    {
        foreach (var (x, a, b) in ((Tensor, int, int)[])[(New(2, 3), 0, 1), (New(2, 3, 4), 0, 2),
            (New(2, 3, 4), 2, 1), (New(4, 6).Narrow(0, 1, 2), 1, 0)])
            Same(p => answer.Transpose(p, a, b), x, x.Transpose(a, b), $"layout with axes {a} and {b} swapped",
                "The sizes are swapped.", "The strides are swapped as the sizes are; they are not computed anew.",
                "The first element is where it was.");
    }

    static Action<ILayouts> Slice(params (Tensor X, int Axis, int Start, int End, int Step)[] cases) => answer =>
    {
        foreach (var (x, axis, start, end, step) in cases)
            Same(p => answer.Slice(p, axis, start, end, step), x, x.Slice(axis, start, end, step),
                $"slice of axis {axis} from {start} to below {end} in steps of {step}",
                "How many are start, start + step, … below end? Round up.",
                "Only along the axis that is cut are neighbours step times as far apart.",
                "The first element is start elements later along the axis; each is a stride in memory.");
    };

    static Action<ILayouts> Expand(params (Tensor X, int[] Shape)[] cases) => answer =>
    {
        foreach (var (x, shape) in cases)
            Same(p => answer.Expand(p, [.. shape]), x, x.Expand(shape), $"expansion to {Text(shape)}",
                "It has the shape that was asked for.", "A stride is 0 along an axis that is repeated, and stays " +
                "along one that is not. Shapes are compared from the right.", "The first element is where it was.");
    };

    protected override Step<ILayouts>[] Requirements =>
    [
        new("the strides of a shape", Strides),
        new("the place of an element", Place),
        new("axes swapped", Transpose),
        new("a part of an axis", Slice((New(4), 0, 1, 3, 1), (New(4, 6), 0, 1, 3, 1), (New(4, 6), 1, 2, 6, 1),
            (New(4, 6).T, 0, 3, 5, 1), (New(4, 6).Narrow(0, 2, 2), 1, 1, 4, 1))),
        new("every step-th element", Slice((New(6), 0, 0, 6, 2), (New(5), 0, 0, 5, 2), (New(4, 7), 1, 1, 7, 3),
            (New(4, 7).Slice(1, 0, 7, 2), 1, 1, 4, 2))),
        new("repeated axes", Expand((New(1, 3), [2, 3]), (New(2, 1), [2, 4]), (New(3), [2, 3]),
            (New(2, 1, 3).Narrow(2, 1, 1), [5, 2, 4, 6]), (New(1, 3), [1, 3]), (New(), [2, 2]))),
    ];

    protected override Mistake<ILayouts>[] WrongAnswers =>
    [
        new("strides from the left", new Wrong(fromLeft: true), "each one before it is the product"),
        new("forgets the offset", new Wrong(offset: false), "the offset once"),
        new("transposes only the shape", new Wrong(strides: false), "swapped as the sizes are"),
        new("an offset in elements", new Wrong(elements: true), "each is a stride in memory"),
        new("rounds down", new Wrong(down: true), "Round up"),
        new("writes into what it was given", new Wrong(copies: false), "copy them first"),
        new("keeps the stride of an axis of size 1", new Wrong(zero: false), "A stride is 0"),
    ];

    /// <summary>An answer with one mistake.</summary>
    sealed class Wrong(bool fromLeft = false, bool offset = true, bool strides = true, bool elements = false,
        bool down = false, bool copies = true, bool zero = true) : ILayouts
    {
        public int[] Strides(int[] shape)
        {
            var result = Layout.Contiguous(shape).Strides.ToArray();
            if (fromLeft) Array.Reverse(result);
            return result;
        }

        public int Place(Places layout, int[] index) =>
            (offset ? layout.Offset : 0) + index.Select((i, a) => i * layout.Strides[a]).Sum();

        public Places Transpose(Places layout, int a, int b)
        {
            var p = copies ? new([.. layout.Shape], [.. layout.Strides], layout.Offset) : layout;
            (p.Shape[a], p.Shape[b]) = (p.Shape[b], p.Shape[a]);
            if (strides) (p.Strides[a], p.Strides[b]) = (p.Strides[b], p.Strides[a]);
            return p;
        }

        public Places Slice(Places layout, int axis, int start, int end, int step)
        {
            int[] shape = [.. layout.Shape], result = [.. layout.Strides];
            shape[axis] = down ? (end - start) / step : (end - start - 1) / step + 1;
            result[axis] *= step;
            return new(shape, result, layout.Offset + start * (elements ? 1 : layout.Strides[axis]));
        }

        public Places Expand(Places layout, int[] shape)
        {
            var missing = shape.Length - layout.Shape.Length;
            return new(shape, [.. shape.Select((size, a) => a < missing || (zero && layout.Shape[a - missing] != size)
                ? 0 : layout.Strides[a - missing])], layout.Offset);
        }
    }
}
