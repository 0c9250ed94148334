using Tensorlet;
using Tensorlet.Data;

namespace MyProject;

/// <summary>
/// What the network learns from: points in the plane, on three spirals that begin in the middle. A table of your own
/// takes their place like this:
/// <code>
/// var table = new Csv("flowers.csv");
/// var (labels, names) = table.Labels("species");
/// return new TensorDataset(table.Numbers(["length", "width"]), labels);
/// </code>
/// </summary>
public static class Spirals
{
    /// <summary>The number of spirals.</summary>
    public const int Classes = 3;

    /// <summary>Points (N, 2), Float32, and the number of the spiral of each, (N), Int64.</summary>
    public static TensorDataset Draw(int count, Generator random)
    {
        var label = Tensor.RandInt(0, Classes, [count], generator: random);
        var radius = Tensor.Rand([count], generator: random);
        var angle = new Variable(4 * radius + label.To(DType.Float32) * (2 * Math.PI / Classes)
            + 0.15 * Tensor.Randn([count], generator: random));
        var points = Variable.Stack([radius * angle.Cos(), radius * angle.Sin()], 1);
        return new TensorDataset(points.Data, label);
    }
}
