using Tensorlet.Optim;

namespace Tensorlet.Tests.Networks;

/// <summary>Twenty steps in a curved valley, compared with the published formulas written out in doubles.</summary>
public class OptimizerTests
{
    /// <summary>The gradient of a²/2 + 5b² + ab.</summary>
    static double[] Slope(double[] p) => [p[0] + p[1], 10 * p[1] + p[0]];

    static void Agrees(Func<Variable[], Optimizer> make, Action<double[], double[], int> update)
    {
        var p = new Variable(Tensor.From([1.0, -2]), requiresGrad: true);
        var optimizer = make([p]);
        double[] expected = [1, -2];
        for (var t = 1; t <= 20; t++)
        {
            update(expected, Slope(expected), t);
            optimizer.ZeroGrad();
            (p.Select(0, 0).Square() / 2 + 5 * p.Select(0, 1).Square() + p.Select(0, 0) * p.Select(0, 1)).Backward();
            optimizer.Step();
        }
        var actual = p.Data.ToArray<double>();
        for (var i = 0; i < 2; i++) Assert.Equal(expected[i], actual[i], 12);
    }

    static Action<double[], double[], int> Each(Func<double, double, int, int, double> step) => (p, g, t) =>
    {
        for (var i = 0; i < 2; i++) p[i] = step(p[i], g[i], t, i);
    };

    [Fact] public void Gradient_descent() => Agrees(p => new SGD(p, 0.05), Each((p, g, _, _) => p - 0.05 * g));

    [Theory]
    [InlineData(0.9, 0, 0, false)]
    [InlineData(0.9, 0.3, 0.1, false)]
    [InlineData(0.8, 0, 0.1, true)]
    public void Gradient_descent_with_momentum(double momentum, double dampening, double decay, bool nesterov)
    {
        var v = new double[2];
        Agrees(p => new SGD(p, 0.02, momentum, dampening, decay, nesterov), Each((p, g, t, i) =>
        {
            g += decay * p;
            v[i] = t == 1 ? g : momentum * v[i] + (1 - dampening) * g;
            return p - 0.02 * (nesterov ? g + momentum * v[i] : v[i]);
        }));
    }

    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(0.9, false, 0.1)]
    [InlineData(0, true, 0)]
    [InlineData(0.5, true, 0.1)]
    public void Root_mean_squares(double momentum, bool centered, double decay)
    {
        double[] s = new double[2], v = new double[2], m = new double[2];
        Agrees(p => new RMSprop(p, 0.01, 0.95, 1e-8, decay, momentum, centered), Each((p, g, _, i) =>
        {
            g += decay * p;
            s[i] = 0.95 * s[i] + 0.05 * g * g;
            m[i] = 0.95 * m[i] + 0.05 * g;
            var q = g / (Math.Sqrt(centered ? s[i] - m[i] * m[i] : s[i]) + 1e-8);
            v[i] = momentum * v[i] + q;
            return p - 0.01 * (momentum > 0 ? v[i] : q);
        }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void Adaptive_moments(double decay)
    {
        double[] m = new double[2], v = new double[2];
        Agrees(p => new Adam(p, 0.05, (0.9, 0.99), 1e-8, decay), Each((p, g, t, i) =>
        {
            g += decay * p;
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.99 * v[i] + 0.01 * g * g;
            return p - 0.05 * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, t))) + 1e-8);
        }));
    }

    [Fact]
    public void What_cannot_be_optimised_is_refused()
    {
        var leaf = new Variable(Tensor.Ones(2), requiresGrad: true);
        Assert.Throws<AutogradException>(() => new SGD([]));
        Assert.Throws<AutogradException>(() => new SGD([leaf * 2]));
        Assert.Throws<AutogradException>(() => new Adam([new Variable(Tensor.Ones(2))]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam([leaf], lr: -1));
        Assert.Throws<ArgumentException>(() => new SGD([leaf], nesterov: true));
    }
}
