using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Tensorlet.Tests.Tensors;

/// <summary>
/// A shape and the seeds of a chain of view operations; each seed becomes an operation that is possible at its point.
/// </summary>
public sealed record ViewChain(int[] Shape, int[] Seeds)
{
    public override string ToString() =>
        $"shape ({string.Join(", ", Shape)}), operations {string.Join(", ", Seeds)}: {ViewProperty.Run(this)}";
}

/// <summary>
/// A tensor as it should be: its elements in row-major order, with every operation computed from where each element
/// came from.
/// </summary>
sealed record Model(int[] Shape, long[] Values)
{
    public Model Take(int[] shape, Func<int[], int[]> from) =>
        new(shape, [.. Indices(shape).Select(i => Values[Place(from(i))])]);

    int Place(int[] index) => index.Zip(Shape).Aggregate(0, (place, axis) => place * axis.Second + axis.First);

    static IEnumerable<int[]> Indices(int[] shape) => shape.Aggregate((IEnumerable<int[]>)[[]],
        (all, size) => all.SelectMany(index => Enumerable.Range(0, size).Select(i => (int[])[.. index, i])));
}

public class ViewProperty
{
    static readonly Gen<ViewChain> chains =
        from rank in Gen.Choose(0, 4)
        from shape in Gen.ArrayOf(Gen.Choose(0, 5), rank)
        from length in Gen.Choose(1, 6)
        from seeds in Gen.ArrayOf(Gen.Choose(0, 9_999), length)
        select new ViewChain(shape, seeds);

    static IEnumerable<ViewChain> Shrink(ViewChain chain)
    {
        for (var i = 0; i < chain.Seeds.Length;
            i++) yield return chain with { Seeds = [.. chain.Seeds[..i], .. chain.Seeds[(i + 1)..]] };
        for (var a = 0; a < chain.Shape.Length; a++)
        {
            yield return chain with { Shape = [.. chain.Shape[..a], .. chain.Shape[(a + 1)..]] };
            if (chain.Shape[a] > 1) yield return chain with
            {
                Shape = [.. chain.Shape[..a], chain.Shape[a] - 1,
                .. chain.Shape[(a + 1)..]]
            };
        }
    }

    public static Arbitrary<ViewChain> Chains() => Arb.From(chains, Shrink);

    [Property(MaxTest = 1000, QuietOnSuccess = true, Arbitrary = [typeof(ViewProperty)])]
    public Property Every_chain_of_views_reads_what_a_plain_array_gives(ViewChain chain) =>
        (Run(chain) is var said && said.StartsWith("agree")).Label(said);

    internal static string Run(ViewChain chain)
    {
        var count = chain.Shape.Aggregate(1, (n, size) => n * size);
        var model = new Model(chain.Shape, [.. Enumerable.Range(0, count).Select(i => (long)i)]);
        var views = new[] { Device.Cpu, Device.Reference }.Select(device =>
            Tensor.From(model.Values, chain.Shape, device: device)).ToArray();
        List<string> names = [];
        foreach (var seed in chain.Seeds)
        {
            (var name, var view, model) = Step(new Random(seed), model);
            names.Add(name);
            for (var i = 0; i < views.Length; i++)
            {
                if (view(views[i]) is not { } next) continue;
                if (next.Storage != views[i].Storage && !name.StartsWith("Flip")
                    && !name.StartsWith("Reshape")) return $"{string.Join(", ", names)}: does not share memory";
                views[i] = next;
                if (!next.Size().SequenceEqual(model.Shape) || !next.ToArray<long>().SequenceEqual(model.Values))
                    return $"{string.Join(", ", names)} on {next.Device}:\n{next}\ninstead of " +
                        $"{Layout.Show(model.Shape)}: {string.Join(", ", model.Values)}";
            }
            if (model.Values.Length > 2000) break;
        }
        return $"agree after {string.Join(", ", names)}";
    }

    /// <summary>An operation that is possible on this shape: its name, on a tensor, on the model.</summary>
    static (string Name, Func<Tensor, Tensor> View, Model After) Step(Random random, Model m)
    {
        var (shape, rank) = (m.Shape, m.Shape.Length);
        int[] With(int axis, params int[] sizes) => [.. shape[..axis], .. sizes, .. shape[(axis + 1)..]];
        int[] At(int[] index, int axis, int i) => [.. index[..axis], i, .. index[(axis + 1)..]];
        var a = rank == 0 ? 0 : random.Next(rank);
        var size = rank == 0 ? 0 : shape[a];
        // the same axis, possibly counted from the end
        var negative = random.Next(2) == 0 ? a - rank : a;
        switch (random.Next(rank == 0 ? 3 : 12))
        {
            case 0:
                var place = random.Next(rank + 1);
                return ($"Unsqueeze({place})", t =>
                    t.Unsqueeze(place), m with { Shape = [.. shape[..place], 1, .. shape[place..]] });
            case 1:
                int[] larger = [2, .. shape.Select(s => s == 1 ? 3 : s)];
                return ($"Expand({Layout.Show(larger)})", t =>
                    t.Expand(larger), m.Take(larger, i => [.. i[1..].Zip(shape, (j, s) => s == 1 ? 0 : j)]));
            case 2:
                var other = Factored(random, m.Values.Length);
                return ($"Reshape{Layout.Show(other)}", t => t.Reshape(other), m with { Shape = other });
            case 3:
                int[] order = [.. Enumerable.Range(0, rank)];
                random.Shuffle(order);
                return ($"Permute{Layout.Show(order)}", t => t.Permute(order),
                    m.Take([.. order.Select(o => shape[o])], i =>
                        [.. Enumerable.Range(0, rank).Select(axis => i[Array.IndexOf(order, axis)])]));
            case 4:
                var start = random.Next(size + 1);
                var length = random.Next(size - start + 1);
                return ($"Narrow({negative}, {start}, {length})", t =>
                    t.Narrow(negative, start, length), m.Take(With(a, length), i => At(i, a, i[a] + start)));
            case 5 when size > 0:
                var one = random.Next(size);
                var counted = random.Next(2) == 0 ? one - size : one;
                return ($"Select({negative}, {counted})", t =>
                    t.Select(negative, counted), m.Take(With(a), i => [.. i[..a], one, .. i[a..]]));
            case 6:
                int from = random.Next(-7, 8), to = random.Next(-7, 8), step = random.Next(1, 4);
                int[] taken = [.. Enumerable.Range(0, size).Where(j => j >= (from < 0 ? from + size : from)
                    && j < (to < 0 ? to + size : to)).Where((_, n) => n % step == 0)];
                return ($"Slice({negative}, {from}, {to}, {step})", t =>
                    t.Slice(negative, from, to, step), m.Take(With(a, taken.Length), i => At(i, a, taken[i[a]])));
            case 7:
                return ($"Flip({negative})", t => t.Flip(negative), m.Take(shape, i => At(i, a, size - 1 - i[a])));
            case 8 when size > 0:
                int width = random.Next(1, size + 1), stride = random.Next(1, 4), dilation = width == 1 ? 2
                    : random.Next(1, (size - 1) / (width - 1) + 1);
                var places = Enumerable.Range(0, size).Count(p => p % stride == 0 && p + dilation * (width - 1) < size);
                return ($"Windows({negative}, {width}, {stride}, {dilation})", t =>
                    t.Windows(negative, width, stride, dilation),
                    m.Take([.. With(a, places), width], i => At(i[..^1], a, i[a] * stride + i[^1] * dilation)));
            case 9 when rank > 1:
                return ("Diagonal()", t =>
                    t.Diagonal(0, -2, -1), m.Take([.. shape[..^2], Math.Min(shape[^1], shape[^2])], i =>
                    [.. i, i[^1]]));
            case 10:
                return ($"Squeeze({negative})", t => t.Squeeze(negative), size == 1 ? m with { Shape = With(a) } : m);
            case 11:
                var b = random.Next(rank);
                int[] Swapped(int[] values)
                {
                    int[] copy = [.. values]; (copy[a], copy[b]) = (copy[b], copy[a]);
                    return copy;
                }
                return ($"Transpose({negative}, {b})", t => t.Transpose(negative, b), m.Take(Swapped(shape), Swapped));
            default:
                return ("Squeeze()", t => t.Squeeze(), m with { Shape = [.. shape.Where(s => s != 1)] });
        }
    }

    /// <summary>A random shape with a number of elements, with some axes of size 1.</summary>
    static int[] Factored(Random random, int count)
    {
        List<int> shape = [];
        if (count == 0) return random.Next(2) == 0 ? [0] : [2, 0, 3];
        for (var factor = 2; count > 1; factor++)
            for (; count % factor == 0; count /= factor)
                if (shape.Count > 0 && random.Next(2) == 0) shape[^1] *= factor;
                else shape.Add(factor);
        for (var i = random.Next(3); i > 0; i--) shape.Insert(random.Next(shape.Count + 1), 1);
        return [.. shape];
    }
}
