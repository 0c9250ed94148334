namespace Tensorlet.Tests.Verification;

/// <summary>
/// Programs of up to 20 operations with views and writes through Data: every gradient is right, or the backward pass
/// throws a typed error; none is silently wrong. A write is not recorded: to the tape it is a constant that is added.
/// </summary>
public class RandomPrograms
{
    /// <summary>
    /// Runs the program of a seed. The first time, the changes by writes are kept; then they are added as constants.
    /// </summary>
    static Variable Run(int seed, Variable[] leaves, List<Tensor> writes, bool first)
    {
        var random = new Random(seed);
        List<Variable> values = [.. leaves];
        var (length, written) = (random.Next(3, 21), 0);
        for (var step = 0; step < length; step++)
        {
            Variable x = values[random.Next(values.Count)], y = values[random.Next(values.Count)];
            int kind = random.Next(14), axis = random.Next(2), at = random.Next(8);
            if (kind >= 12)                                             // write, possibly through a view
            {
                var part = at % 2 == 0 ? x.Data : x.Data.Narrow(axis, at % x.Size(axis), 1);
                if (part.Layout.Overlaps) continue;
                if (first)
                {
                    var before = part.Clone();
                    part.Mul_(0.7).Add_(0.1);
                    writes.Add(part - before);
                }
                else part.Add_(writes[written]);
                written++;
                continue;
            }
            values.Add(kind switch
            {
                0 => x.Tanh(),
                1 => x.Sin(),
                2 => (x * 0.3).Exp(),
                3 => x.T,
                4 => x.Narrow(axis, at % x.Size(axis), 1),
                5 => x.Flip(axis),
                6 => x.Reshape(x.Size(1), x.Size(0)),
                7 => x.Sum(axis, keepdim: true) * 0.2,
                8 => x.Softmax(axis),
                9 when x.Size(1) == y.Size(0) => x.MatMul(y) * 0.3,
                10 when Fit(x, y) => x * y,
                _ when Fit(x, y) => x + y * 0.5,
                _ => x.Sigmoid(),
            });
        }
        return values.Skip(leaves.Length).Append(leaves[0]).Select(v => v.Sum()).Aggregate((a, b) => a + b);
    }

    static bool Fit(Variable x, Variable y) => Enumerable.Range(0, 2).All(a =>
        x.Size(a) == y.Size(a) || x.Size(a) == 1 || y.Size(a) == 1);

    static Tensor[] Draw(int seed)
    {
        var (random, generator) = (new Random(~seed), new Generator(seed));
        return [.. Enumerable.Range(0, 3).Select(_ =>
            Tensor.Randn([random.Next(1, 4), random.Next(1, 4)], DType.Float64, generator: generator))];
    }

    [Fact]
    public void No_gradient_is_silently_wrong()
    {
        var (right, refused) = (0, 0);
        for (var seed = 0; seed < 2000; seed++)
        {
            List<Tensor> writes = [];
            var start = Draw(seed);
            Variable[] leaves = [.. start.Select(x => new Variable(x.Clone(), requiresGrad: true))];
            var loss = Run(seed, leaves, writes, first: true);
            try { loss.Backward(); }
            catch (AutogradException) { refused++; continue; }
            var direction = Draw(seed + 5000).Zip(start, (_, x) => Tensor.Randn(x.Size(), DType.Float64)).ToArray();
            var yours = leaves.Zip(direction, (v, u) => v.Grad is null ? 0 : (v.Grad.Data * u).Sum().Item()).Sum();
            var numeric = (Value(1e-6) - Value(-1e-6)) / 2e-6;
            Assert.True(Math.Abs(yours - numeric) <= 1e-5 + 1e-5 * Math.Abs(numeric),
                $"program {seed}: yours {yours}, numeric {numeric}");
            right++;

            double Value(double h)
            {
                using var _ = Autograd.NoGrad();
                Variable[] moved = [.. start.Zip(direction, (x, u) => new Variable(x + u * h))];
                return Run(seed, moved, writes, first: false).Item();
            }
        }
        Report.Programs = $"Random programs: {right + refused:#,0}; {right:#,0} gradients are right, {refused:#,0} " +
            "were refused with an error, none is silently wrong.";
        Assert.True(right > 1000 && refused > 100, Report.Programs);
    }
}
