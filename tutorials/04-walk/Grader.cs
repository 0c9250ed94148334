namespace Tutorials.Chapter04;

sealed class Grader : Exercise<IOrder>
{
    const int Long = 200_000;

    public override string Title => "A topological order";

    public override IReadOnlyList<string> Hints =>
    [
        "A node may be taken when nobody is left who uses it. How would you know that, without looking at the whole " +
            "graph each time?",
        "Go through the graph twice. The first time, from the root, count for each node how often it is used by " +
            "nodes that the root needs. A Stack or a Queue of nodes to look at does it, without a method that calls " +
            "itself.",
        "The second time, begin with the root. Whenever a node is taken, count down each of its inputs, once for " +
            "each time that it stands there. One that comes to 0 may be taken next.",
        "Gradients: 1 at the root, then for each node of Order: gradients[input] += gradients[node] * slope for " +
            "each of its inputs.",
    ];

    static Action<IOrder> Orders(params (int[][] Inputs, int Root, string What)[] cases) => answer =>
    {
        foreach (var (inputs, root, what) in cases) Judge(answer.Order(Copy(inputs), root), inputs, root, what);
    };

    protected override Step<IOrder>[] Requirements =>
    [
        new("a chain whose numbers are mixed", Orders(
            ([[]], 0, "one node"),
            ([[2], [], [1]], 0, "a chain"))),
        new("only what the root needs", Orders(
            ([[1], [], [0]], 0, "a chain, whose last node the root does not need"),
            ([[], [0], [0, 1]], 1, "a user of the root, which is not needed"))),
        new("paths that meet: each once, after all that use it", Orders(
            ([[1, 2], [2], []], 0, "a short way and a long way to node 2"),
            ([[2, 1], [2], []], 0, "a short way and a long way to node 2, the short one first"),
            ([[1, 2], [3], [1], []], 0, "node 1 is used by the root and by node 2"),
            ([[3], [3, 0], [1, 0], []], 2, "two diamonds"))),
        new("the same input twice, as in x·x", Orders(
            ([[1, 1], []], 0, "node 0 is node 1 times itself"),
            ([[1, 1], [2, 2, 2], []], 0, "a square of a cube"))),
        new("drawn graphs", answer =>
        {
            for (var seed = 1; seed <= 40; seed++)
            {
                var (inputs, _, root, _) = Drawn(seed, 3 + seed / 2);
                Judge(answer.Order(Copy(inputs), root), inputs, root, $"drawn graph {seed}");
            }
        }),
        new("a chain of 200,000 nodes, so without a method that calls itself", answer =>
        {
            var inputs = Chain();
            Judge(answer.Order(Copy(inputs), 0), inputs, 0, $"a chain of {Long:#,0} nodes");
        }),
        new("a ladder of 40 nodes, with 549,755,813,888 paths through it", answer =>
            Judge(answer.Order(Ladder(), 0), Ladder(), 0, "a ladder, each node the next one times itself")),
        new("gradients: a slope for each use, and sums where paths meet", answer =>
        {
            Derivatives(answer, [[1], []], [[3], []], 0, [1, 3], "y = 3·x");
            Derivatives(answer, [[1, 1], []], [[2, 5], []], 0, [1, 7], "node 1 is used twice, with slopes 2 and 5");
            Derivatives(answer, [[1], [], [0]], [[3], [], [4]], 0, [1, 3, 0], "node 2 uses the root");
            Derivatives(answer, [[2, 1], [2], []], [[3, 4], [5], []], 0, [1, 4, 23], "two ways to node 2");
        }),
        new("gradients of drawn graphs", answer =>
        {
            for (var seed = 1; seed <= 40; seed++)
            {
                var (inputs, slopes, root, expected) = Drawn(seed, 3 + seed / 2);
                Derivatives(answer, inputs, slopes, root, expected, $"drawn graph {seed}");
            }
        }),
        new("gradients of the long chain, and of the ladder: each is handed on once, when all of it is there", answer =>
        {
            var (chain, ladder) = (Chain(), Ladder());
            Derivatives(answer, chain, [.. chain.Select(list => (double[])[.. list.Select(_ => 1.0)])], 0,
                [.. chain.Select(_ => 1.0)], $"a chain of {Long:#,0} nodes, all slopes 1");
            Derivatives(answer, ladder, [.. ladder.Select(list => (double[])[.. list.Select(_ => 0.5)])], 0,
                [.. ladder.Select(_ => 1.0)], "a ladder of 40 nodes, all slopes 0.5");
        }),
    ];

    static void Derivatives(
        IOrder answer, int[][] inputs, double[][] slopes, int root, double[] expected, string what) =>
        Expect.Same(answer.Gradients(Copy(inputs), [.. slopes.Select(s => (double[])[.. s])], root), expected,
            inputs.Length > 30 ? what : $"{what}, inputs {Show(inputs)}, slopes {Show(slopes)}, root {root}",
            because: "Each use of a node hands " +
            "it gradient · slope; what arrives is added, and nothing is passed on before all of it has arrived.");

    static void Judge(int[]? order, int[][] inputs, int root, string what)
    {
        what = inputs.Length > 30 ? what : $"{what}: inputs {Show(inputs)}, root {root}";
        Expect.That(order is not null, $"{what}: null came back.");
        var yours = order!.Length > 40 ? "" : $" Yours is [{string.Join(", ", order)}].";
        var (needed, places) = (Needed(inputs, root), new Dictionary<int, int>());
        for (var i = 0; i < order.Length; i++)
        {
            var node = order[i];
            Expect.That(node >= 0 && node < inputs.Length, $"{what}: there is no node {node}.{yours}");
            Expect.That(needed.Contains(node), $"{what}: the root does not need node {node}.{yours}");
            Expect.That(places.TryAdd(node, i), $"{what}: node {node} stands there twice.{yours}");
        }
        foreach (var node in needed) Expect.That(places.ContainsKey(node), $"{what}: node {node} is missing.{yours}");
        foreach (var node in needed)
            foreach (var input in inputs[node])
                Expect.That(places[input] > places[node], $"{what}: node {input} stands before node {node}, which " +
                    $"uses it: its gradient would be passed on before all of it has arrived.{yours}");
    }

    static HashSet<int> Needed(int[][] inputs, int root)
    {
        var (needed, open) = (new HashSet<int> { root }, new Queue<int>([root]));
        while (open.TryDequeue(out var node))
            foreach (var input in inputs[node])
                if (needed.Add(input)) open.Enqueue(input);
        return needed;
    }

    /// <summary>A graph made in order, and its derivatives; then its nodes get other numbers.</summary>
    static (int[][] Inputs, double[][] Slopes, int Root, double[] Expected) Drawn(int seed, int count)
    {
        var random = new Random(seed);
        var numbers = Enumerable.Range(0, count).ToArray();
        random.Shuffle(numbers);
        var (inputs, slopes, expected) = (new int[count][], new double[count][], new double[count]);
        var root = count - 1 - random.Next(Math.Min(3, count - 1));
        int[][] made = [.. Enumerable.Range(0, count).Select(n => (int[])[.. Enumerable.Range(0, n == 0 ? 0 : random
            .Next(n == root ? 1 : 0, 4)).Select(_ => random.Next(Math.Max(0, n - 6), n))])];
        expected[numbers[root]] = 1;
        for (var n = count - 1; n >= 0; n--)
        {
            inputs[numbers[n]] = [.. made[n].Select(i => numbers[i])];
            slopes[numbers[n]] = [.. made[n].Select(_ => random.Next(1, 4) / 2.0)];
            for (var i = 0; i < made[n].Length; i++)
                expected[numbers[made[n][i]]] += expected[numbers[n]] * slopes[numbers[n]][i];
        }
        return (inputs, slopes, numbers[root], expected);
    }

    /// <summary>A chain from node 0, which goes through the even numbers up, and through the odd ones down.</summary>
    static int[][] Chain()
    {
        int Next(int n) => n % 2 == 1 ? n - 2 : n == Long - 2 ? Long - 1 : n + 2;
        return [.. Enumerable.Range(0, Long).Select(n => n == 1 ? Array.Empty<int>() : [Next(n)])];
    }

    /// <summary>Each node is the next one times itself, so that the paths double with each node.</summary>
    static int[][] Ladder() => [.. Enumerable.Range(1, 40).Select(n => n < 40 ? new[] { n, n } : [])];

    static int[][] Copy(int[][] inputs) => [.. inputs.Select(list => (int[])[.. list])];
    static string Show<T>(T[][] lists) =>
        $"[{string.Join(", ", lists.Select(list => $"[{string.Join(", ", list)}]"))}]";

    protected override Mistake<IOrder>[] WrongAnswers =>
    [
        new("depth first, in the order of arrival", new Arrival(), "stands before node"),
        new("every path, so that nodes come twice", new Paths(), "stands there twice"),
        new("every node of the graph", new Everything(), "the root does not need node"),
        new("by number, as if it were creation order", new ByNumber(), "stands before node"),
        new("a method that calls itself", new Recursive(), "InsufficientExecutionStack"),
        new("gradients that overwrite one another", new Overwriting(), "what arrives is added"),
        new("the slope of the first use for every use", new FirstSlope(), "slopes 2 and 5"),
    ];

    /// <summary>Right, but for what a mistake overrides.</summary>
    abstract class Wrong : IOrder
    {
        public virtual int[] Order(int[][] inputs, int root)
        {
            var (needed, order) = (Needed(inputs, root), new List<int>());
            var left = needed.ToDictionary(n => n, _ => 0);
            foreach (var input in needed.SelectMany(n => inputs[n])) left[input]++;
            order.Add(root);
            for (var i = 0; i < order.Count; i++)
                order.AddRange(inputs[order[i]].Where(input => --left[input] == 0));
            return [.. order];
        }

        public double[] Gradients(int[][] inputs, double[][] slopes, int root)
        {
            var gradients = new double[inputs.Length];
            gradients[root] = 1;
            foreach (var node in Order(inputs, root))
                for (var i = 0; i < inputs[node].Length; i++)
                    Give(ref gradients[inputs[node][i]], gradients[node], slopes[node], i);
            return gradients;
        }

        protected virtual void Give(ref double to, double gradient, double[] slopes, int i) =>
            to += gradient * slopes[i];
    }

    sealed class Arrival : Wrong
    {
        public override int[] Order(int[][] inputs, int root)
        {
            var (order, open) = (new List<int>(), new Stack<int>([root]));
            while (open.TryPop(out var node))
            {
                if (order.Contains(node)) continue;
                order.Add(node);
                foreach (var input in inputs[node].Reverse()) open.Push(input);
            }
            return [.. order];
        }
    }

    sealed class Paths : Wrong
    {
        public override int[] Order(int[][] inputs, int root) =>
            [root, .. inputs[root].SelectMany(input => Order(inputs, input))];
    }

    sealed class Everything : Wrong
    {
        public override int[] Order(int[][] inputs, int root)
        {
            var needed = base.Order(inputs, root);
            return [.. needed, .. Enumerable.Range(0, inputs.Length).Except(needed)];
        }
    }

    sealed class ByNumber : Wrong
    {
        public override int[] Order(int[][] inputs, int root) =>
            [.. Needed(inputs, root).OrderByDescending(node => node)];
    }

    sealed class Recursive : Wrong
    {
        public override int[] Order(int[][] inputs, int root)
        {
            var (order, seen) = (new List<int>(), new HashSet<int>());
            void Visit(int node)
            {
                System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
                if (!seen.Add(node)) return;
                foreach (var input in inputs[node]) Visit(input);
                order.Add(node);
            }
            Visit(root);
            order.Reverse();
            return [.. order];
        }
    }

    sealed class Overwriting : Wrong
    {
        protected override void Give(ref double to, double gradient, double[] slopes, int i) =>
            to = gradient * slopes[i];
    }

    sealed class FirstSlope : Wrong
    {
        protected override void Give(ref double to, double gradient, double[] slopes, int i) =>
            to += gradient * slopes[0];
    }
}
