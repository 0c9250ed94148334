using Tensorlet;

namespace Tutorials.Chapter01;

static class Chapter
{
    public static IEnumerable<string> Run()
    {
        yield return "first";
        var x = Tensor.From(new[,] { { 1f, 2, 3 }, { 4, 5, 6 } });
        Console.WriteLine(x);

        yield return "sizes";
        var cube = Tensor.From([1f, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3]);
        Console.WriteLine($"{cube.Rank} axes, {cube.Numel} elements, the last axis has size {cube.Size(-1)}");
        Console.WriteLine($"sizes {string.Join(", ", cube.Size())}; of cube[0] {string.Join(", ", cube.Size()[1..])}");

        yield return "make";
        Console.WriteLine(Tensor.Zeros(5));
        Console.WriteLine(Tensor.Eye(3));
        Console.WriteLine(Tensor.From([1f, 2, 3, 4], [2, 2]));
        Console.WriteLine(Tensor.Linspace(0, 1, 5));
        Generator.ManualSeed(1);
        Console.WriteLine(Tensor.Rand(5));
        Console.WriteLine(Tensor.Randn(5));

        yield return "printing";
        Console.WriteLine(Tensor.From([0.5f, -12, 100]));
        Console.WriteLine(Tensor.From([0.5f, -12, 100_000]));
        Console.WriteLine(Tensor.Arange(10_000));

        yield return "types";
        var counts = Tensor.From([3L, 1, 2]);
        Console.WriteLine($"{counts.DType}, {(counts > 1).DType}, {(counts * 2).DType}, {(counts * 0.5).DType}, " +
            $"{(counts + Tensor.Ones([3], DType.Float64)).DType}");

        yield return "add";
        var y = Tensor.Ones(2, 3);
        Console.WriteLine((x + y)[1]);
        Console.WriteLine(Tensor.Add(x, y)[1]);
        var result = Tensor.Empty(5, 3);
        Tensor.Add(x, y, destination: result);
        Console.WriteLine($"{result[1]}, a row of {result.Layout}");
        y.Add_(x);
        Console.WriteLine(y[1]);

        yield return "sums";
        Console.WriteLine(x.Sum());
        Console.WriteLine(x.Sum([0]));
        Console.WriteLine(x.Sum([1], keepdim: true));
        Console.WriteLine(x - x.Mean([0]));
        Console.WriteLine(Tensor.Where(x > 2, x, Tensor.Scalar(0)));

        yield return "joins";
        var both = Tensor.Cat([x, Tensor.Zeros(1, 3)]);
        Console.WriteLine(both);
        foreach (var piece in both.Chunk(2)) Console.WriteLine(piece.Layout);

        yield return "over";
        float[] array = [1, 2, 3];
        var over = Tensor.Over(array);
        over.Add_(10);
        Console.WriteLine(string.Join(", ", array));
        array[0] = 500;
        Console.WriteLine(over[0].Item());

        yield return "devices";
        try { Console.WriteLine(x + x.To(Device.Reference)); }
        catch (DeviceException e) { Console.WriteLine(e.Message); }

        yield return "misfit";
        try { Console.WriteLine(x + Tensor.From([10f, 20])); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }

        yield return "count";
        var counter = Tensor.Scalar(16_777_216);
        counter.Add_(1);
        Console.WriteLine(counter.Item());

        yield return "root";
        Console.WriteLine(new Variable(Tensor.From([1f, 4, 9])).Sqrt().Data);

        yield return "figures";
        new Squares(side: 34, numbers: true)
            .Add("rank 0, ()", Tensor.Ones(1, 1)).Add("rank 1, (3)", x[0..1]).Add("rank 2, (2, 3)", x)
            .Add("rank 3, (2, 2, 3)", cube[0]).Add("", cube[1])
            .Save("ranks.svg");
        Console.WriteLine(Enumerable.Range(1, 30).First(n => (float)(1 << n) + 1f == 1 << n)); // binary digits
    }
}
