using Tensorlet;

namespace Tutorials.Chapter04;

static class Chapter
{
    #region walk
    static Dictionary<Function, Variable> Walk(Variable root, bool tell = false)
    {
        var queue = new PriorityQueue<Function, long>();
        var arrived = new Dictionary<Function, Variable>();
        Hand(root.GradFn!, Tensor.OnesLike(root.Data));
        while (queue.TryDequeue(out var function, out _))
        {
            if (tell) Tell(function, arrived[function], queue.UnorderedItems.Select(item => item.Element));
            if (function.NextFunctions.Count == 0) continue;        // the end at a leaf
            foreach (var (next, gradient) in function.NextFunctions.Zip(function.Backward(arrived[function])))
                if (next is not null && gradient is not null) Hand(next, gradient);
        }
        return arrived;
        void Hand(Function function, Variable gradient)
        {
            if (arrived.TryAdd(function, gradient)) queue.Enqueue(function, -function.Id);
            else arrived[function] += gradient;
        }
    }
    #endregion

    #region tell
    static void Tell(Function function, Variable gradient, IEnumerable<Function> pending) =>
        Console.WriteLine($"{function.Id,2} {function.Name,-14} gets {gradient.Item(),6:0.000}   pending: " +
            string.Join(", ", pending.OrderByDescending(f => f.Id).Select(f => $"{f.Id} {f.Name}")));
    #endregion

    #region depth-first
    static void DepthFirst(Function function, Variable gradient, Dictionary<Function, Variable> arrived)
    {
        if (!arrived.TryAdd(function, gradient)) return;            // been here already
        if (function.NextFunctions.Count == 0) return;
        foreach (var (next, passed) in function.NextFunctions.Zip(function.Backward(gradient)))
            if (next is not null && passed is not null) DepthFirst(next, passed, arrived);
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "diamond";
        var x = new Variable(Tensor.Scalar(0, DType.Float64), requiresGrad: true);
        var a = x.Exp();
        var b = a.Sin();
        var c = a.Sqrt();
        var d = b * c;
        var loss = d + a;
        foreach (var v in new[] { a, b, c, d, loss }) Console.WriteLine($"{v.GradFn!.Id,2} {v.GradFn.Name}");

        yield return "traced";
        var found = Walk(loss, tell: true);

        yield return "engine";
        foreach (var v in new[] { a, b, c, d, loss })
            v.GradFn!.RegisterHook((_, _) => { Console.Write($"{v.GradFn.Name}, "); return null; });
        x.RegisterHook(_ => Console.WriteLine("x"));
        loss.Backward(retainGraph: true);
        var leaf = a.GradFn!.NextFunctions[0]!;
        Console.WriteLine($"engine {x.Grad!.Item():0.000}, ours {found[leaf].Item():0.000}");

        yield return "younger";
        var cube = new Cube();
        var late = cube.Apply(x * 2);
        Console.WriteLine(late.GradFn!.Id > late.GradFn.NextFunctions[0]!.Id);

        yield return "long";
        var start = new Variable(Tensor.Scalar(1, DType.Float64), requiresGrad: true);
        var end = start;
        for (var i = 0; i < 100_000; i++) end *= 1.00001;
        var thread = new Thread(() => end.Backward(retainGraph: true), maxStackSize: 128 * 1024);
        thread.Start();
        thread.Join();
        Console.WriteLine($"{Walk(end).Count:#,0} functions, gradient {start.Grad!.Item():0.0000}");

        yield return "freed";
        var once = new Variable(Tensor.Scalar(3), requiresGrad: true);
        var square = once * once;
        square.Backward();
        try { square.Backward(); }
        catch (AutogradException e) { Console.WriteLine(e.Message); }

        yield return "wrong-order";
        var early = new Dictionary<Function, Variable>();
        DepthFirst(loss.GradFn!, Tensor.OnesLike(loss.Data), early);
        Console.WriteLine(string.Join(", ", early.Keys.Select(f => f.Name)));
        Console.WriteLine($"{early[leaf].Item():0.000}");

        yield return "figures";
        Plot.Save("diamond.svg", Drawing(
            [(leaf, 275), (a.GradFn, 275), (b.GradFn!, 80), (c.GradFn!, 185), (d.GradFn!, 100), (loss.GradFn!, 275)]));
    }

    sealed class Cube : Function // y = x³     dx = 3·x²·dy
    {
        protected override Tensor Forward() { Save(X); return X.Data * X.Data * X.Data; }
        public override Variable[] Backward(Variable dy) => [3 * X * X * dy];
    }

    /// <summary>Boxes from above in the order of their numbers, at given places from left to right.</summary>
    static string Drawing((Function Function, int X)[] boxes)
    {
        var places = boxes.Select((box, i) => (box.Function, box.X, Y: 26 + 62 * i)).ToDictionary(p => p.Function);
        var arrows = places.Values.SelectMany(to => to.Function.NextFunctions.Select(f => places[f!]), (to, from) =>
            $"""<path d="M{from.X} {from.Y + 17}L{to.X} {to.Y - 20}" marker-end="url(#tip)"/>""");
        var texts = places.Values.Select(p => $"""
            <rect x="{p.X - 65}" y="{p.Y - 17}" width="130" height="34" rx="4"/>
            <text x="{p.X}" y="{p.Y + 5}">{p.Function.Id} · {p.Function.Name.Replace("AccumulateGrad", "leaf x")}</text>
            """);
        return $$"""
            <svg xmlns="http://www.w3.org/2000/svg" width="350" height="362" viewBox="0 0 350 362">
            <style>path, rect { stroke: #777; fill: none } rect { stroke: #2E7FD0; stroke-width: 1.5 }
            text { font: 14px sans-serif; fill: #777; text-anchor: middle }</style>
            <marker id="tip" refX="4" refY="4" markerWidth="8" markerHeight="8" orient="auto">
            <path d="M0 1L6 4L0 7" fill="none"/></marker>
            {{string.Join('\n', arrows.Concat(texts))}}
            </svg>

            """;
    }
}
