using System.Globalization;
using System.Text;
using Tensorlet;
using Tensorlet.Legacy;

namespace Tutorials.Chapter18;

static class Chapter
{
    #region residual
    sealed class Residual(Module inner) : Module // y = x + f(x)     dx = dy + df(dy)
    {
        public override Tensor UpdateOutput(Tensor input) => Output = input + inner.UpdateOutput(input);
        public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput) =>
            GradInput = gradOutput + inner.UpdateGradInput(input, gradOutput);
        public override void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1) =>
            inner.AccGradParameters(input, gradOutput, scale);
        public override Parameter[] Parameters() => inner.Parameters();
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "forward";
        var layer = new Linear(inputSize: 3, outputSize: 2);
        layer.Weight.Copy_(Tensor.From(new[,] { { 1f, 0, -1 }, { 2, 1, 0 } }));
        layer.Bias.Copy_(Tensor.From([10f, 20]));
        var x = Tensor.From(new[,] { { 1f, 2, 3 }, { 4, 5, 6 } });
        Console.WriteLine(layer.UpdateOutput(x));

        yield return "backward";
        var dy = Tensor.From(new[,] { { 1f, 0 }, { 1, 2 } });
        Console.WriteLine(layer.UpdateGradInput(x, dy));
        layer.AccGradParameters(x, dy);
        Console.WriteLine(layer.GradWeight);
        Console.WriteLine(layer.GradBias);

        yield return "net";
        Generator.ManualSeed(1);
        var net = new Sequential().Add(new Linear(2, 8)).Add(new Tanh()).Add(new Linear(8, 2)).Add(new LogSoftMax());
        var criterion = new ClassNLLCriterion();
        Console.WriteLine(net);

        Plot.Save("layers.svg", Layers("Linear", "Tanh", "Linear", "LogSoftMax", "ClassNLL"));

        yield return "same";
        var points = Tensor.From(new[,] { { 0f, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } });
        var classes = Tensor.From([0L, 1, 1, 0]);
        Variable[] w = [.. net.Parameters().Select(p => new Variable(p.Weight.Clone(), requiresGrad: true))];
        Variable Loss() =>
            F.CrossEntropy(F.Linear(F.Linear(points, w[0], w[1]).Tanh(), w[2], w[3]), classes);
        Loss().Backward();

        var output = net.Forward(points);
        criterion.Forward(output, classes);
        net.Backward(points, criterion.Backward(output, classes));
        foreach (var (p, v) in net.Parameters().Zip(w))
        {
            var worst = (p.Gradient - v.Grad!.Data).ToArray<double>().Max(Math.Abs);
            Console.WriteLine($"{p.Weight.Layout}: equal to 1e-6: {worst < 1e-6}");
        }

        yield return "train";
        for (var step = 0; step < 300; step++)
        {
            net.ZeroGradParameters();
            output = net.Forward(points);
            criterion.Forward(output, classes);
            net.Backward(points, criterion.Backward(output, classes));
            net.UpdateParameters(lr: 0.5);
        }
        Console.WriteLine($"exclusive or: {string.Join(' ', net.Forward(points).ArgMax(1).ToArray<long>())}");
        Console.WriteLine($"loss below 0.05: {criterion.Output < 0.05}");

        yield return "twice";
        var tanh = new Tanh();
        try { new Sequential().Add(tanh).Add(tanh); }
        catch (TensorletException e) { Console.WriteLine(e.Message); }

        yield return "branch";
        var u = Tensor.From([0.5f, -1]);
        var branch = new Residual(new Tanh());
        branch.Forward(u);
        var byHand = branch.Backward(u, Tensor.Ones(2));
        var v0 = new Variable(u, requiresGrad: true);
        (v0 + v0.Tanh()).Sum().Backward();
        Console.WriteLine(byHand);
        Console.WriteLine(v0.Grad!.Data);

        yield return "in-between";
        var (sigmoid, at) = (new Sigmoid(), Tensor.From([0f]));
        sigmoid.Forward(at);
        Console.WriteLine($"{sigmoid.Backward(at, Tensor.Ones(1)).Item():0.0000}");
        sigmoid.Forward(at);
        sigmoid.Forward(Tensor.From([3f]));                     // "only a look at another sample"
        Console.WriteLine($"{sigmoid.Backward(at, Tensor.Ones(1)).Item():0.0000}");

        try { new Sigmoid().Backward(at, Tensor.Ones(1)); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }

    }

    static string Layers(params string[] names)
    {
        const int Step = 160, Box = 100;
        var text = new StringBuilder();
        void Add(string line) => text.Append(line).Append('\n');
        void Arrow(string kind, int x1, int y1, int x2, int y2) =>
            Add($"<path d=\"M {x1} {y1} L {x2} {y2}\" class=\"{kind}\" marker-end=\"url(#{kind})\"/>");
        void Text(int x, int y, string what) => Add($"<text x=\"{x}\" y=\"{y}\">{what}</text>");
        Text(10, 55, "x");
        Arrow("forward", 20, 50, 58, 50);
        Arrow("backward", 60, 80, 22, 80);
        Text(10, 85, "dx");
        foreach (var (i, name) in names.Index())
        {
            var left = 62 + i * Step;
            Add($"<rect x=\"{left}\" y=\"35\" width=\"{Box}\" height=\"60\" rx=\"6\"/>");
            Text(left + Box / 2, 70, name);
            Arrow("forward", left + Box + 2, 50, left + Step - 4, 50);
            Arrow("backward", left + Step - 2, 80, left + Box + 4, 80);
            Text(left + (Box + Step) / 2, 42, i < names.Length - 1 ? "y" : "loss");
            Text(left + (Box + Step) / 2, 100, i < names.Length - 1 ? "dy" : "1");
            if (name != "Linear") continue;
            Arrow("backward", left + Box / 2, 97, left + Box / 2, 122);
            Text(left + Box / 2, 140, "dW, db");
        }
        string Marker(string kind) => $"<marker id=\"{kind}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" " +
            "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M 0 0 L 8 4 L 0 8 z\" " +
            $"class=\"{kind} head\"/></marker>";
        var width = 62 + names.Length * Step + 10;
        return string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{{width}}" height="152" viewBox="0 0 {{width}} 152">
            <style>text { font: 14px sans-serif; fill: #777; text-anchor: middle } rect { fill: none; stroke: #777 }
            path { fill: none; stroke-width: 2 } .forward { stroke: #2E7FD0 } .backward { stroke: #D06A1E }
            .forward.head { fill: #2E7FD0; stroke: none } .backward.head { fill: #D06A1E; stroke: none }</style>
            <defs>{{Marker("forward")}}{{Marker("backward")}}</defs>
            {{text}}</svg>
            """) + "\n";
    }
}
