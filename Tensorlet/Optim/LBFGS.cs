namespace Tensorlet.Optim;

/// <summary>
/// L-BFGS, a quasi-Newton method. All parameters together are treated as one vector, so there can be only one group of
/// parameters. A step consists of several iterations. Each iteration computes a direction −H·g, where g is the
/// gradient, and H approximates the inverse of the Hessian. H is computed from the changes of the parameters and of the
/// gradient in the last iterations (Nocedal and Wright 2006, algorithm 7.4). The iteration then adds t·(−H·g) to the
/// parameters. The length t is lr or, if <paramref name="strongWolfe"/> is true, a length that satisfies the strong
/// Wolfe conditions. In the very first iteration, lr is replaced by lr·min(1, 1/s), where s is the sum of the absolute
/// values of the elements of g.
/// </summary>
/// <param name="parameters">The parameters.</param>
/// <param name="lr">The length t or, if <paramref name="strongWolfe"/> is true, the first guess of t.</param>
/// <param name="maxIter">The largest number of iterations in a step.</param>
/// <param name="maxEval">The number of calls of the closure after which a step ends. If it is not given, it is 5/4 of
/// <paramref name="maxIter"/>.</param>
/// <param name="toleranceGrad">A step ends when the absolute value of every element of the gradient is at most this
/// number.</param>
/// <param name="toleranceChange">A step ends when an iteration changes no element of a parameter by more than this
/// number, or changes the loss by less than this number. It also ends when the slope of the loss along the direction is
/// greater than minus this number.</param>
/// <param name="historySize">The largest number of past iterations from which H is computed.</param>
/// <param name="strongWolfe">If true, a search along the direction finds a length t that satisfies the strong Wolfe
/// conditions. If false, there is no search.</param>
public sealed class LBFGS(IEnumerable<Variable> parameters, double lr = 1, int maxIter = 20, int? maxEval = null,
    double toleranceGrad = 1e-7, double toleranceChange = 1e-9, int historySize = 100, bool strongWolfe = false)
    : Optimizer(parameters, maximize: false, ("lr", lr))
{
    readonly (int Iterations, int Calls, int Steps) most = (maxIter.In(nameof(LBFGS), 1),
        (maxEval ?? (int)Math.Min(maxIter * 5L / 4, int.MaxValue)).In(nameof(LBFGS), 1, name: nameof(maxEval)),
        historySize.In(nameof(LBFGS), 1));
    readonly (double Gradient, double Change) least = (toleranceGrad.In(nameof(LBFGS), 0),
        toleranceChange.In(nameof(LBFGS), 0));

    IReadOnlyList<Variable> Parameters => ParamGroups[0].Parameters;

    /// <summary>
    /// The constructor calls this method to add the only group of parameters. Every further call throws an exception.
    /// </summary>
    /// <exception cref="AutogradException">There is already a group.</exception>
    public override void AddParamGroup(IEnumerable<Variable> parameters, params (string Name, double Value)[] options)
    {
        if (ParamGroups.Count > 0) throw new AutogradException("LBFGS: takes one group of parameters.");
        base.AddParamGroup(parameters, options);
    }

    /// <summary>
    /// Throws an exception, because a step needs the loss at several points. Call <see cref="Step(Func{Variable})"/>
    /// instead.
    /// </summary>
    public override void Step() => throw new AutogradException("LBFGS: Step takes a closure that zeroes the " +
        "gradients, computes the loss, calls Backward and returns the loss.");

    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory) => Step();

    /// <summary>
    /// Makes a step, which iterates until it reaches one of the limits that were given to the constructor.
    /// </summary>
    /// <param name="closure">A function that zeroes the gradients, computes the loss, calls Backward and returns
    /// the loss.</param>
    /// <returns>The loss before the step.</returns>
    public override double Step(Func<Variable> closure)
    {
        var (calls, memory) = (0, Of(Parameters[0]));
        var (first, gradient) = Evaluate();
        var f = first;
        if (Largest(gradient) <= least.Gradient) return first;
        for (var iteration = 1; ; iteration++)
        {
            memory.Step++;
            var direction = memory.Tensors["d"] = Direction(gradient, memory);
            memory.Tensors["prev_flat_grad"] = gradient;
            var (before, slope, start) = (f, Dot(gradient, direction), Flat(Parameters.Select(p => p.Data)));
            var t = memory.Numbers["t"] =
                Lr * (memory.Step == 1 ? Math.Min(1, 1 / Absolute(gradient).Sum().Item()) : 1);
            if (slope > -least.Change) break;
            if (strongWolfe)
                (f, gradient, t) = new WolfeSearch(At, direction, least.Change).Run(f, gradient, slope, t);
            memory.Numbers["t"] = t;
            Move(t);
            if (!strongWolfe && iteration < most.Iterations) (f, gradient) = Evaluate();
            if (iteration == most.Iterations || calls >= most.Calls || Largest(gradient) <= least.Gradient
                || Largest(direction * t) <= least.Change || Math.Abs(f - before) < least.Change) break;

            void Move(double length) => Nn.Utils.VectorToParameters(start.Clone().Add_(direction, length), Parameters);

            (double, Tensor) At(double length)
            {
                Move(length);
                return Evaluate();
            }
        }
        return first;

        // the closure is called before the gradients are read, because it computes them
        (double Loss, Tensor Gradient) Evaluate()
        {
            calls++;
            return (closure.Given()().Item(), Flat(Parameters.Select(p => p.Grad?.Data ?? Tensor.ZerosLike(p.Data))));
        }
    }

    /// <summary>
    /// Computes −H·g with the two-loop recursion over the remembered iterations. H approximates the inverse of the
    /// Hessian, and g is <paramref name="gradient"/>.
    /// </summary>
    Tensor Direction(Tensor gradient, Memory memory)
    {
        if (memory.Step == 1) return -gradient;
        var (y, s) = (gradient - memory.Tensors["prev_flat_grad"], memory.Tensors["d"] * memory.Numbers["t"]);
        if (Dot(y, s) is > 1e-10 and var ys)
        {
            Append("old_dirs", y);
            Append("old_stps", s);
            memory.Numbers["H_diag"] = ys / Dot(y, y);
        }
        if (!memory.Tensors.TryGetValue("old_stps", out var steps)) return -gradient;
        var changes = memory.Tensors["old_dirs"];
        var (q, alphas) = (-gradient, new double[steps.Size(0)]);
        double Rho(int i) => 1 / Dot(changes[i], steps[i]);
        for (var i = alphas.Length - 1; i >= 0; i--)
            q.Add_(changes[i], -(alphas[i] = Dot(steps[i], q) * Rho(i)));
        q.Mul_(memory.Numbers["H_diag"]);
        for (var i = 0; i < alphas.Length; i++) q.Add_(steps[i], alphas[i] - Dot(changes[i], q) * Rho(i));
        return q;

        // a row for each iteration, the oldest first
        void Append(string name, Tensor step)
        {
            var rows = step.Unsqueeze(0);
            if (memory.Tensors.TryGetValue(name, out var old)) rows = Tensor.Cat([old, rows]);
            memory.Tensors[name] = rows.Size(0) > most.Steps ? rows.Narrow(0, 1, most.Steps) : rows;
        }
    }

    /// <summary>Returns the elements of all tensors as one vector.</summary>
    static Tensor Flat(IEnumerable<Tensor> tensors) => Tensor.Cat([.. tensors.Select(x => x.Reshape(-1))]);

    internal static double Dot(Tensor a, Tensor b) => (a * b).Sum().Item();
    static Tensor Absolute(Tensor x) => new Variable(x).Abs().Data;
    internal static double Largest(Tensor x) => Absolute(x).AMax().Item();

    /// <inheritdoc/>
    protected override string[] Names => ["d", "prev_flat_grad", "old_dirs", "old_stps"];
    /// <inheritdoc/>
    protected override string[] Numbers => ["t", "H_diag"];
    /// <inheritdoc/>
    protected override string[] Optional => ["old_dirs", "old_stps", "H_diag"];
    private protected override bool Fits(string name, Tensor tensor, Variable parameter) =>
        tensor.Rank == (Optional.Contains(name) ? 2 : 1) && tensor.Size(-1) == Parameters.Sum(p => p.Numel);

    /// <summary>
    /// Also checks that there are as many changes of the gradient as changes of the parameters. The first guess of H
    /// must exist if there are such changes, and must not exist otherwise.
    /// </summary>
    private protected override bool IsWhole(Memory memory)
    {
        int? Rows(string name) => memory.Tensors.TryGetValue(name, out var rows) ? rows.Size(0) : null;
        return base.IsWhole(memory) && Rows("old_dirs") == Rows("old_stps")
            && Rows("old_dirs") > 0 == memory.Numbers.ContainsKey("H_diag");
    }
}

/// <summary>
/// Finds a length t with f(t) ≤ f(0) + c₁·t·f′(0) and |f′(t)| ≤ c₂·|f′(0)|. Here, f(t) is the loss after t times the
/// direction has been added to the parameters, c₁ is 10⁻⁴, and c₂ is 0.9. The search uses brackets and cubic
/// interpolation (Nocedal and Wright 2006, algorithms 3.5 and 3.6, with safeguards).
/// </summary>
sealed class WolfeSearch(Func<double, (double Loss, Tensor Gradient)> evaluate, Tensor direction, double tolerance)
{
    const double C1 = 1e-4, C2 = 0.9;
    const int MostCalls = 25;

    /// <summary>
    /// A point along the direction: the length T, the loss F, the gradient G, and the slope of the loss along the
    /// direction.
    /// </summary>
    readonly record struct Point(double T, double F, Tensor G, double Slope);

    Point At(double t)
    {
        var (f, g) = evaluate(t);
        return new(t, f, g, LBFGS.Dot(g, direction));
    }

    public (double Loss, Tensor Gradient, double T) Run(double f, Tensor g, double slope, double t)
    {
        var (round, start, now) = (0, new Point(0, f, g, slope), At(t));
        var before = start;
        bool Rises(Point p, double bound) => !(p.F <= f + C1 * p.T * slope && p.F < bound);     // true for NaN, too
        bool Flat(Point p) => Math.Abs(p.Slope) <= -C2 * slope;
        for (; round < MostCalls && !Rises(now, round > 1 ? before.F : double.PositiveInfinity); round++)
        {
            if (Flat(now)) return (now.F, now.G, now.T);
            if (now.Slope >= 0) break;
            (before, now) = (now, At(Cubic(before, now, now.T + 0.01 * (now.T - before.T), now.T * 10)));
        }
        var (low, high) = (round < MostCalls ? before : start, now);
        if (low.F > high.F) (low, high) = (high, low);
        var length = LBFGS.Largest(direction);
        for (var stuck = false; round < MostCalls && Math.Abs(high.T - low.T) * length >= tolerance; round++)
        {
            var (least, most) = (Math.Min(low.T, high.T), Math.Max(low.T, high.T));
            var next = Cubic(low, high, least, most);
            var margin = 0.1 * (most - least);
            var close = !(Math.Min(most - next, next - least) >= margin);
            var pushed = close && (stuck || next >= most || next <= least);
            if (pushed) next = Math.Abs(next - most) < Math.Abs(next - least) ? most - margin : least + margin;
            stuck = close && !pushed;
            now = At(next);
            if (Rises(now, low.F)) (low, high) = low.F > now.F ? (now, low) : (low, now);
            else if (Flat(now)) return (now.F, now.G, now.T);
            else (low, high) = (now, now.Slope * (high.T - low.T) >= 0 ? low : high);
        }
        return (low.F, low.G, low.T);
    }

    /// <summary>
    /// Returns the position of the minimum of a cubic, clamped to the range from <paramref name="from"/> to
    /// <paramref name="to"/>. The cubic goes through the points <paramref name="a"/> and <paramref name="b"/>, and has
    /// the slopes of these points. If it has no minimum, the middle of the range is returned.
    /// </summary>
    static double Cubic(Point a, Point b, double from, double to)
    {
        if (a.T > b.T) (a, b) = (b, a);
        var d1 = a.Slope + b.Slope - 3 * (a.F - b.F) / (a.T - b.T);
        var d2 = Math.Sqrt(d1 * d1 - a.Slope * b.Slope);
        var least = b.T - (b.T - a.T) * ((b.Slope + d2 - d1) / (b.Slope - a.Slope + 2 * d2));
        return double.IsNaN(least) ? (from + to) / 2 : Math.Clamp(least, from, to);
    }
}
