using Tensorlet;

namespace Tutorials.Chapter03;

sealed class Grader : Exercise<IBroadcast>
{
    public override string Title => "The gradient of a broadcast operand";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Take shapes (2, 3) and (3). The operand of shape (3) was used in each row. What is the gradient of what is " +
            "used twice?",
        "There are two kinds of axes to sum over: those in front that the operand does not have, and those where its " +
            "size is 1 and the gradient's is not.",
        "gradient.Sum([axis], keepdim: true) keeps the number of axes, so that they can be counted on while you go " +
            "through them; a Reshape at the end takes away those in front.",
    ];

    /// <summary>a·b, whose backward asks the answer for the sums.</summary>
    sealed class Product(IBroadcast answer, string what) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(A, B); return A.Data * B.Data; }
        protected override Tensor[] Backward(Tensor dc) =>
            [Sum(dc * B.Data, A.Size()), Sum(dc * A.Data, B.Size())];

        Tensor Sum(Tensor gradient, int[] shape)
        {
            var before = gradient.Clone();
            var sum = answer.Unbroadcast(gradient, shape);
            Expect.Unchanged($"Unbroadcast to ({string.Join(", ", shape)})", ("the gradient", gradient, before));
            Expect.That(sum is not null && sum.Shape.SequenceEqual(shape), $"{what}:\n" +
                $"Unbroadcast to ({string.Join(", ", shape)}) gave {(sum is null ? "null" : $"shape {sum.Layout}")}.");
            return sum!;
        }
    }

    static Action<IBroadcast> Gradients(params (int[] A, int[] B, string Why)[] cases) => answer =>
    {
        foreach (var (a, b, why) in cases)
        {
            Tensor[] inputs = [Tensor.Randn(a, DType.Float64, generator: new(1)),
                Tensor.Randn(b, DType.Float64, generator: new(2))];
            var what = $"{inputs[0].Layout} * {inputs[1].Layout}: {why}";
            Expect.Gradients(x => new Product(answer, what).Apply(x[0], x[1]), inputs, what);
        }
    };

    protected override Step<IBroadcast>[] Requirements =>
    [
        new("the same shape: there is nothing to sum",
            Gradients(([3], [3], "nothing was repeated, so the gradient passes unchanged"))),
        new("an axis that is missing in front",
            Gradients(([2, 3], [3], "the second operand was repeated once for each row"),
                ([2, 2, 2], [], "a number was repeated everywhere"))),
        new("an axis of size 1",
            Gradients(([2, 3], [2, 1], "the second operand was repeated along its last axis, of size 1"),
                ([2, 1, 2], [2, 3, 2], "the first operand was repeated along its middle axis, of size 1"))),
        new("both at once", Gradients(([2, 1, 3], [4, 1], "both operands were repeated"))),
        new("an axis of size 1 that was not repeated, and gradients of Float32", answer =>
        {
            Expect.Same(answer.Unbroadcast(Tensor.Ones(2, 1), [2, 1]), Tensor.Ones(2, 1),
                "(2, 1) to (2, 1)", because: "An axis of size 1 stays where the gradient's size is 1 as well.");
            var yours = answer.Unbroadcast(Tensor.Ones(2, 3), [3]);
            Expect.Same(yours, Tensor.Full([3], 2), "(2, 3) to (3), in Float32");
            Expect.Type(yours, DType.Float32, "(2, 3) to (3)");
        }),
    ];

    protected override Mistake<IBroadcast>[] WrongAnswers =>
    [
        new("gives the gradient as it came", new Untouched(), "repeated once for each row"),
        new("sums only over missing axes", new InFront(), "of size 1"),
        new("a mean and not a sum", new Means(), "ratio 0.5"),
        new("writes into the gradient", new Writing(), "the gradient has changed"),
        new("makes all of Float64", new Wide(), "Results have its type"),
    ];

    sealed class Untouched : IBroadcast { public Tensor Unbroadcast(Tensor gradient, int[] shape) => gradient; }

    sealed class InFront : IBroadcast
    {
        public Tensor Unbroadcast(Tensor gradient, int[] shape)
        {
            while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
            return gradient;
        }
    }

    static Tensor Right(Tensor gradient, int[] shape)
    {
        while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
        for (var i = 0; i < shape.Length; i++) if (shape[i] == 1) gradient = gradient.Sum([i], keepdim: true);
        return gradient;
    }

    sealed class Writing : IBroadcast
    {
        public Tensor Unbroadcast(Tensor gradient, int[] shape)
        {
            var sum = Right(gradient, shape).Clone();
            gradient.Zero_();
            return sum;
        }
    }

    sealed class Wide : IBroadcast
    {
        public Tensor Unbroadcast(Tensor gradient, int[] shape) => Right(gradient, shape).To(DType.Float64);
    }

    sealed class Means : IBroadcast
    {
        public Tensor Unbroadcast(Tensor gradient, int[] shape)
        {
            while (gradient.Rank > shape.Length) gradient = gradient.Mean([0]);
            return gradient;
        }
    }
}
