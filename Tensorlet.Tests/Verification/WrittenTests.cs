using System.Reflection;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// A program may write to any tensor between an operation and its backward pass: to an input, a result, a buffer of
/// labels that is used again, an index that Sort returned. The gradient is then that of the values at the time of the
/// call, or there is an error; it is never the gradient of something else.
/// </summary>
public class WrittenTests
{
    const int Seed = 3, Largest = 3;

    public static TheoryData<string> Names => [.. OpTable.All.Select(op => op.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_write_to_what_backward_reads_is_noticed(string name)
    {
        var (leaves, y) = Recorded(name);
        if (!y.RequiresGrad) return;
        var count = Reached.From(y, leaves).Count;
        Assert.True(count > 0 || leaves.Any(leaf => leaf.Numel == 0));
        var expected = Gradients(leaves, y);
        for (var i = 0; i < count; i++)
        {
            (leaves, y) = Recorded(name);
            var storage = Reached.From(y, leaves)[i];
            Write(new Tensor(storage, Layout.Contiguous(storage.Count)));
            double[][] actual;
            try { actual = Gradients(leaves, y); }
            catch (AutogradException error)
            {
                Assert.Contains("has written to that memory since", error.Message);
                continue;
            }
            for (var k = 0; k < leaves.Length; k++)
                OperationCheck.Difference($"after a write to {storage.Count} elements of {storage.DType} that the " +
                    $"graph holds, the gradient with respect to input {k}", actual[k], expected[k], 1e-12);
        }
    }

    static (Variable[] Leaves, Variable Y) Recorded(string name)
    {
        var draw = new Draw(Seed, Largest);
        var c = OpTable.Named(name).Draw(draw);
        Variable[] leaves = [.. c.Inputs.Select(input => new Variable(draw.Lay(input, Device.Cpu), true))];
        return (leaves, c.F(leaves));
    }

    static double[][] Gradients(Variable[] leaves, Variable y)
    {
        var dy = Tensor.Randn(y.Size(), y.DType, generator: new Generator(6));
        return [.. Autograd.Grad([y], leaves, [dy]).Select(g => g?.Data.ToArray<double>() ?? [])];
    }

    static void Write(Tensor x)
    {
        if (x.DType == DType.Bool) x.Copy_(!x);
        else if (x.DType == DType.Int64) x.Copy_(Tensor.ZerosLike(x));
        else x.Mul_(-2).Add_(1);
    }

    /// <summary>
    /// Every storage that a graph refers to, through all fields, arrays and closures, in a fixed order.
    /// </summary>
    sealed class Reached
    {
        readonly HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        readonly List<Storage> storages = [];

        public static List<Storage> From(Variable y, Variable[] leaves)
        {
            var reached = new Reached();
            reached.Visit(y);
            foreach (var leaf in leaves) reached.Visit(leaf);
            return reached.storages;
        }

        void Visit(object? o)
        {
            if (o is null or string or Type or Device or MemberInfo || o.GetType().IsPrimitive || o.GetType().IsEnum)
                return;
            if (!o.GetType().IsValueType && !seen.Add(o)) return;
            switch (o)
            {
                case Tensor x:
                    if (x.Numel > 0 && seen.Add(x.Storage)) storages.Add(x.Storage);
                    break;
                case Delegate f:
                    foreach (var part in f.GetInvocationList()) Visit(part.Target);
                    break;
                case Array all:
                    foreach (var one in all) Visit(one);
                    break;
                default:
                    for (var type = o.GetType(); type is not null && type != typeof(object); type = type.BaseType)
                        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public
                            | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)) Visit(field.GetValue(o));
                    break;
            }
        }
    }
}
