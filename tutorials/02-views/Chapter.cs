using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials.Chapter02;

static class Chapter
{
    #region show
    static string Show(Tensor x) =>
        $"shape {x.Layout}, strides ({string.Join(", ", x.Layout.Strides.ToArray())}), offset {x.Layout.Offset}";
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "layout";
        var memory = Tensor.Arange(12);
        var x = memory.View(3, 4);
        Console.WriteLine(x);
        Console.WriteLine(Show(x));
        Console.WriteLine($"{x[2, 1].Item()} is at {0 + 2 * 4 + 1 * 1}");

        yield return "views";
        Console.WriteLine(Show(x.T));                       // the transpose
        Console.WriteLine(Show(x[.., 1]));                  // column 1
        Console.WriteLine(Show(x.Narrow(1, 1, 2)));         // from column 1 two columns
        Console.WriteLine(Show(x.Slice(1, 0, 4, step: 2))); // every second column
        Console.WriteLine(Show(x.Unsqueeze(0)));            // a new axis of size 1
        Console.WriteLine(Show(x.View(2, 6)));              // cut into other pieces

        yield return "shared";
        x.T[0].Fill_(-1);
        Console.WriteLine(memory);

        yield return "contiguous";
        Console.WriteLine($"{x.IsContiguous} {x.T.IsContiguous} {x[1..].IsContiguous} {x.T.Contiguous().IsContiguous}");
        try { x.T.View(12); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(Show(x.T.Reshape(12)));

        yield return "expand";
        var row = Tensor.From([10f, 20, 30]);
        var rows = row.Expand(2, 3);
        Console.WriteLine(rows);
        Console.WriteLine(Show(rows));

        yield return "broadcast";
        var column = Tensor.From([1f, 2], [2, 1]);
        Console.WriteLine(column + row);
        Console.WriteLine((Tensor.Zeros(5, 1, 3) + Tensor.Zeros(2, 1)).Layout);

        yield return "windows";
        var signal = Tensor.Arange(6);
        var windows = signal.Windows(0, 3);
        Console.WriteLine(windows);
        Console.WriteLine(Show(windows));

        yield return "patches";
        var image = Tensor.Arange(16).View(4, 4);
        var patches = image.Windows(0, 3).Windows(1, 3);
        Console.WriteLine(Show(patches));
        Console.WriteLine(patches[0, 1]);

        yield return "refused";
        try { windows.Mul_(2); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }

        yield return "spreads";
        var prediction = Tensor.From([1f, 2, 3], [3, 1]);
        var target = Tensor.From([1f, 2, 3]);
        var distance = prediction - target;
        Console.WriteLine(distance);
        Console.WriteLine($"{(distance * distance).Mean().Item():F4}");

        yield return "losses";
        try { new MSELoss().Call(prediction, target); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(new MSELoss().Call(prediction.Squeeze(1), target).Item());

        yield return "figures";
        var places = Tensor.Arange(12);
        var table = places.View(3, 4);
        new Squares(side: 30, columns: 3, numbers: true)
            .Add("memory", places.View(1, 12)).NextRow()
            .Add("x, strides (4, 1)", table).Add("x.T, strides (1, 4)", table.T)
            .Add("every second, (4, 2)", table.Slice(1, 0, 4, step: 2))
            .Save("memory.svg");
        new Squares(side: 24, columns: 5, numbers: true).Add("image", image)
            .Add("patch [0, 0]", patches[0, 0]).Add("[0, 1]", patches[0, 1])
            .Add("[1, 0]", patches[1, 0]).Add("[1, 1]", patches[1, 1])
            .Save("patches.svg");
    }
}
