using Tensorlet;
using Tensorlet.Optim;

namespace Tutorials.Chapter07;

static class Chapter
{
    public static IEnumerable<string> Run()
    {
        yield return "loop";
        var p = new Variable(Tensor.From([3.0, -2.0]), requiresGrad: true);
        var optimizer = new SGD([p], lr: 0.1);
        for (var step = 1; step <= 20; step++)
        {
            optimizer.ZeroGrad();               // forget the last gradient
            var loss = (p * p).Sum();           // forward
            loss.Backward();                    // the gradient
            optimizer.Step();                   // a step against it
            if (step % 5 == 0) Console.WriteLine($"step {step,2}: loss {loss.Item():0.0000}");
        }

        yield return "rates";
        foreach (var rate in (double[])[0.1, 0.45, 0.9, 1.1])
        {
            var q = new Variable(Tensor.Scalar(1, DType.Float64), requiresGrad: true);
            var descent = new SGD([q], lr: rate);
            var places = new List<double>();
            for (var step = 0; step < 6; step++)
            {
                places.Add(q.Item());
                descent.ZeroGrad();
                (q * q).Backward();
                descent.Step();
            }
            Console.WriteLine($"lr {rate,-4}  {string.Join("  ", places.Select(x => $"{x,7:0.0000}"))}");
        }

        yield return "valley";
        Variable Valley(Variable at) => (1 - at[0]).Square() + 20 * (at[1] - at[0].Square()).Square();

        yield return "race";
        (List<double[]> Path, int Steps, int Gradients) Race(Func<Variable, Optimizer> choose)
        {
            var (at, path, gradients) = (new Variable(Tensor.From([-1.2, 1.0]), requiresGrad: true),
                new List<double[]>(), 0);
            var runner = choose(at);
            while (path.Count <= 3000)
            {
                path.Add(at.Data.ToArray<double>());
                if (Valley(at).Item() < 1e-4) break;
                runner.Step(() =>
                {
                    runner.ZeroGrad();
                    var loss = Valley(at);
                    loss.Backward();
                    gradients++;
                    return loss;
                });
            }
            return (path, path.Count - 1, gradients);
        }
        var races = new Dictionary<string, (List<double[]> Path, int Steps, int Gradients)>
        {
            ["descent"] = Race(at => new SGD([at], lr: 0.004)),
            ["momentum"] = Race(at => new SGD([at], lr: 0.004, momentum: 0.9)),
            ["Nesterov"] = Race(at => new SGD([at], lr: 0.004, momentum: 0.9, nesterov: true)),
            ["RMSprop"] = Race(at => new RMSprop([at], lr: 0.01)),
            ["Adam"] = Race(at => new Adam([at], lr: 0.1)),
            ["LBFGS"] = Race(at => new LBFGS([at], maxIter: 1, strongWolfe: true)),
        };
        foreach (var (name, (_, steps, gradients)) in races)
            Console.WriteLine($"{name,-9} {steps,4} steps, {(steps < 3000 ? $"{gradients} gradients" : "not there")}");

        yield return "adam-first";
        var pair = new Variable(Tensor.From([0.0, 0]), requiresGrad: true);
        var adam = new Adam([pair], lr: 0.1);
        (pair * Tensor.From([0.001, 1000])).Sum().Backward();
        adam.Step();
        Console.WriteLine(pair.Data);

        yield return "bias";
        double m = 0, v = 0, g = 1, beta1 = 0.9, beta2 = 0.999;
        for (var t = 1; t <= 5; t++)
        {
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * g * g;
            var corrected = m / (1 - Math.Pow(beta1, t)) / Math.Sqrt(v / (1 - Math.Pow(beta2, t)));
            Console.WriteLine($"step {t}: m {m:0.000}, v {v:0.00000}, corrected {corrected:0.00}, " +
                $"not corrected {m / Math.Sqrt(v):0.00}");
        }

        yield return "forgets";
        foreach (var forgets in (bool[])[false, true])
        {
            var at = new Variable(Tensor.Scalar(1, DType.Float64), requiresGrad: true);
            var descent = new SGD([at], lr: 0.1);
            var losses = new List<double>();
            for (var step = 0; step < 20; step++)
            {
                if (!forgets) descent.ZeroGrad();
                var loss = at * at;
                loss.Backward();
                descent.Step();
                if (step % 3 == 0) losses.Add(loss.Item());
            }
            Console.WriteLine(string.Join("  ", losses.Select(loss => $"{loss:0.000}")));
        }

        yield return "figures";
        double Height(double x, double y) => Math.Pow(1 - x, 2) + 20 * Math.Pow(y - x * x, 2);
        double[] Grid(double from, double to) => Tensor.Linspace(from, to, 61).ToArray<double>();
        var map = new Plot("x", "y").Range(-1.6, 1.6, -0.6, 2)
            .Heights(Height, Grid(-1.6, 1.6), Grid(-0.6, 2), [0.5, 2, 5, 10, 20, 40]);
        foreach (var name in (string[])["LBFGS", "momentum", "Adam", "descent"])
        {
            var path = races[name].Path.Take(300);
            map.Line(name, path.Select(at => at[0]), path.Select(at => at[1]), dots: name == "LBFGS");
        }
        map.Save("paths.svg", height: 500);
        foreach (var at in races["RMSprop"].Path.Chunk(1000).Take(3).Select(part => part[^1]))
            Console.WriteLine($"RMSprop after each thousand steps: {Height(at[0], at[1]):0.0e+0}");
    }
}
