using System.Runtime.CompilerServices;
using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter19;

static class Chapter
{
    #region row
    static void Row(string python, object? value, [CallerArgumentExpression(nameof(value))] string code = "") =>
        Console.WriteLine($"| `{python}` | `{code}` | {Show(value)} |");

    static string Show(object? value) => value switch
    {
        Variable v => Show(v.Data),
        Tensor { Rank: <= 1, Numel: <= 6 } x => x.ToString().Split('\n')[0],
        Tensor x => $"shape {x.Layout}",
        double x => $"{x:0.####}",
        _ => $"{value}",
    };
    #endregion

    static void Head() => Console.WriteLine("| PyTorch | Tensorlet | gives |\n| --- | --- | --- |");

    static readonly (double Year, string Version, string There, string Here)[] changes =
    [
        (2017.05, "0.1", "the first public versions: `Variable` and tensors, `torch.legacy`", "is modelled on them"),
        (2018.32, "0.4", "`Variable` merged into `Tensor`; tensors without axes, `item()`, `dtype`, `device`; " +
            "`torch.no_grad()` in the place of `volatile`", "keeps the two apart, and has all the rest"),
        (2018.93, "1.0", "`torch.legacy` gone; compiled scripts", "has a `Legacy`, for [chapter 18]" +
            "(../18-legacy/README.md), and no scripts"),
        (2020.57, "1.6", "automatic mixed precision, with 16-bit numbers", "computes in 32 and in 64 bits"),
        (2023.2, "2.0", "`torch.compile`; `torch.func` with `grad`, `jvp`, `vmap`; `zero_grad()` sets to `None`",
            "compiles nothing; has `Jvp`, `Vjp`, `Jacobian`, `Hessian` and no `vmap`; sets to null"),
        (2025.08, "2.6", "`torch.load` runs no code in a file unless told to", "has no such files: SafeTensors, npz"),
    ];

    public static IEnumerable<string> Run()
    {
        Generator.ManualSeed(1);
        var x = Tensor.From(new[,] { { 1f, 2, 3 }, { 4, 5, 6 } });
        var y = Tensor.Ones(2, 3);
        var r = Tensor.Empty(1);
        float[] array = [1, 2, 3];

        yield return "tensors";
        Head();
        Row("torch.zeros(2, 3)", Tensor.Zeros(2, 3));
        Row("torch.tensor([1., 2.])", Tensor.From([1f, 2]));
        Row("torch.from_numpy(a)", Tensor.Over(array));
        Row("torch.arange(3)", Tensor.Arange(3));
        Row("x.size(0), x.dtype", (x.Size(0), x.DType));
        Row("x.to(torch.float64).dtype", x.To(DType.Float64).DType);
        Row("torch.add(x, y, out=r)", Tensor.Add(x, y, destination: r));
        Row("x.clone().mul_(2)", x.Clone().Mul_(2));
        Row("x @ y.T", Tensor.MatMul(x, y.T));
        Row("x.exp()", new Variable(x).Exp().Data);
        Row("x.sum(dim=1)", x.Sum([1]));
        Row("x.argmax(1)", x.ArgMax(1));
        Row("torch.where(x > 2, x, 0.)", Tensor.Where(x > 2, x, Tensor.Scalar(0)));
        Row("torch.cat([x, y])", Tensor.Cat([x, y]));

        yield return "indices";
        Head();
        Row("x[:, 1]", x[.., 1]);
        Row("x[-1]", x[^1]);
        Row("x[0, 1:]", x[0, 1..]);
        Row("x[0, ::2]", x[0, TensorIndex.Every(2)]);
        Row("x[x > 3]", x[x > 3]);
        Row("x[[1, 0]]", x[new[] { 1, 0 }]);
        Row("x[:, None]", x[.., TensorIndex.NewAxis]);

        yield return "autograd";
        Head();
        var w = new Variable(Tensor.Scalar(3), requiresGrad: true);
        var loss = w * w;
        loss.Backward();
        Variable Cube(Variable v) => v * v * v;
        Row("w.grad", w.Grad);
        Row("loss.grad_fn.name()", loss.GradFn!.Name);
        Row("w.detach().requires_grad", w.Detach().RequiresGrad);
        Row("torch.autograd.grad(w * w, w)", Autograd.Grad(w * w, w));
        Row("torch.func.jvp(cube, (w,), (v,))", Autograd.Jvp(Cube, w, Tensor.Scalar(1)).Product);
        Row("torch.func.hessian(cube)(w)", Autograd.Hessian(Cube, w));

        yield return "networks";
        Head();
        var net = new Sequential(new Linear(3, 4), new GELU(), new Linear(4, 2));
        var labels = Tensor.From([0L, 1]);
        Row("nn.Linear(3, 4)", new Linear(3, 4));
        Row("net(x)", net.Call(x));
        Row("len(list(net.parameters()))", net.Parameters().Count);
        Row("net.eval().training", net.Eval().Training);
        Row("F.softmax(y, dim=1)[0]", new Variable(y).Softmax(1)[0]);
        Row("F.cross_entropy(y, labels)", F.CrossEntropy(y, labels).Item());
        Row("list(net.state_dict())[0]", net.StateDict().Keys.First());

        yield return "step";
        net.Train();
        var optimizer = new AdamW(net.Parameters(), lr: 1e-3);
        optimizer.ZeroGrad();
        F.CrossEntropy(net.Call(x), labels).Backward();
        Utils.ClipGradNorm_(net.Parameters(), 1);
        optimizer.Step();
        using (Autograd.NoGrad())
            Console.WriteLine(net.Call(x).RequiresGrad);

        yield return "files";
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.safetensors");
        SafeTensors.Save(path, net.StateDict());
        var twin = new Sequential(new Linear(3, 4), new GELU(), new Linear(4, 2));
        twin.LoadStateDict(SafeTensors.Load(path));
        File.Delete(path);
        Console.WriteLine(twin.Call(x).Equal(net.Call(x)));

        yield return "time-line";
        TimeLine.Save("releases.svg", [.. changes.Select(c => (c.Year, c.Version))], from: 2017, to: 2026);

        yield return "changes";
        Console.WriteLine("| year | version | PyTorch | Tensorlet |\n| --- | --- | --- | --- |");
        foreach (var (year, version, there, here) in changes)
            Console.WriteLine($"| {(int)year} | {version} | {there} | {here} |");

        yield return "otherwise";
        var matrix = new Variable(Tensor.From(new[,] { { 1f, 2 }, { 2, 4 } }), requiresGrad: true);
        matrix.Det().Backward();
        Console.WriteLine(matrix.Grad);
        Console.WriteLine(Autograd.Grad(w * w, matrix) is null);

        yield return "quotients";
        var n = 4;
        var wrong = new Variable(Tensor.From([1f, 2, 3, 6]), requiresGrad: true);
        var mean = wrong.Sum() * (1 / n);
        mean.Backward();
        Console.WriteLine($"{mean.Item()}, {Show(wrong.Grad)}");
        Console.WriteLine((wrong.Sum() * (1.0 / n)).Item());

        yield return "minus";
        var weight = net.Parameters()[1].Data.Fill_(1);
        weight -= Tensor.Ones(4) * 0.5;
        Console.WriteLine($"{Show(weight)}, and in the network {Show(net.Parameters()[1])}");
        net.Parameters()[1].Data.Sub_(Tensor.Ones(4) * 0.5);
        Console.WriteLine(Show(net.Parameters()[1]));
    }
}
