using System.Collections.Concurrent;

namespace Tensorlet;

/// <summary>
/// Controls the tape, which is the record of operations that the backward pass goes through in reverse. This class
/// switches recording on and off, runs the backward pass, and computes the gradients of given variables with respect to
/// other variables.
/// </summary>
public static partial class Autograd
{
    /// <summary>The settings for the operations of one flow of control.</summary>
    /// <param name="Records">Whether operations are recorded.</param>
    /// <param name="Anomaly">Whether anomaly mode is on; see <see cref="DetectAnomaly"/>.</param>
    /// <param name="Profile">The profile that times the operations, or null.</param>
    /// <param name="Listener">An action that is called after each function has run, or null. Its arguments are the
    /// function and the inputs of the function.</param>
    /// <param name="Taken">The position that each generator had before it generated numbers, for a checkpoint; or
    /// null.</param>
    /// <param name="Again">Whether the operations run a second time, for a checkpoint.</param>
    /// <param name="AtEnd">The actions that are called at the end of the backward pass, or null.</param>
    internal sealed record Modes(bool Records = true, bool Anomaly = false, Profile? Profile = null,
        Action<Function, Variable[]>? Listener = null, ConcurrentDictionary<Generator, long>? Taken = null,
        bool Again = false, List<Action>? AtEnd = null);

    static readonly AsyncLocal<(Scope[] Open, Modes Mode)> scopes = new();
    static readonly Modes usual = new();

    internal static Modes Mode => scopes.Value.Mode ?? usual;

    /// <summary>
    /// True while operations are recorded; false inside <c>using (Autograd.NoGrad())</c>. It is also false in the
    /// methods that this block calls, including asynchronous methods, and in the bodies of <c>Parallel</c> loops inside
    /// this block.
    /// </summary>
    public static bool Enabled => Mode.Records;

    /// <summary>
    /// Stops recording until the returned object is disposed, for example at the end of
    /// <c>using (Autograd.NoGrad()) { … }</c>.
    /// </summary>
    public static IDisposable NoGrad() => new Scope(mode => mode with { Records = false });

    /// <summary>Turns recording on again inside <see cref="NoGrad"/>, until the returned object is disposed.</summary>
    public static IDisposable EnableGrad() => new Scope(mode => mode with { Records = true });

    /// <summary>
    /// Turns on anomaly mode until the returned object is disposed. In this mode, each operation remembers the line of
    /// the user's code that called it, and errors show this line. The backward pass throws an exception at the first
    /// operation whose Backward produces a NaN. Anomaly mode is slow: it adds about 20 µs to each operation.
    /// </summary>
    public static IDisposable DetectAnomaly() => new Scope(mode => mode with { Anomaly = true });

    /// <summary>Returns a profile, which counts and times operations until it is disposed.</summary>
    public static Profile Profile() => new();

    /// <summary>
    /// A change of the settings that lasts until this object is disposed. The changes of all open scopes are
    /// applied in the order in which the scopes were opened. So if a scope is disposed twice, or before a scope
    /// that was opened inside it, only the change of the disposed scope is undone.
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

    /// <summary>
    /// Computes, for every leaf, the sum of the gradients of several variables with respect to that leaf. The
    /// <c>Grad</c> of the leaf is increased by this sum.
    /// </summary>
    /// <param name="roots">The variables that are differentiated.</param>
    /// <param name="gradients">The gradient of the loss with respect to each root. For a scalar, a gradient that is
    /// null or not given is read as 1.</param>
    /// <param name="retainGraph">Whether to keep the values that the functions of the graph have saved for the backward
    /// pass, so that the graph can be used again.</param>
    /// <param name="createGraph">Whether to record the backward pass itself, so that the gradients can be
    /// differentiated.</param>
    public static void Backward(IReadOnlyList<Variable> roots, IReadOnlyList<Variable?>? gradients = null,
        bool retainGraph = false, bool createGraph = false) =>
        Run(roots, gradients, retainGraph || createGraph, createGraph, null);

    /// <summary>
    /// Computes, for each of <paramref name="inputs"/>, the sum of the gradients of all <paramref name="outputs"/> with
    /// respect to this input. Inputs may be leaves or results of operations. The <c>Grad</c> of the leaves does not
    /// change.
    /// </summary>
    /// <param name="outputs">The variables that are differentiated.</param>
    /// <param name="inputs">The variables with respect to which the outputs are differentiated.</param>
    /// <param name="gradients">The gradient of the loss with respect to each output. For a scalar, a gradient that is
    /// null or not given is read as 1.</param>
    /// <param name="retainGraph">Whether to keep the values that the functions of the graph have saved for the backward
    /// pass, so that the graph can be used again.</param>
    /// <param name="createGraph">Whether to record the backward pass itself, so that the gradients can be
    /// differentiated.</param>
    /// <returns>The gradient with respect to each input, or null for an input on which no output depends.</returns>
    /// <exception cref="AutogradException">An input does not require a gradient, or there are no inputs.</exception>
    /// <exception cref="DTypeException">The backward pass computed a gradient whose type differs from the type of the
    /// input.</exception>
    public static Variable?[] Grad(IReadOnlyList<Variable> outputs, IReadOnlyList<Variable> inputs,
        IReadOnlyList<Variable?>? gradients = null, bool retainGraph = false, bool createGraph = false)
    {
        if (inputs.Given().Count == 0) throw new AutogradException("Grad: there are no inputs. Name at least one.");
        Function[] origins = [.. inputs.Select(input => input.Given(nameof(input)).OriginFor("Grad"))];
        var found = Gradients(outputs.Given(), gradients, origins, retainGraph || createGraph, createGraph);
        var given = new Variable?[origins.Length];          // each in memory of its own
        for (var i = 0; i < given.Length; i++)
        {
            found[origins[i]]?.Data.OnlyType("Grad: the gradient", inputs[i].DType);
            given[i] = found[origins[i]] is { } gradient && IsHeld(gradient) ? gradient.Clone() : found[origins[i]];
        }
        return given;

        bool IsHeld(Variable gradient) => gradient.Data.Layout.Overlaps || Array.Exists([.. given, .. gradients ?? []],
            other => other?.Data.Storage == gradient.Data.Storage);
    }

    /// <summary>
    /// Computes the gradients of one output with respect to several inputs. See the overload that takes several
    /// outputs.
    /// </summary>
    public static Variable?[] Grad(Variable output, IReadOnlyList<Variable> inputs, Variable? gradient = null,
        bool retainGraph = false, bool createGraph = false) =>
        Grad([output.Given()], inputs, [gradient], retainGraph, createGraph);

    /// <summary>
    /// Computes the gradient of one output with respect to one input. See the overload that takes several outputs.
    /// </summary>
    public static Variable? Grad(Variable output, Variable input, Variable? gradient = null, bool retainGraph = false,
        bool createGraph = false) => Grad(output, [input.Given()], gradient, retainGraph, createGraph)[0];

    /// <summary>
    /// Computes the gradients of the sum of <paramref name="roots"/> with respect to the results of
    /// <paramref name="functions"/>.
    /// </summary>
    internal static Dictionary<Function, Variable?> Gradients(IReadOnlyList<Variable> roots,
        IReadOnlyList<Variable?>? seeds, IEnumerable<Function> functions, bool retain, bool create)
    {
        var wanted = functions.Distinct().ToDictionary(function => function, _ => (Variable?)null);
        Run(roots, seeds, retain, create, wanted);
        return wanted;
    }

    /// <summary>
    /// Runs a backward pass within the backward pass of a function that has computed its results again. The inner
    /// pass ends at the functions of the inputs, where the outer pass goes on.
    /// </summary>
    /// <returns>A gradient for each of these functions, or null. A function that occurs twice gets its gradient once.
    /// </returns>
    internal static Variable?[] Within(IReadOnlyList<Variable> roots, IReadOnlyList<Variable?> seeds, Function?[] ends,
        bool create)
    {
        var found = ends.OfType<Function>().Distinct().ToDictionary(end => end, _ => (Variable?)null);
        Run(roots, seeds, create, create, found, stop: true);
        return Array.ConvertAll(ends, end => end is not null && found.Remove(end, out var gradient) ? gradient : null);
    }

    /// <summary>
    /// Registers an action that is called at the end of the backward pass that is running. This method is meant to be
    /// called by hooks.
    /// </summary>
    /// <returns>True if the action will be called. False if no backward pass is running, or if the backward pass that
    /// is running does not add gradients to leaves. For example, the backward pass of <c>Grad</c> does not add
    /// gradients to leaves.</returns>
    public static bool QueueCallback(Action action)
    {
        action.Given();
        Mode.AtEnd?.Add(action);
        return Mode.AtEnd is not null;
    }

    internal static AutogradException NoGradient(string operation, Variable x) =>
        new($"{operation}: this variable of shape {x.Data.Layout} does not require a gradient" +
            (Enabled ? ". Make a leaf with requiresGrad: true; a gradient needs createGraph: true to have one itself."
                : "; recording is off (NoGrad)."));

    /// <summary>
    /// Runs the backward pass. Functions are numbered in the order of their creation, and each function is created
    /// after the functions that computed its inputs. Among the functions that have received a gradient and have not
    /// run yet, the loop always takes the function with the largest number. So the loop follows a topological
    /// order, and needs no sort, no marks and no recursion.
    /// </summary>
    /// <param name="roots">The variables at which the backward pass starts.</param>
    /// <param name="seeds">The gradients of the loss with respect to the roots.</param>
    /// <param name="retain">Whether functions keep the values that they have saved for the backward pass.</param>
    /// <param name="create">Whether the backward pass is recorded.</param>
    /// <param name="wanted">The functions whose incoming gradients are wanted; these gradients become the values of
    /// the dictionary. If the dictionary is null, gradients are added to the <c>Grad</c> of the leaves
    /// instead.</param>
    /// <param name="stop">Whether the backward pass ends at these functions, and does not call their hooks, because
    /// another backward pass goes on there.</param>
    static void Run(IReadOnlyList<Variable> roots, IReadOnlyList<Variable?>? seeds, bool retain, bool create,
        Dictionary<Function, Variable?>? wanted, bool stop = false)
    {
        if (roots.Given().Count == 0 || (seeds is not null && seeds.Count != roots.Count))
            throw new AutogradException($"Backward: {roots.Count} variables and {seeds?.Count ?? 0} gradients were " +
                "given. Give at least one variable, and either a gradient (or null) for each or no gradients.");
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
            if (stop && wanted!.ContainsKey(function))
            {
                wanted[function] = gradient;
                continue;
            }
            foreach (var hook in function.hooks?.ToArray() ?? [])
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
                if (passed.Shape != function.shapes[i])        // the text takes long to build
                    CheckShape($"{function.Name}.Backward, for input {i},", passed, function.shapes[i]);
                // A gradient that may share memory with something else is copied before a leaf keeps it.
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
    /// Finds, for each leaf that has hooks, the first function that used the leaf, and groups the leaves by these
    /// functions. Once the backward pass has gone through the first function that used a leaf, the gradient with
    /// respect to the leaf is complete. So the hooks of the leaf need not wait for the end of the backward pass.
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
        : root.Numel == 1 ? Tensor.OnesLike(root.Data) : throw new AutogradException(
            $"Backward: shape {root.Data.Layout} is not a scalar. Give its gradient, or take its Sum or Mean first.");

    static Variable CheckShape(string what, Variable gradient, int[] shape) =>
        gradient.Shape == shape ? gradient
            : throw new ShapeException($"{what} has shape {gradient.Data.Layout}, not {Layout.Show(shape)}.");
}
