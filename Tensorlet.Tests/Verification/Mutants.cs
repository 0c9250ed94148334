namespace Tensorlet.Tests.Verification;

/// <summary>A mistake that people make in a backward function.</summary>
public enum Mutation
{
    Sign, Factor2, Slightly, Transposed, InputsSwapped, MissingSum, MeanForSum, IncomingIgnored, Stale,
    /// <summary>Right, but its own gradient with respect to the incoming one is lost: dy.Data instead of dy.</summary>
    Cut,
}

/// <summary>A function of the library, as a row of the table applied it, with a mistake in its backward.</summary>
/// <param name="original">The right function, not applied yet.</param>
/// <param name="mutation">The mistake.</param>
/// <param name="first">What the first application has left, for the stale mutant.</param>
sealed class Mutant(Function original, Mutation mutation, Mutant.Memory first) : Function
{
    public sealed class Memory { public Mutant? Mutant; }

    Variable[] leaves = [];
    Variable y = Tensor.Zeros();

    public override string Name => original.Name;

    protected override Tensor Forward()
    {
        Save();
        using var _ = Autograd.EnableGrad();
        leaves = [.. Enumerable.Range(0, Count).Select(i =>
            new Variable(Input(i).Data, Input(i).RequiresGrad || Input(i).DType.IsFloat()))];
        y = original.Again().ApplyAlone(leaves);
        first.Mutant ??= this;
        return y.Data;
    }

    public override Variable?[] Backward(Variable dy)
    {
        if (mutation == Mutation.Cut && Autograd.Enabled) return Cut(dy.Data);
        var application = mutation == Mutation.Stale ? first.Mutant! : this;
        var wanted = application.leaves.Where(leaf => leaf.RequiresGrad).ToArray();
        var found = new Queue<Variable?>(Autograd.Grad([application.y], wanted, [mutation switch
        {
            Mutation.IncomingIgnored => Tensor.OnesLike(dy.Data),
            Mutation.MissingSum => dy.Data * Part(dy.Data),
            _ => dy,
        }], retainGraph: true));
        var gradients = Array.ConvertAll(application.leaves, leaf => leaf.RequiresGrad ? found.Dequeue() : null);
        if (mutation == Mutation.InputsSwapped) return [.. gradients.Reverse()];
        return Array.ConvertAll(gradients, g => g is null ? null : mutation switch
        {
            Mutation.Sign => -g,
            Mutation.Factor2 => g * 2,
            Mutation.Slightly => g * 1.0001,
            Mutation.Transposed => g.Rank < 2 ? g : g.Transpose(-2, -1).Reshape(g.Size()),
            Mutation.MeanForSum => g * Math.Min((double)g.Numel / dy.Numel, (double)dy.Numel / g.Numel),
            _ => g,
        });
    }

    /// <summary>The gradients on the tape with respect to the inputs, and not to the incoming gradient.</summary>
    Variable?[] Cut(Tensor dy)
    {
        Variable[] inputs = [.. leaves.Select((_, i) => Input(i))];
        var found = new Queue<Variable?>(Autograd.Grad([original.Again().ApplyAlone(inputs)],
            [.. inputs.Where(x => x.RequiresGrad)], [dy], createGraph: true));
        return Array.ConvertAll(inputs, x => x.RequiresGrad ? found.Dequeue() : null);
    }

    /// <summary>1 for the first half of the elements, 0 for the others.</summary>
    static Tensor Part(Tensor dy)
    {
        var part = Tensor.ZerosLike(dy);
        part.Reshape(-1).Narrow(0, 0, (dy.Numel + 1) / 2).Fill_(1);
        return part;
    }

    /// <summary>
    /// Whether a function of these shapes can have the mistake: whether there is something to sum or to swap.
    /// </summary>
    public static bool Concerns(Mutation mutation, Tensor[] inputs, Tensor result) => mutation switch
    {
        _ when result.Numel == 0 => false,
        Mutation.MissingSum => inputs.All(x => x.Numel < result.Numel),
        Mutation.MeanForSum => inputs.All(x => x.Numel != result.Numel && x.Numel != 2 * result.Numel
            && 2 * x.Numel != result.Numel && (x.Numel % result.Numel == 0 || result.Numel % x.Numel == 0)),
        Mutation.InputsSwapped => inputs.Length == 2,
        _ => true,
    };

    /// <summary>The diagnosis that it should get.</summary>
    public static GradFault Diagnosis(Mutation mutation) => mutation switch
    {
        Mutation.Sign => GradFault.Sign,
        Mutation.Factor2 or Mutation.Slightly => GradFault.Factor,
        Mutation.Cut => GradFault.Cut,
        Mutation.Transposed => GradFault.Transposed,
        Mutation.InputsSwapped => GradFault.Swapped,
        Mutation.MissingSum => GradFault.MissingSum,
        Mutation.MeanForSum => GradFault.MeanForSum,
        Mutation.IncomingIgnored => GradFault.IncomingUnused,
        _ => GradFault.Stale,
    };
}

/// <summary>
/// Mutants are generated from every function that the rows of the table apply. Each one that is not equivalent must be
/// rejected by the check that passes the right one, and most of them with the right diagnosis.
/// </summary>
public class GeneratedMutants
{
    /// <summary>The functions that the rows of the table record, with some applications of each.</summary>
    static List<(Function Function, Tensor[] Inputs)> Applications()
    {
        List<(Function, Tensor[])> found = [];
        foreach (var op in OpTable.All)
            for (var seed = 0; seed < 12; seed++)
            {
                var c = op.Draw(new Draw(seed, 4));
                if (c.Inputs.Any(i => i.Values.Length is 0 or > 60)) continue;
                Variable[] leaves = [.. c.Inputs.Select(i => new Variable(Tensor.From(i.Values, i.Shape), true))];
                found.AddRange(TapeCheck.Listen(() => c.F(leaves)).Where(a => a.Inputs.Any(v => v.RequiresGrad))
                    .Select(a => (a.Function, (Tensor[])[.. a.Inputs.Select(v => v.Data)])));
            }
        return [.. found.GroupBy(a => a.Item1.Name).SelectMany(group => group
            .Where(a => a.Item2.All(x => x.Numel is > 0 and <= 60))
            .DistinctBy(a => string.Join(',', a.Item2.Select(x => x.Layout)))
            .OrderByDescending(a => a.Item2.Sum(x => x.Rank)).Take(4))];
    }

    /// <summary>The gradients of a function for an incoming gradient; null if it refuses.</summary>
    static double[][]? Gradients(Func<Variable[], Variable> f, Tensor[] inputs)
    {
        Variable[] leaves = [.. inputs.Select(x => new Variable(x, x.DType.IsFloat()))];
        var y = f(leaves);
        try { y.Backward(Tensor.Randn(y.Size(), DType.Float64, generator: new Generator(3))); }
        catch (ShapeException) { return null; }
        return [.. leaves.Select(v => v.Grad?.Data.ToArray<double>() ?? [])];
    }

    [Fact]
    public void Every_mutant_is_rejected_and_most_are_diagnosed()
    {
        List<string> survived = [], misread = [];
        var (made, equivalent, diagnosed) = (0, 0, 0);
        var applications = Applications();
        foreach (var (function, inputs) in applications)
            foreach (var mutation in Enum.GetValues<Mutation>())
            {
                var memory = new Mutant.Memory();
                Variable Right(Variable[] v) => function.Again().ApplyAlone(v);
                Variable Wrong(Variable[] v) => new Mutant(function, mutation, memory).Apply(v);
                if (!Mutant.Concerns(mutation, inputs, Right([.. inputs.Select(x => new Variable(x))]).Data)) continue;
                made++;
                Gradients(Wrong, [.. inputs.Select(x => x.DType.IsFloat() ? x * 1.1 : x)]);
                var (right, wrong) = (Gradients(Right, inputs)!, Gradients(Wrong, inputs));
                // a function whose gradient is 0 also has a second gradient of 0
                if (mutation == Mutation.Cut ? right.All(g => g.All(x => Math.Abs(x) < Least))
                    : wrong is not null && right.Zip(wrong).All(Agree))
                {
                    equivalent++;
                    continue;
                }
                memory.Mutant = null;
                var report = GradCheck.Run(Wrong, inputs, secondOrder: mutation == Mutation.Cut);
                var what = $"{function.Name}({string.Join(", ", inputs.Select(x => x.Layout))}), {mutation}";
                if (report.Passed)
                {
                    // of a gradient that is the same all around the inputs, one from before is right
                    if (mutation == Mutation.Stale && Gradients(Right, [.. inputs.Select(x =>
                        x.DType.IsFloat() ? x * 1.001 : x)])!.Zip(right).All(Agree)) equivalent++;
                    else survived.Add(what);
                    continue;
                }
                if (report.Fault == (wrong is null ? GradFault.Shape : Mutant.Diagnosis(mutation))) diagnosed++;
                else misread.Add($"{what}, is taken for {report.Fault}: {report.Text}");
            }
        var rejected = made - equivalent - survived.Count;
        Report.Mutants = $"Mutants: {made:#,0} from {applications.Count} applications of " +
            $"{applications.DistinctBy(a => a.Function.Name).Count()} functions; {equivalent:#,0} are equivalent, " +
            $"{survived.Count} survived, {rejected:#,0} were rejected, and {diagnosed:#,0} of these diagnosed " +
            $"rightly ({100.0 * diagnosed / rejected:0} %).";
        Assert.True(survived.Count == 0, string.Join("\n", survived));
        Assert.True(diagnosed >= 0.8 * rejected, $"{Report.Mutants}\n{string.Join("\n", misread)}");
    }

    const double Least = 1e-10;

    static bool Agree((double[] A, double[] B) pair) =>
        pair.A.Zip(pair.B).All(p => Math.Abs(p.First - p.Second) < Least);
}
