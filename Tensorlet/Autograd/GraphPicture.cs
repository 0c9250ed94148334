using static System.Net.WebUtility;

namespace Tensorlet;

/// <summary>A node of the graph: one function, and what the picture shows about this function.</summary>
/// <param name="Number">The number of the function in the picture, counted from 1. It is larger than the numbers of the
/// functions that computed the inputs of this function.</param>
/// <param name="Name">The name of the operation, or of the leaf.</param>
/// <param name="Shape">The shape of the result of the function.</param>
/// <param name="Inputs">The numbers of the functions that computed the inputs of this function.</param>
/// <param name="Gradient">The Euclidean norm of the gradient with respect to the result of the function, or null if the
/// gradient is not known.</param>
public sealed record GraphNode(int Number, string Name, string Shape, IReadOnlyList<int> Inputs, double? Gradient)
{
    internal bool IsLeaf => Inputs.Count == 0;
    internal string Norm => Gradient is { } g ? $"|gradient| {g:G4}" : "";
}

/// <summary>
/// The graph of the functions that computed a variable. It can be written as text, in the languages of Mermaid and
/// Graphviz, as an SVG, and as a list of the steps that the backward pass takes.
/// </summary>
public sealed class GraphPicture
{
    /// <summary>
    /// The functions of the graph. Each function comes after the functions that computed its inputs. The last function
    /// computed the variable whose graph is shown.
    /// </summary>
    public IReadOnlyList<GraphNode> Nodes { get; }

    /// <summary>
    /// Draws the graph of a variable. If the graph has not been freed, the picture also shows the Euclidean norm of a
    /// gradient for each function: the gradient of the sum of the elements of the variable with respect to the result
    /// of the function.
    /// </summary>
    /// <param name="root">The variable.</param>
    /// <param name="names">The names of leaves, as pairs of a name and a leaf. For example, the method
    /// <c>NamedParameters</c> of a module returns such pairs.</param>
    /// <exception cref="AutogradException">The variable does not require a gradient.</exception>
    public GraphPicture(Variable root, params IEnumerable<(string Name, Variable Leaf)> names)
    {
        var start = root.Given().OriginFor("GraphPicture");
        var shapes = new Dictionary<Function, string> { [start] = $"{root.Data.Layout}" };
        var open = new Stack<Function>([start]);
        while (open.TryPop(out var function))
            for (var i = 0; i < function.next.Length; i++)
                if (function.next[i] is { } next && shapes.TryAdd(next, Layout.Show(function.shapes[i])))
                    open.Push(next);
        Function[] order = [.. shapes.Keys.OrderBy(f => f.Id)];
        var numbers = order.Select((f, i) => (f, i)).ToDictionary(p => p.f, p => p.i + 1);
        var known = names.Given().GroupBy(n => n.Leaf).ToDictionary(g => g.Key, g => g.First().Name);
        var gradients = order.Any(f => f.Freed) ? [] : Autograd.Gradients([root],
            [Tensor.OnesLike(root.Data)], order, retain: true, create: false);
        Nodes = [.. order.Select((f, i) => new GraphNode(i + 1, Name(f), shapes[f],
            [.. f.NextFunctions.Where(n => n is not null).Select(n => numbers[n!])],
            gradients.GetValueOrDefault(f) is { } g ? Math.Sqrt((g.Data * g.Data).Sum().Item()) : null))];

        string Name(Function f) =>
            f is AccumulateGrad { Leaf: var leaf } ? known.GetValueOrDefault(leaf, "leaf") : f.Name;
    }

    /// <summary>Returns a text with one line for each function.</summary>
    public override string ToString() => string.Join('\n', Nodes.Select(n =>
        $"{n.Number,4} {n.Name,-18} {n.Shape,-16} {(n.IsLeaf ? " " : "←")} {string.Join(", ", n.Inputs),-12} {n.Norm}"
            .TrimEnd()));

    /// <summary>
    /// Returns the steps of the backward pass, in order. Each step names a function that gets a gradient, and then the
    /// functions to which this function passes gradients.
    /// </summary>
    public string ToTrace() => string.Join('\n', Nodes.OrderBy(n => n.IsLeaf).ThenByDescending(n => n.Number)
        .Select((n, step) => $"{step + 1,4}. {n.Name} ({n.Number}) gets a gradient of shape {n.Shape} {n.Norm}" +
            (n.IsLeaf ? " and keeps it" : $" and passes gradients on to {string.Join(" and ", n.Inputs.Select(i =>
                $"{Nodes[i - 1].Name} ({i})"))}")));

    /// <summary>
    /// Returns the graph as a flow chart in Mermaid's language. Code hosting sites draw such charts when they show
    /// Markdown.
    /// </summary>
    public string ToMermaid() => Chart("flowchart TD", "", "-->", n =>
        $"{(n.IsLeaf ? '(' : '[')}\"{n.Name}<br>{n.Shape}<br>{n.Norm}\"{(n.IsLeaf ? ')' : ']')}");

    /// <summary>Returns the graph in Graphviz's language.</summary>
    public string ToDot() => Chart("digraph {", "}\n", "->", n =>
        $" [shape={(n.IsLeaf ? "ellipse" : "box")} label=\"{n.Name}\\n{n.Shape}\\n{n.Norm}\"]");

    string Chart(string first, string last, string arrow, Func<GraphNode, string> box)
    {
        var edges = Nodes.SelectMany(n => n.Inputs.Select(i => $"  n{i} {arrow} n{n.Number}"));
        return string.Join('\n', [first, .. Nodes.Select(n => $"  n{n.Number}{box(n)}"), .. edges, last]);
    }

    /// <summary>
    /// Returns the graph as an SVG. The function that computed the variable is at the bottom. Every other function is
    /// above the functions that use its result. The layout follows Sugiyama's method: the functions are arranged in
    /// layers. Within a layer, they are spaced evenly, and sorted by the average position (the barycentre) of the
    /// functions that use their results.
    /// </summary>
    public string ToSvg()
    {
        const int width = 150, height = 56, across = 24, down = 40;
        const string leaf = "rx=\"28\" fill=\"#fdf3dc\"", inner = "rx=\"4\" fill=\"#eef3fb\"";
        var (layers, places) = (new int[Nodes.Count + 1], new double[Nodes.Count + 1]);
        foreach (var n in Nodes.Reverse())
            foreach (var i in n.Inputs) layers[i] = Math.Max(layers[i], layers[n.Number] + 1);
        var rows = Nodes.GroupBy(n => layers[n.Number]).OrderBy(g => g.Key).ToList();
        var widest = rows.Max(row => row.Count()) * (width + across) + across;
        var users = Nodes.SelectMany(n => n.Inputs.Select(i => (i, n.Number))).ToLookup(p => p.i, p => p.Number);
        foreach (var row in rows)
        {
            int[] sorted = [.. row.Select(n => n.Number).OrderBy(n => users[n].Select(u => places[u]).DefaultIfEmpty()
                .Average())];
            var left = (widest - sorted.Length * (width + across) + across) / 2.0;
            for (var i = 0; i < sorted.Length; i++) places[sorted[i]] = left + i * (width + across);
        }
        var lines = Nodes.SelectMany(n => n.Inputs.Select(i => $"""
            <path d="M{Middle(i)} {Top(i) + height}L{Middle(n.Number)} {Top(n.Number)}" stroke="gray"/>
            """));
        var boxes = Nodes.Select(n => $"""
            <rect x="{places[n.Number]}" y="{Top(n.Number)}" width="{width}" height="{height}" stroke="#446"
             {(n.IsLeaf ? leaf : inner)}/>
            <text x="{Middle(n.Number)}" y="{Top(n.Number) + 17}" font-weight="bold">{HtmlEncode(n.Name)}</text>
            <text x="{Middle(n.Number)}" y="{Top(n.Number) + 33}">{n.Shape}</text>
            <text x="{Middle(n.Number)}" y="{Top(n.Number) + 49}">{n.Norm}</text>
            """);
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{widest}" height="{rows.Count * (height + down) + down}"
             font-family="sans-serif" font-size="12" text-anchor="middle">
            <rect width="100%" height="100%" fill="white"/>
            {string.Join('\n', [.. lines, .. boxes])}
            </svg>

            """;

        double Middle(int number) => places[number] + width / 2;
        int Top(int number) => (rows.Count - 1 - layers[number]) * (height + down) + down;
    }
}
