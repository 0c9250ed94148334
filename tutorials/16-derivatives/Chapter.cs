using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter16;

static class Chapter
{
    public static IEnumerable<string> Run()
    {
        yield return "twice";
        Variable Number(double value) => new(Tensor.Scalar(value, DType.Float64), requiresGrad: true);
        var x = Number(2);
        var y = x * x * x * x;
        for (var order = 1; order <= 5; order++)
        {
            y = Autograd.Grad(y, x, createGraph: true)!;
            Console.WriteLine($"derivative {order}: {y.Item()}");
            if (!y.RequiresGrad) break;
        }

        yield return "jacobian";
        Variable Plane(Variable polar) => Variable.Stack([polar[0] * polar[1].Cos(), polar[0] * polar[1].Sin()]);
        Console.WriteLine(Autograd.Jacobian(Plane, Tensor.From([2.0, 0])));

        yield return "hessian";
        Variable directions = Tensor.From(new[,] { { 1.0, 3 }, { 1, -3 }, { -1, 0 } });
        Variable Valley(Variable p) => ((directions * p).Sum(1) - 0.1).Exp().Sum();
        Variable lowest = Tensor.From([-Math.Log(2) / 2, 0]);
        Console.WriteLine(Autograd.Hessian(Valley, lowest));

        yield return "newton";
        double[] Distances(int steps, Func<Variable, Variable> direction)
        {
            Variable p = Tensor.From([-1.0, 0.7]);
            double Distance() => (p - lowest).Square().Sum().Sqrt().Item();
            double[] distances = [Distance(), .. new double[steps]];
            for (var step = 1; step <= steps; step++)
            {
                p -= direction(p);
                distances[step] = Distance();
            }
            return distances;
        }
        Variable Slope(Variable p) => Autograd.Vjp(Valley, p, Tensor.Scalar(1, DType.Float64)).Product;
        var descent = Distances(30, p => 0.1 * Slope(p));
        var newton = Distances(6, p => Autograd.Hessian(Valley, p).Solve(Slope(p).Unsqueeze(1)).Squeeze(1));
        for (var step = 0; step <= 5; step++)
            Console.WriteLine($"{step}  {descent[step]:0e+0}  {newton[step]:0e+0}");

        yield return "product";
        var large = Tensor.Ones([10_000], DType.Float64);
        Variable Coupled(Variable v) => (v * v).Sum() * v.Sum();
        Console.WriteLine(Autograd.Hvp(Coupled, large, large).Data[..3] / 10_000.0);

        yield return "equation";
        Generator.ManualSeed(1);
        var net = new Sequential(new Linear(1, 16), new Tanh(), new Linear(16, 1)).To(DType.Float64);
        var t = new Variable(Tensor.Linspace(0, 6, 40, DType.Float64).Unsqueeze(1), requiresGrad: true);
        Variable Loss()
        {
            var u = net.Call(t);
            var du = Autograd.Grad(u.Sum(), t, createGraph: true)!;
            var ddu = Autograd.Grad(du.Sum(), t, createGraph: true)!;
            return (ddu + u).Square().Mean() + u[0].Square().Sum() + (du[0] - 1).Square().Sum();
        }

        yield return "fit";
        var optimizer = new LBFGS(net.Parameters(), maxIter: 300, strongWolfe: true);
        optimizer.Step(() =>
        {
            optimizer.ZeroGrad();
            var loss = Loss();
            loss.Backward();
            return loss;
        });
        double[] times = t.Data.ToArray<double>(), learned = net.Call(t).Data.ToArray<double>();
        var worst = times.Zip(learned, (at, value) => Math.Abs(value - Math.Sin(at))).Max();
        Console.WriteLine($"worst error below 0.01: {worst < 0.01}");

        yield return "forgotten";
        var w = Number(1);
        var at = Number(1);
        var output = w * at * at * at;
        var slope = Autograd.Grad(output, at)!;
        try { (output + slope * slope).Backward(); }
        catch (AutogradException e) { Console.WriteLine(e.Message); }

        yield return "wrong-cure";
        double ByWeight(bool create)
        {
            var (w, at) = (Number(1), Number(1));
            var output = w * at * at * at;
            var slope = Autograd.Grad(output, at, retainGraph: true, createGraph: create)!;
            (output + slope * slope).Backward();
            return w.Grad!.Item();
        }
        Console.WriteLine($"retainGraph {ByWeight(false)}, createGraph {ByWeight(true)}");

        yield return "figures";
        new Plot("step", " ", "distance from the lowest point", logY: true)
            .Line("descent", Enumerable.Range(0, 31).Select(i => (double)i), descent, dots: true)
            .Line("Newton", Enumerable.Range(0, 7).Select(i => (double)i), newton.Select(d => Math.Max(d, 1e-15)),
                dots: true)
            .Save("newton.svg");
        new Plot("t", "u")
            .Line("sin t", Enumerable.Range(0, 121).Select(i => i * 0.05), Enumerable.Range(0, 121)
                .Select(i => Math.Sin(i * 0.05)))
            .Points("network", times, learned, size: 4)
            .Save("sine.svg");
    }
}
