using Tensorlet;

namespace Tutorials.Chapter16;

sealed class Grader : Exercise<ITwice>
{
    public override string Title => "tanh and softmax, twice differentiable";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "tanh: you are given y, which is tanh(x) already. Write its slope with y, and multiply by dy.",
        "softmax: put the two cases together. The sum over i of ∂yᵢ/∂xⱼ·dyᵢ is yⱼ·dyⱼ, from the case i = j, less " +
            "yⱼ times a sum over i. What is in that sum does not depend on j, so it is one number for each row.",
        "That number is Σ yᵢ·dyᵢ along the axis. Sum(axis, keepdim: true) leaves the axis there with size 1, so that " +
            "it fits to y again; without keepdim it fits to something else, or to nothing.",
        "Stay in variables. What goes through .Data, Detach() or NoGrad is a constant to the tape, and the second " +
            "derivative misses a part.",
    ];

    /// <summary>y = tanh(x), whose backward is the answer's.</summary>
    sealed class Tanh(ITwice answer) : Function
    {
        protected override Tensor Forward() => SaveResult(X.Detach().Tanh().Data);
        public override Variable[] Backward(Variable dy) => [Given(answer.TanhBackward(Y, dy), "TanhBackward")];
    }

    /// <summary>y = softmax(x), whose backward is the answer's.</summary>
    sealed class Softmax(ITwice answer, int axis) : Function
    {
        protected override Tensor Forward() => SaveResult(X.Detach().Softmax(axis).Data);
        public override Variable[] Backward(Variable dy) =>
            [Given(answer.SoftmaxBackward(Y, dy, axis), "SoftmaxBackward")];
    }

    static Variable Given(Variable? gradient, string what)
    {
        Expect.That(gradient is not null, $"{what}: null came back.");
        return gradient!;
    }

    static Tensor Drawn(int[] shape, long seed) => Tensor.Randn(shape, DType.Float64, generator: new(seed));

    static void OfTanh(ITwice answer, int[] shape, bool second = false)
    {
        var (x, dy) = (Drawn(shape, 1), Drawn(shape, 2));
        Variable y = new Variable(x).Tanh().Detach();
        var right = (1 - y * y) * dy;
        if (!second)
            Expect.Same(Given(answer.TanhBackward(y, dy), "TanhBackward").Data, right.Data,
                $"TanhBackward({Show(y.Data)}, {Show(dy)})",
                because: "The slope of tanh is 1 − y², times what comes in.");
        var what = $"tanh of shape {x.Layout}";
        Expect.Gradients(v => new Tanh(answer).Apply(v), [x], second ? what + Twice : what, second);
        if (!second) return;
        Expect.Gradients(v => new Tanh(answer).Apply(v).Square(), [x], $"the square of {what}{Depends}", second);
        Expect.Gradients(v => new Tanh(answer).Apply(new Tanh(answer).Apply(v)), [x], $"tanh of {what}{Depends}",
            second);
    }

    static void OfSoftmax(ITwice answer, int[] shape, int axis, bool second = false)
    {
        var (x, dy) = (Drawn(shape, 3), Drawn(shape, 4));
        var leaf = new Variable(x, requiresGrad: true);
        var y = leaf.Softmax(axis);
        var right = Autograd.Grad(y, leaf, dy)!;
        if (!second)
            Expect.Same(Given(answer.SoftmaxBackward(y.Detach(), dy, axis), "SoftmaxBackward").Data, right.Data,
                $"SoftmaxBackward of shape {x.Layout}, axis {axis}", because: Reason(answer, y.Detach(), dy, axis));
        var what = $"softmax of shape {x.Layout}, axis {axis}";
        Expect.Gradients(v => new Softmax(answer, axis).Apply(v), [x], second ? what + Twice : what, second);
        if (!second) return;
        Expect.Gradients(v => new Softmax(answer, axis).Apply(v).Square(), [x], $"the square of {what}{Depends}",
            second);
        Expect.Gradients(v => new Softmax(answer, axis).Apply(new Softmax(answer, axis).Apply(v)), [x],
            $"softmax of {what}{Depends}", second);
    }

    const string Twice = ", differentiated twice: is anything taken from .Data?";
    const string Depends = Twice + " Here dy depends on x as well.";

    static string Reason(ITwice answer, Variable y, Variable dy, int axis)
    {
        var yours = answer.SoftmaxBackward(y, dy, axis).Detach();
        bool Is(Variable other) => yours.Shape.SequenceEqual(other.Shape)
            && (yours - other.Detach()).Square().Sum().Item() < 1e-12;
        if (Is(y * dy)) return "This is y·dy, as if each result depended on its own x only. A larger x makes all " +
            "others in its row smaller, since they add up to 1.";
        if (Is((y - y * y) * dy)) return "This has only the derivatives of each result by its own x, where i = j.";
        if (Is(dy - (y * dy).Sum(axis, keepdim: true))) return "The factor y in front is missing.";
        for (var other = 0; other < y.Rank; other++)
            if (other != axis && Is(y * (dy - (y * dy).Sum(other, keepdim: true))))
                return $"The sum goes along axis {other}, and the softmax along axis {axis}.";
        if (Is(y * (dy - (y * dy).Sum()))) return "The sum is over all elements. Each row has a sum of its own.";
        if (y.Rank == 2 && y.Size(0) == y.Size(1) && Is(y * (dy - (y * dy).Sum(axis))))
            return "Without keepdim the sum of a row was subtracted along the wrong axis: the shape fits by chance.";
        return "dx = y·dy − y·(a sum along the axis).";
    }

    static string Show(Tensor x) => $"[{string.Join(", ", x.ToArray<double>().Select(Expect.Text))}]";

    protected override Step<ITwice>[] Requirements =>
    [
        new("tanh: the gradient", answer =>
        {
            OfTanh(answer, [1]);
            OfTanh(answer, [3]);
        }),
        new("tanh: the gradient of the gradient", answer =>
        {
            OfTanh(answer, [1], second: true);
            OfTanh(answer, [2, 3], second: true);
        }),
        new("softmax of a row", answer => OfSoftmax(answer, [3], 0)),
        new("softmax of each row, and of each column", answer =>
        {
            OfSoftmax(answer, [3, 3], 1);
            OfSoftmax(answer, [2, 3], 1);
            OfSoftmax(answer, [2, 3], 0);
        }),
        new("softmax along any axis", answer =>
        {
            for (var axis = 0; axis < 3; axis++) OfSoftmax(answer, [2, 3, 2], axis);
        }),
        new("softmax: the gradient of the gradient", answer =>
        {
            OfSoftmax(answer, [3], 0, second: true);
            OfSoftmax(answer, [2, 3], 1, second: true);
            OfSoftmax(answer, [2, 3, 2], 1, second: true);
        }),
    ];

    protected override Mistake<ITwice>[] WrongAnswers =>
    [
        new("1 − y", new Wrong(tanh: (y, dy) => (1 - y) * dy), "1 − y²"),
        new("forgets what comes in", new Wrong(tanh: (y, _) => 1 - y * y), "times what comes in"),
        new("tanh in tensors", new Wrong(tanh: (y, dy) => (1 - y.Data * y.Data) * dy), "gradient of the gradient"),
        new("y·dy", new Wrong((y, dy, _) => y * dy), "This is y·dy"),
        new("only where i = j", new Wrong((y, dy, _) => (y - y * y) * dy), "where i = j"),
        new("without keepdim", new Wrong((y, dy, axis) => y * (dy - (y * dy).Sum(axis))), "Without keepdim"),
        new("always the last axis",
            new Wrong((y, dy, _) => y * (dy - (y * dy).Sum(y.Rank - 1, keepdim: true))),
            "and the softmax along axis 0"),
        new("one sum for all rows", new Wrong((y, dy, _) => y * (dy - (y * dy).Sum())), "over all elements"),
        new("a dy that is taken from the tape", new Wrong(tanh: (y, dy) => (1 - y * y) * dy.Data), "taken from .Data"),
        new("softmax, whose dy is taken from the tape", new Wrong((y, dy, axis) =>
            y * (dy.Detach() - (y * dy.Detach()).Sum(axis, keepdim: true))), "taken from .Data"),
        new("softmax in tensors", new Wrong((y, dy, axis) =>
            y.Data * (dy - (y.Data * dy).Sum(axis, keepdim: true))), "gradient of the gradient"),
    ];

    sealed class Wrong(Func<Variable, Variable, int, Variable>? softmax = null,
        Func<Variable, Variable, Variable>? tanh = null) : ITwice
    {
        public Variable TanhBackward(Variable y, Variable dy) => tanh is null ? dy - dy * y * y : tanh(y, dy);
        public Variable SoftmaxBackward(Variable y, Variable dy, int axis) =>
            softmax is null ? dy : softmax(y, dy, axis);
    }
}
