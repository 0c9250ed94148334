namespace Tensorlet;

/// <summary>The tape: whether it records, and the walk back over it.</summary>
public static class Autograd
{
    static readonly AsyncLocal<bool> off = new();

    /// <summary>True while operations are recorded. Flows with the call, through await and Parallel.</summary>
    public static bool Enabled => !off.Value;

    /// <summary>Records nothing until disposed: <c>using (Autograd.NoGrad()) …</c></summary>
    public static IDisposable NoGrad() => new Mode(true);

    /// <summary>Records again within <see cref="NoGrad"/>, until disposed.</summary>
    public static IDisposable EnableGrad() => new Mode(false);

    sealed class Mode : IDisposable
    {
        readonly bool before = off.Value;
        public Mode(bool noGrad) => off.Value = noGrad;
        public void Dispose() => off.Value = before;
    }

    /// <summary>
    /// Walks back from a root. Functions are numbered as they are made, and none is made before its inputs are; so
    /// taking the pending function with the largest number is a topological order, and needs no sort, no marks and no
    /// recursion.
    /// </summary>
    internal static void Run(Variable root, Variable? seed, bool retain, bool create)
    {
        if (root.Origin is not { } start)
            throw new AutogradException(
                $"Backward: this variable of shape {root.Data.Layout} requires no gradient" +
                (Enabled ? ". Make a leaf with requiresGrad: true." : "; recording is off (NoGrad)."));
        seed = CheckSeed(root, seed);
        using var mode = create ? EnableGrad() : NoGrad();
        var queue = new PriorityQueue<Function, long>();
        var pending = new Dictionary<Function, (Variable Gradient, bool Shared)>();
        Hand(start, seed, true);
        while (queue.TryDequeue(out var function, out _))
        {
            pending.Remove(function, out var arrived);
            var (gradient, shared) = arrived;
            foreach (var hook in function.hooks ?? [])
                if (hook(gradient) is { } replacement)
                    (gradient, shared) = (CheckShape($"a hook on {function.Name}", replacement, gradient.Size()), true);
            if (function is AccumulateGrad { Leaf: var leaf })
            {
                leaf.AddGrad(gradient, shared);
                continue;
            }
            if (function.Freed) throw function.FreedGraph();
            var gradients = function.Backward(gradient);
            if (gradients.Length != function.next.Length)
                throw new AutogradException(
                    $"{function.Name}.Backward gave {gradients.Length} gradients for {function.next.Length} inputs.");
            for (var i = 0; i < gradients.Length; i++)
            {
                if (function.next[i] is not { } next || gradients[i] is not { } passed) continue;
                CheckShape($"{function.Name}.Backward, for input {i},", passed, function.shapes[i]);
                // A gradient that may be someone else's memory too is copied before a leaf keeps it.
                Hand(next, passed, shared: create || SharesMemory(passed, gradient, gradients, i));
            }
            if (!retain) function.Free();
        }

        void Hand(Function function, Variable gradient, bool shared)
        {
            if (pending.TryGetValue(function, out var sum)) pending[function] = (sum.Gradient + gradient, false);
            else
            {
                pending[function] = (gradient, shared);
                queue.Enqueue(function, -function.Id);
            }
        }
    }

    static bool SharesMemory(Variable passed, Variable incoming, Variable?[] siblings, int index)
    {
        var storage = passed.Data.Storage;
        if (storage == incoming.Data.Storage || storage.Version > 0 || !passed.Data.IsContiguous
            || storage.Count != passed.Numel) return true;
        for (var i = 0; i < siblings.Length; i++)
            if (i != index && siblings[i]?.Data.Storage == storage) return true;
        return false;
    }

    static Variable CheckSeed(Variable root, Variable? seed)
    {
        if (seed is not null) return CheckShape("Backward: the gradient given", seed, root.Data.Layout.shape);
        return root.Numel == 1 ? root.Data.OnesLike() : throw new AutogradException(
            $"Backward: shape {root.Data.Layout} is no scalar. Give its gradient, or Sum or Mean it first.");
    }

    static Variable CheckShape(string what, Variable gradient, int[] shape) =>
        gradient.Shape.SequenceEqual(shape) ? gradient
            : throw new ShapeException($"{what} has shape {gradient.Data.Layout}, not {Layout.Show(shape)}.");
}
