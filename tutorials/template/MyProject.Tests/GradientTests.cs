using FsCheck;
using FsCheck.Xunit;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Xunit;

namespace MyProject.Tests;

/// <summary>
/// The gradients compared with numeric ones, for random inputs: a case that fails is made smaller, and printed with the
/// seed that repeats it.
/// </summary>
public class GradientTests
{
    /// <summary>The operation alone, its gradient and the gradient of that, for tensors of any shape.</summary>
    [Property(MaxTest = 100)]
    public void The_gradients_of_the_operation_are_right(long seed, NonNegativeInt rows, NonNegativeInt columns)
    {
        var x = Tensor.Randn([rows.Get % 5, columns.Get % 5], DType.Float64, generator: new Generator(seed));
        GradCheck.Run(v => new Hump().Apply(v[0]), [x], seed, secondOrder: true).ThrowIfFailed();
    }

    /// <summary>
    /// The slope of the loss when all parameters of the network are moved at once, in a random direction.
    /// </summary>
    [Property(MaxTest = 20)]
    public void The_gradients_of_the_network_are_right(long seed, PositiveInt samples)
    {
        var random = new Generator(seed);
        var net = new Network(2, Spirals.Classes, hidden: 8).To(DType.Float64);
        var (x, y) = Spirals.Draw(samples.Get, random).Batch([.. Enumerable.Range(0, samples.Get)]);
        Variable Loss() => F.CrossEntropy(net.Call(x.To(DType.Float64)), y);

        Loss().Backward();
        var direction = net.Parameters().Select(p => Tensor.Randn(p.Size(), DType.Float64, generator: random)).ToList();
        var slope = net.Parameters().Zip(direction, (p, u) => (p.Grad!.Data * u).Sum().Item()).Sum();
        const double h = 1e-5;
        Assert.Equal((At(h) - At(-h)) / (2 * h), slope, 1e-6 * Math.Max(1, Math.Abs(slope)));

        double At(double step)
        {
            using var _ = Autograd.NoGrad();
            Move(step);
            var loss = Loss().Item();
            Move(-step);
            return loss;
        }

        void Move(double step)
        {
            foreach (var (p, u) in net.Parameters().Zip(direction)) p.Data.Add_(u, step);
        }
    }

    /// <summary>
    /// Each operation of the network alone: if the test above fails, this one says which is wrong.
    /// </summary>
    [Property(MaxTest = 20)]
    public void Each_operation_of_the_network_is_right(long seed)
    {
        var (x, y) = Spirals.Draw(6, new Generator(seed)).Batch([0, 1, 2, 3, 4, 5]);
        var net = new Network(2, Spirals.Classes, hidden: 8);
        var reports = TapeCheck.Run(() => F.CrossEntropy(net.Call(x), y));
        Assert.True(reports.All(r => r.Report.Passed), TapeCheck.Text(reports));
    }
}
