using System.Collections.Concurrent;

namespace Tensorlet;

/// <summary>The tape: whether it records, gradients of anything by anything, and the walk back.</summary>
public static partial class Autograd
{
    /// <summary>
    /// What holds for the calls of a flow: recorded or not, watched for NaN, measured, listened to; where each
    /// generator stood that numbers were taken from; whether it all happens a second time; and what is done at the end
    /// of the walk back.
    /// </summary>
    internal sealed record Modes(bool Records = true, bool Anomaly = false, Profile? Profile = null,
        Action<Function, Variable[]>? Listener = null, ConcurrentDictionary<Generator, long>? Taken = null,
        bool Again = false, List<Action>? AtEnd = null);

    static readonly AsyncLocal<(Scope[] Open, Modes Mode)> scopes = new();
    static readonly Modes usual = new();

    internal static Modes Mode => scopes.Value.Mode ?? usual;

    /// <summary>True while operations are recorded. Flows with the call, through await and Parallel.</summary>
    public static bool Enabled => Mode.Records;

    /// <summary>Records nothing until disposed: <c>using (Autograd.NoGrad()) …</c></summary>
    public static IDisposable NoGrad() => new Scope(mode => mode with { Records = false });

    /// <summary>Records again within <see cref="NoGrad"/>, until disposed.</summary>
    public static IDisposable EnableGrad() => new Scope(mode => mode with { Records = true });

    /// <summary>
    /// Until disposed, operations remember the line of the user's code that called them, errors tell it, and the first
    /// backward that makes a NaN is an error. Slow: some 20 µs for an operation.
    /// </summary>
    public static IDisposable DetectAnomaly() => new Scope(mode => mode with { Anomaly = true });

    /// <summary>Counts and times operations, until the profile is disposed.</summary>
    public static Profile Profile() => new();

    /// <summary>
    /// What changes the modes until it is disposed. The modes are those of the scopes that are open, in their order, so
    /// that one that is disposed twice, or before one inside it, takes back its own change and no other.
    /// </summary>
    internal sealed class Scope : IDisposable
    {
        readonly Func<Modes, Modes> change;

        public Scope(Func<Modes, Modes> change)
        {
            this.change = change;
            Set([.. scopes.Value.Open ?? [], this]);
        }

        public void Dispose() => Set(Array.FindAll(scopes.Value.Open ?? [], scope => scope != this));

        static void Set(Scope[] open) =>
            scopes.Value = (open, open.Aggregate(usual, (mode, scope) => scope.change(mode)));
    }

    /// <summary>Adds to <c>Grad</c> of every leaf the sum of the gradients of several variables by it.</summary>
    /// <param name="roots">The variables.</param>
    /// <param name="gradients">The gradient of the loss by each; 1 for a scalar where null or not given.</param>
    /// <param name="retainGraph">Keep what was saved, to go through the graph again.</param>
    /// <param name="createGraph">Record the walk itself, to differentiate the gradients.</param>
    public static void Backward(IReadOnlyList<Variable> roots, IReadOnlyList<Variable?>? gradients = null,
        bool retainGraph = false, bool createGraph = false) =>
        Run(roots, gradients, retainGraph || createGraph, createGraph, null);

    /// <summary>
    /// The gradients of the sum of some variables by others, which may be leaves or not; <c>Grad</c> stays as it is.
    /// </summary>
    /// <param name="outputs">What is differentiated.</param>
    /// <param name="inputs">By what.</param>
    /// <param name="gradients">The gradient of the loss by each output; 1 for a scalar where null or not given.</param>
    /// <param name="retainGraph">Keep what was saved, to go through the graph again.</param>
    /// <param name="createGraph">Record the walk itself, to differentiate the gradients.</param>
    /// <returns>One for each input; null where no output depends on it.</returns>
    /// <exception cref="AutogradException">An input requires no gradient.</exception>
    public static Variable?[] Grad(IReadOnlyList<Variable> outputs, IReadOnlyList<Variable> inputs,
        IReadOnlyList<Variable?>? gradients = null, bool retainGraph = false, bool createGraph = false)
    {
        if (inputs.Given().Count == 0) throw new AutogradException("Grad: there are no inputs to differentiate by.");
        Function[] origins = [.. inputs.Select(input => input.Given(nameof(input)).OriginFor("Grad"))];
        var found = Gradients(outputs.Given(), gradients, origins, retainGraph || createGraph, createGraph);
        var given = new Variable?[origins.Length];          // each has memory of its own
        for (var i = 0; i < given.Length; i++)
            given[i] = found[origins[i]] is { } gradient && IsHeld(gradient) ? gradient.Copied() : found[origins[i]];
        return given;

        bool IsHeld(Variable gradient) => gradient.Data.Layout.Overlaps || Array.Exists([.. given, .. gradients ?? []],
            other => other?.Data.Storage == gradient.Data.Storage);
    }

    /// <summary>The gradient of one variable by one other; see the general form.</summary>
    public static Variable? Grad(Variable output, Variable input, Variable? gradient = null, bool retainGraph = false,
        bool createGraph = false) => Grad([output.Given()], [input.Given()], [gradient], retainGraph, createGraph)[0];

    /// <summary>The gradients of the sum of some variables by the results of functions.</summary>
    internal static Dictionary<Function, Variable?> Gradients(IReadOnlyList<Variable> roots,
        IReadOnlyList<Variable?>? seeds, IEnumerable<Function> functions, bool retain, bool create)
    {
        var wanted = functions.Distinct().ToDictionary(function => function, _ => (Variable?)null);
        Run(roots, seeds, retain, create, wanted);
        return wanted;
    }

    /// <summary>For hooks: calls an action at the end of the Backward that is under way.</summary>
    /// <returns>False, and nothing will be called, if none is that adds to leaves; Grad does not.</returns>
    public static bool QueueCallback(Action action)
    {
        action.Given();
        Mode.AtEnd?.Add(action);
        return Mode.AtEnd is not null;
    }

    internal static AutogradException NoGradient(string operation, Variable x) =>
        new($"{operation}: this variable of shape {x.Data.Layout} requires no gradient" +
            (Enabled ? ". Make a leaf with requiresGrad: true; a gradient needs createGraph: true to have one itself."
                : "; recording is off (NoGrad)."));

    /// <summary>
    /// Walks back from some roots. Functions are numbered as they are made, and none is made before its inputs are; so
    /// taking the pending function with the largest number is a topological order, and needs no sort, no marks and no
    /// recursion.
    /// </summary>
    /// <param name="roots">Where to start.</param>
    /// <param name="seeds">The gradients there.</param>
    /// <param name="retain">Whether functions keep what they have saved.</param>
    /// <param name="create">Whether the walk is recorded.</param>
    /// <param name="wanted">The functions whose arriving gradients are asked for; null to add to the leaves.</param>
    static void Run(IReadOnlyList<Variable> roots, IReadOnlyList<Variable?>? seeds, bool retain, bool create,
        Dictionary<Function, Variable?>? wanted)
    {
        if (roots.Given().Count == 0 || (seeds is not null && seeds.Count != roots.Count))
            throw new AutogradException($"Backward: {roots.Count} variables and {seeds?.Count ?? 0} gradients were " +
                "given; one variable at least is needed, and a gradient (or null) for each, or none at all.");
        var queue = new PriorityQueue<Function, long>();
        var pending = new Dictionary<Function, (Variable Gradient, bool Shared)>();
        var due = wanted is null && AccumulateGrad.Hooked ? FirstUses(roots) : null;
        for (var i = 0; i < roots.Count; i++)
            Hand(roots[i].Given(nameof(roots)).OriginFor("Backward"), Seed(roots[i], seeds?[i]), true);
        var last = wanted?.Keys.Select(function => function.Id).DefaultIfEmpty().Min() ?? 0;
        var atEnd = wanted is null ? new List<Action>() : null;
        using var mode = create ? EnableGrad() : NoGrad();
        using var ending = new Scope(mode => mode with { AtEnd = atEnd });
        while (queue.TryDequeue(out var function, out _) && function.Id >= last)
        {
            if (!pending.Remove(function, out var arrived)) continue;       // a leaf that came early
            var (gradient, shared) = arrived;
            foreach (var hook in function.hooks ?? [])
                if (hook(gradient) is { } replacement)
                    (gradient, shared) = (CheckShape($"a hook on {function.Name}", replacement, gradient.Size()), true);
            if (wanted is not null && wanted.ContainsKey(function)) wanted[function] = gradient;
            if (function is AccumulateGrad { Leaf: var leaf })
            {
                if (wanted is null) leaf.AddGrad(gradient, shared);
                continue;
            }
            var gradients = function.Differentiate(gradient);
            for (var i = 0; i < gradients.Length; i++)
            {
                if (function.next[i] is not { } next || gradients[i] is not { } passed) continue;
                if (!passed.Shape.SequenceEqual(function.shapes[i]))        // the text is long to make
                    CheckShape($"{function.Name}.Backward, for input {i},", passed, function.shapes[i]);
                // A gradient that may be someone else's memory too is copied before a leaf keeps it.
                Hand(next, passed, shared: create || SharesMemory(passed, gradient, gradients));
            }
            foreach (var ready in due?[function] ?? []) queue.Enqueue(ready, long.MinValue);
            if (!retain) function.Free();
        }
        atEnd?.ForEach(action => action());

        void Hand(Function function, Variable gradient, bool shared)
        {
            if (pending.TryAdd(function, (gradient, shared))) queue.Enqueue(function, -function.Id);
            else pending[function] = (pending[function].Gradient + gradient, false);
        }
    }

    /// <summary>
    /// The leaves with hooks by the first function that each went into. When that one is done, their gradients are
    /// known, and the hooks need not wait for the end of the walk.
    /// </summary>
    static ILookup<Function, Function> FirstUses(IEnumerable<Variable> roots)
    {
        var first = new Dictionary<Function, Function>();
        var seen = roots.Select(root => root.Given().Origin).OfType<Function>().ToHashSet();
        for (var open = new Stack<Function>(seen); open.TryPop(out var function);)
            foreach (var next in function.next)
                if (next is AccumulateGrad { hooks: not null })
                    first[next] = first.TryGetValue(next, out var f) && f.Id < function.Id ? f : function;
                else if (next is not null && seen.Add(next)) open.Push(next);
        return first.ToLookup(use => use.Value, use => use.Key);
    }

    static bool SharesMemory(Variable passed, Variable incoming, Variable?[] all)
    {
        var storage = passed.Data.Storage;
        return storage == incoming.Data.Storage || storage.Version > 0 || !passed.Data.IsContiguous
            || storage.Count != passed.Numel || all.Count(gradient => gradient?.Data.Storage == storage) > 1;
    }

    static Variable Seed(Variable root, Variable? seed) =>
        seed is not null ? CheckShape("Backward: the gradient given", seed, root.Data.Layout.shape)
        : root.Numel == 1 ? root.Data.OnesLike() : throw new AutogradException(
            $"Backward: shape {root.Data.Layout} is no scalar. Give its gradient, or Sum or Mean it first.");

    static Variable CheckShape(string what, Variable gradient, int[] shape) =>
        gradient.Shape.SequenceEqual(shape) ? gradient
            : throw new ShapeException($"{what} has shape {gradient.Data.Layout}, not {Layout.Show(shape)}.");
}
