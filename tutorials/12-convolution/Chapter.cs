using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using static Tensorlet.Variable;

namespace Tutorials.Chapter12;

static class Chapter
{
    #region loops
    static Tensor Loops(Tensor x, Tensor w) // y[n,o,i,j] = Σ w[o,c,k,l]·x[n,c,i+k,j+l]
    {
        var y = new double[x.Size(0), w.Size(0), x.Size(2) - w.Size(2) + 1, x.Size(3) - w.Size(3) + 1];
        for (var n = 0; n < y.GetLength(0); n++)
            for (var o = 0; o < y.GetLength(1); o++)
                for (var i = 0; i < y.GetLength(2); i++)
                    for (var j = 0; j < y.GetLength(3); j++)
                        for (var c = 0; c < w.Size(1); c++)
                            for (var k = 0; k < w.Size(2); k++)
                                for (var l = 0; l < w.Size(3); l++)
                                    y[n, o, i, j] += w[o, c, k, l].Item() * x[n, c, i + k, j + l].Item();
        return Tensor.From(y);
    }
    #endregion

    #region size
    static int Places(int size, int window, int stride, int padding, int dilation) =>
        (size + 2 * padding - dilation * (window - 1) - 1) / stride + 1;
    #endregion

    static string Shown(ReadOnlySpan<int> numbers) => $"({string.Join(", ", numbers.ToArray())})";

    static bool Near(Tensor a, Tensor b) => (a - b).ToArray<double>().All(d => Math.Abs(d) < 1e-12);

    public static IEnumerable<string> Run()
    {
        yield return "step";
        var wall = Tensor.From(new[,] { { 0.0, 0, 9, 9 }, { 0, 0, 9, 9 }, { 0, 0, 9, 9 } }).View(1, 1, 3, 4);
        var rise = Tensor.From(new[,] { { -1.0, 1 }, { -1, 1 } }).View(1, 1, 2, 2);
        Console.WriteLine(Loops(wall, rise)[0, 0]);

        yield return "edges";
        var digit = Tensor.From(Array.ConvertAll(Digits.Generate(1, seed: 5).Images, p => p / 255.0), [1, 1, 28, 28]);
        var right = Tensor.From(new[,] { { -1.0, 0, 1 }, { -2, 0, 2 }, { -1, 0, 1 } });
        var filters = Tensor.Stack([right, right.T]).Unsqueeze(1);      // (2, 1, 3, 3)
        var edges = F.Conv2d(digit, filters).Data;                      // (1, 2, 26, 26)
        new Squares(side: 6, grid: false).Add("a digit", digit[0, 0])
            .Add("brighter to the right", edges[0, 0]).Add("brighter below", edges[0, 1]).Save("edges.svg");

        yield return "windows";
        var x = Tensor.Randn([2, 3, 6, 7], DType.Float64, generator: new(1));
        var windows = x.Windows(2, 3).Windows(3, 3);
        Console.WriteLine($"{x.Layout}, strides {Shown(x.Layout.Strides)}");
        Console.WriteLine($"{windows.Layout}, strides {Shown(windows.Layout.Strides)}");
        Console.WriteLine($"{windows.Numel} elements at {windows.Storage.Count} places");

        yield return "contraction";
        var w = Tensor.Randn([4, 3, 3, 3], DType.Float64, generator: new(2));
        var byEinsum = Einsum("ncijkl,ockl->noij", windows, w).Data;
        Console.WriteLine(byEinsum.Layout);
        Console.WriteLine($"as the loops: {Near(byEinsum, Loops(x, w))}, as Conv2d: " +
            $"{Near(byEinsum, F.Conv2d(x, w).Data)}");

        yield return "product";
        var matrix = windows.Permute(0, 2, 3, 1, 4, 5).Reshape(2 * 4 * 5, 3 * 3 * 3);
        var byProduct = Tensor.MatMul(matrix, w.View(4, -1).T).View(2, 4, 5, 4).Permute(0, 3, 1, 2);
        Console.WriteLine($"{Near(byProduct, byEinsum)}, and {matrix.Numel} elements were written for it");

        yield return "time";
        var (images, bank) = (Tensor.Randn(64, 6, 14, 14), Tensor.Randn(16, 6, 5, 5));
        double Milliseconds(Action action)
        {
            action();
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < 4; i++) action();
            return watch.Elapsed.TotalMilliseconds / 4;
        }
        var copied = Milliseconds(() => Tensor.MatMul(images.Windows(2, 5).Windows(3, 5).Permute(0, 2, 3, 1, 4, 5)
            .Reshape(64 * 100, 150), bank.View(16, -1).T));
        var inPlace = Milliseconds(() => F.Conv2d(images, bank));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"windows copied {copied:0.0} ms, Conv2d {inPlace:0.0} ms"));

        yield return "by-filters";
        var (input, weight) = (new Variable(x, true), new Variable(w, true));
        var y = F.Conv2d(input, weight);
        var dy = Tensor.Randn(y.Size(), DType.Float64, generator: new(3));
        y.Backward(dy);
        var dw = Einsum("ncijkl,noij->ockl", windows, dy).Data;
        Console.WriteLine($"{dw.Layout}: {Near(dw, weight.Grad!.Data)}");

        yield return "by-input";
        var framed = F.Pad(dy, [2, 2, 2, 2]).Data;                      // two zeros on each side
        var places = framed.Windows(2, 3).Windows(3, 3);
        var dx = Einsum("noijkl,ockl->ncij", places, w.Flip(2, 3)).Data;
        Console.WriteLine($"{dx.Layout}: {Near(dx, input.Grad!.Data)}");

        yield return "sizes";
        foreach (var (size, window, stride, padding, dilation) in new[]
            { (28, 5, 1, 0, 1), (28, 5, 1, 2, 1), (28, 2, 2, 0, 1), (29, 2, 2, 0, 1), (28, 3, 1, 0, 4) })
        {
            var result = F.Conv2d(Tensor.Ones(1, 1, size, size), Tensor.Ones(1, 1, window, window),
                stride: stride, padding: padding, dilation: dilation);
            Console.WriteLine($"{size} pixels, window {window}, stride {stride}, padding {padding}, dilation " +
                $"{dilation}: {Places(size, window, stride, padding, dilation)}, and Conv2d {result.Size(2)}");
        }

        yield return "channels";
        var photo = Tensor.Rand(1, 32, 32, 3);                          // as a decoder gives it: channels last
        var network = new Tensorlet.Nn.Conv2d(3, 6, 5);
        try { network.Call(photo); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(network.Call(photo.Permute(0, 3, 1, 2)).Data.Layout);

        yield return "figures";
        Console.WriteLine(180);                                         // degrees of a half turn
    }
}
