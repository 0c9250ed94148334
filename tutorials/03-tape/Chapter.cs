using Tensorlet;

namespace Tutorials.Chapter03;

static class Chapter
{
    #region cube
    sealed class Cube : Function // y = x³     dx = 3·x²·dy
    {
        protected override Tensor Forward() { Save(X); return X.Data * X.Data * X.Data; }
        public override Variable[] Backward(Variable dy) => [3 * X * X * dy];
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "first";
        var x = new Variable(Tensor.Ones(2, 2), requiresGrad: true);
        var y = x + 2;
        var z = y * y * 3;
        var output = z.Mean();
        Console.WriteLine(output.Item());

        yield return "gradient";
        output.Backward();
        Console.WriteLine(x.Grad!.Data);

        yield return "made-by";
        Console.WriteLine(x.GradFn?.Name ?? "x: nobody, it is a leaf");
        Console.WriteLine(y.GradFn!.Name);
        Console.WriteLine(z);

        yield return "record";
        void Print(Function? function, string indent)
        {
            if (function is null) return;
            Console.WriteLine($"{indent}{function.Name}");
            foreach (var next in function.NextFunctions) Print(next, indent + "  ");
        }
        Print(output.GradFn, "");

        yield return "picture";
        Plot.Save("graph.svg", new GraphPicture(output, [("x", x)]).ToSvg());

        yield return "by-run";
        double Slope(double at)
        {
            var u = new Variable(Tensor.Scalar(at), requiresGrad: true);
            var v = u;
            for (var i = 0; i < Math.Round(at); i++) v *= u;
            v.Backward();
            return u.Grad!.Item();
        }
        Console.WriteLine($"{Slope(1)} {Slope(2)} {Slope(3)}");

        yield return "own-function";
        var a = new Variable(Tensor.From([1f, 2, 3]), requiresGrad: true);
        var cubes = new Cube().Apply(a);
        cubes.Sum().Backward();
        Console.WriteLine(a.Grad!.Data);

        yield return "not-scalar";
        var many = new Variable(Tensor.From([1f, 2, 3]), requiresGrad: true);
        var doubled = many * 2;
        try { doubled.Backward(); }
        catch (AutogradException e) { Console.WriteLine(e.Message); }
        doubled.Backward(Tensor.From([0.1f, 1, 0.001f]));
        Console.WriteLine(many.Grad!.Data);

        yield return "adds-up";
        var w = new Variable(Tensor.Scalar(5), requiresGrad: true);
        (w * 3).Backward();
        (w * 3).Backward();
        Console.WriteLine(w.Grad!.Item());
        w.Grad = null;
        (w * 3).Backward();
        Console.WriteLine(w.Grad!.Item());

        yield return "written";
        var p = new Variable(Tensor.Scalar(2), requiresGrad: true);
        var square = p * p;
        p.Data.Add_(1);
        try { square.Backward(); }
        catch (AutogradException e) { Console.WriteLine(e.Message); }

        yield return "broadcast";
        var m = new Variable(Tensor.From(new[,] { { 1f, 2, 3 }, { 4, 5, 6 } }), requiresGrad: true);
        var row = new Variable(Tensor.From([10f, 20, 30]), requiresGrad: true);
        var product = m * row;
        product.Sum().Backward();
        Console.WriteLine(row.Grad!.Data);
    }
}
