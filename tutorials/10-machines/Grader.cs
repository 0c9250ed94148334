using System.Reflection;
using Tensorlet;

namespace Tutorials.Chapter10;

sealed class Grader : Exercise<IHardswish>
{
    public override string Title => "A scalar function that becomes a kernel";

    protected override int Holes => 2;                  // its methods are given, and map what is to be written

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["Variable.Hardswish", "Hardswish", "Variable.Hardsigmoid", "Hardsigmoid"],
            "Hardswish is what is to be written."),
        (["Tensor.ToArray", "Tensor.Item", "Tensor.From", "Tensor.Over", "Variable.Item"],
            "The formula is to become the loop: no numbers are taken out of a tensor here."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "V.IfGreater(a, b, then, otherwise) chooses, and a choice can stand in place of then or otherwise. Three " +
            "pieces take two of them.",
        "A comparison with NaN is never true, so NaN always arrives at the last otherwise. Which of the three pieces " +
            "makes NaN of it?",
        "Begin with V.IfGreater(V.Of(-3), x, V.Of(0), …) and leave the middle piece to the very end. At -3 and at 3 " +
            "nothing is greater, so the middle piece has the edges as well, as the derivative asks.",
        "The middle piece is (x² + 3·x)/6, and its derivative (2·x + 3)/6. Every constant is V.Of(constant).",
    ];

    // Written in C#'s own words, as a second opinion.
    static double Value(double x) => x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
    static double SlopeAt(double x) => x < -3 ? 0 : x > 3 ? 1 : (2 * x + 3) / 6;

    static Action<IHardswish> Values(bool slope, params (double X, string Why)[] cases) => answer =>
    {
        foreach (var (x, why) in cases)
        {
            var given = Tensor.From([x], device: Device.Reference);
            var yours = slope ? answer.Derivative(given) : answer.Forward(given);
            Expect.Same(yours, Tensor.From([slope ? SlopeAt(x) : Value(x)]),
                $"{(slope ? "the derivative of hardswish at" : "hardswish of")} {Expect.Text(x)}", because: why);
        }
    };

    /// <summary>Lengths that end within a register, on each device, in both types.</summary>
    static void EverywhereAlike(IHardswish answer)
    {
        Device[] devices = [Device.Reference, Device.Cpu, Device.Simulated];
        foreach (var device in devices)
            foreach (var type in new[] { DType.Float64, DType.Float32 })
                foreach (var length in new[] { 1, 2, 7, 8, 9, 15, 16, 17, 40, 1000 })
                {
                    var x = Tensor.Linspace(-4.5, 4.5, length, type);
                    var numbers = x.ToArray<double>();
                    var what = $"{length} numbers of {type} on {device}";
                    Expect.Same(answer.Forward(x.To(device)), Tensor.From(Array.ConvertAll(numbers, Value)), what);
                    Expect.Same(answer.Derivative(x.To(device)), Tensor.From(Array.ConvertAll(numbers, SlopeAt)),
                        $"the derivative of {what}");
                }
    }

    static void Reachable(IHardswish answer)
    {
        _ = (answer.Forward(Tensor.Ones(1)), answer.Derivative(Tensor.Ones(1)));
        var hidden = (Answer.Of(answer)?.Hidden ?? [.. answer.GetType().GetNestedTypes(BindingFlags.NonPublic)
            .Where(t => typeof(IMap).IsAssignableFrom(t)).Select(t => t.Name)]).FirstOrDefault();
        Expect.That(hidden is null, $"{hidden} is not public. The code that is made for a GPU could not call it; on " +
            "this machine's devices nobody would notice.");
    }

    /// <summary>
    /// The derivative that was written, beside the one that the formula has by itself.
    /// </summary>
    static void LikeItsOwn(IHardswish answer)
    {
        var x = new Variable(Tensor.From([-4.5, -3, -2, -0.5, 0, 1, 2.5, 3, 4]), requiresGrad: true);
        using (var profile = Autograd.Profile())
        {
            answer.Derivative(x.Data);
            Expect.That(profile.Rows.Count == 0, "The derivative is to be written by hand, and not left to the tape.");
        }
        var y = answer.Recorded(x);
        Expect.That(y is { RequiresGrad: true }, "Recorded, which came with the exercise, does not map your formula " +
            "over a variable any more: it was x.Map(new Formula()).");
        Expect.Same(y!.Data, answer.Forward(x.Data), "Recorded, beside Forward");
        y.Sum().Backward();
        Expect.Same(answer.Derivative(x.Data), x.Grad!.Data, "your derivative, beside the one that your formula has");
    }

    /// <summary>Hardswish on the tape: its backward asks the answer.</summary>
    sealed class Taped(IHardswish answer) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(X); return answer.Forward(X.Data); }
        protected override Tensor[] Backward(Tensor dy) => [answer.Derivative(X.Data) * dy];
    }

    const string Swallows = "NaN must stay NaN. It is never greater than anything, so it takes each otherwise: the " +
        "last one has to calculate with x.";
    const string Infinite = "Far below -3 the piece is the constant 0, and not x·0: −∞·0 is NaN.";
    const string Edge = "At -3 and at 3 the derivative is that of the middle piece, (2·x + 3)/6.";

    protected override Step<IHardswish>[] Requirements =>
    [
        new("hardswish in its three pieces", Values(slope: false,
            (0, "0 is in the middle piece, x·(x + 3)/6."), (1, "1 is in the middle piece, x·(x + 3)/6."),
            (-1, "-1 is in the middle piece, x·(x + 3)/6."), (-5, "Below -3 it is 0."), (5, "Above 3 it is x."),
            (-3, "The pieces join at -3."), (3, "The pieces join at 3."))),
        new("hardswish of what is no ordinary number", Values(slope: false,
            (double.NaN, Swallows), (double.PositiveInfinity, "Above 3 it is x."),
            (double.NegativeInfinity, Infinite))),
        new("its derivative within the pieces", Values(slope: true,
            (0, "The middle piece is (x² + 3·x)/6."), (1, "The middle piece is (x² + 3·x)/6."),
            (-2, "The middle piece is (x² + 3·x)/6."), (-5, "Below -3 nothing changes."),
            (5, "Above 3 y is x, and grows as x does: by 1."))),
        new("its derivative at the edges", Values(slope: true, (-3, Edge), (3, Edge))),
        new("its derivative at what is no ordinary number", Values(slope: true,
            (double.NaN, Swallows), (double.PositiveInfinity, "Above 3 y is x, and grows as x does: by 1."),
            (double.NegativeInfinity, "Below -3 nothing changes."))),
        new("the same on three devices, in two types, at any length", EverywhereAlike),
        new("a GPU could call it", Reachable),
        new("the derivative by hand is the formula's own", LikeItsOwn),
        new("the gradient check agrees", answer => Expect.Gradients(x => new Taped(answer).Apply(x[0]),
            [Tensor.From([-4.5, -2, -0.5, 0, 1, 2.5, 4])], "hardswish with your derivative")),
    ];

    protected override Mistake<IHardswish>[] WrongAnswers =>
    [
        new("NaN becomes 0", new Partly(forward: x => x.Map(new Swallowing())), "NaN must stay NaN"),
        new("a product with 0 at minus infinity", new Partly(forward: x => x.Map(new Multiplying())), "−∞·0 is NaN"),
        new("divided by 3", new Partly(forward: x => x.Map(new Thirds())), "ratio 2"),
        new("the numbers of IfGreater swapped", new Partly(forward: x => x.Map(new Swapped())), "Below -3 it is 0"),
        new("the slopes of the outer pieces at the edges", new Partly(slope: x => x.Map(new Outer())),
            "that of the middle piece"),
        new("only the second factor is derived", new Partly(slope: x => x.Map(new HalfDerived())), "(x² + 3·x)/6"),
        new("the slope of NaN is a constant", new Partly(slope: x => x.Map(new Constant())), "NaN must stay NaN"),
        new("a struct that is private", new Private(), "is not public"),
        new("the derivative of the tape", new Partly(slope: Taken), "written by hand"),
    ];

    /// <summary>Right, but for what is given.</summary>
    sealed class Partly(Func<Tensor, Tensor>? forward = null, Func<Tensor, Tensor>? slope = null) : IHardswish
    {
        public Tensor Forward(Tensor x) => forward?.Invoke(x) ?? Plain(x, Value);
        public Tensor Derivative(Tensor x) => slope?.Invoke(x) ?? Plain(x, SlopeAt);
        public Variable Recorded(Variable x) => x.Map(new Right());
    }

    /// <summary>What is right, and not the student's work.</summary>
    static Tensor Taken(Tensor x)
    {
        var v = new Variable(x.DType.IsFloat() ? x : x.To(DType.Float32), requiresGrad: true);
        v.Map(new Right()).Sum().Backward();
        return v.Grad!.Data;
    }

    sealed class Private : IHardswish
    {
        readonly struct Formula : IMap { V IMap.Apply<V>(V x) => x; }
        public Tensor Forward(Tensor x) => Plain(x.Map(new Formula()), Value);
        public Tensor Derivative(Tensor x) => Plain(x, SlopeAt);
        public Variable Recorded(Variable x) => x.Map(new Right());
    }

    static Tensor Plain(Tensor x, Func<double, double> f) =>
        Tensor.From(Array.ConvertAll(x.ToArray<double>(), x => f(x))).To(x.DType).To(x.Device);

    static V Middle<V>(V x, double divisor = 6) where V : struct, INumeric<V> => x * (x + V.Of(3)) / V.Of(divisor);

    static V MiddleSlope<V>(V x) where V : struct, INumeric<V> => (x + x + V.Of(3)) / V.Of(6);

    readonly struct Right : IMap
    {
        V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, V.Of(0), V.IfGreater(x, V.Of(3), x, Middle(x)));
    }

    readonly struct Swallowing : IMap
    {
        V IMap.Apply<V>(V x) =>
            V.IfGreater(x, V.Of(3), x, V.IfGreater(x, V.Of(-3), Middle(x), V.Of(0)));
    }

    readonly struct Multiplying : IMap
    {
        V IMap.Apply<V>(V x)
        {
            var u = V.IfGreater(V.Of(0), x + V.Of(3), V.Of(0), x + V.Of(3));
            return x * V.IfGreater(u, V.Of(6), V.Of(6), u) / V.Of(6);
        }
    }

    readonly struct Thirds : IMap
    {
        V IMap.Apply<V>(V x) =>
            V.IfGreater(V.Of(-3), x, V.Of(0), V.IfGreater(x, V.Of(3), x, Middle(x, divisor: 3)));
    }

    readonly struct Swapped : IMap
    {
        V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, x, V.IfGreater(x, V.Of(3), V.Of(0), Middle(x)));
    }

    readonly struct Outer : IMap
    {
        V IMap.Apply<V>(V x)
        {
            var above = V.IfGreater(V.Of(3), x, MiddleSlope(x), V.IfEqual(x, x, V.Of(1), x));
            return V.IfGreater(x, V.Of(-3), above, V.IfEqual(x, x, V.Of(0), x));
        }
    }

    readonly struct HalfDerived : IMap
    {
        V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, V.Of(0),
            V.IfGreater(x, V.Of(3), V.Of(1), (x + V.Of(3)) / V.Of(6)));
    }

    readonly struct Constant : IMap
    {
        V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, V.Of(0),
            V.IfGreater(V.Of(3), x, MiddleSlope(x), V.IfEqual(x, V.Of(3), MiddleSlope(x), V.Of(1))));
    }
}
