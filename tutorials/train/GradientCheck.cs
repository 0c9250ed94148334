using System.Globalization;
using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials;

/// <summary>Compares the gradient of a trained network with numeric ones.</summary>
static class GradientCheck
{
    /// <summary>
    /// The derivative of the loss in random directions of all parameters, from the tape and from differences, in
    /// float64; the largest relative difference.
    /// </summary>
    public static double Worst(Module net, Tensor images, Tensor labels, int directions = 5)
    {
        var generator = new Generator(7);
        var parameters = net.Parameters();
        Variable Loss() => F.CrossEntropy(net.Call(images), labels);
        net.ZeroGrad();
        Loss().Backward();
        var worst = 0.0;
        for (var d = 0; d < directions; d++)
        {
            Tensor[] direction = [.. parameters.Select(p =>
                Tensor.Randn(p.Size(), DType.Float64, p.Device, generator))];
            var analytic = parameters.Zip(direction, (p, u) => (p.Grad!.Data * u).Sum().Item()).Sum();
            var numeric = (At(1e-6) - At(-1e-6)) / 2e-6;
            worst = Math.Max(worst, Math.Abs(analytic - numeric) / Math.Max(Math.Abs(numeric), 1e-3));

            double At(double step)
            {
                Move(step);
                using var _ = Autograd.NoGrad();
                var loss = Loss().Item();
                Move(-step);
                return loss;
            }

            void Move(double step)
            {
                for (var i = 0; i < parameters.Count; i++) parameters[i].Data.Add_(direction[i], step);
            }
        }
        return worst;
    }

    /// <summary>Checks a copy of a network in float64 on the CPU.</summary>
    public static string Report(Module trained, DigitData digits)
    {
        var net = new LeNet();
        net.LoadStateDict(trained.StateDict().ToDictionary(p => p.Key, p => p.Value.Cpu()));
        net.To(DType.Float64, Device.Cpu);
        var batch = digits.Dataset(DType.Float64).Batch([0, 1]);
        var worst = Worst(net, batch[0], batch[1]);
        var alone = TapeCheck.Run(() => F.CrossEntropy(net.Call(batch[0]), batch[1]));
        return string.Create(CultureInfo.InvariantCulture,
            $"gradient of the trained network against numeric ones, 5 random directions in float64: worst relative " +
                $"difference {worst:0.0e+0} ({(worst <= 1e-5 ? "agree" : "DISAGREE")})\n{TapeCheck.Text(alone)}");
    }
}
