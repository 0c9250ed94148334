namespace Tensorlet;

public partial class Variable
{
    /// <summary>
    /// Computes the sum of products that an equation in Einstein's notation describes. For example,
    /// <c>"bik,bkj->bij"</c> computes y[b, i, j] = Σₖ a[b, i, k]·c[b, k, j] from the operands a and c. Each letter
    /// names an axis. The axes whose letters do not occur in the result are summed over. If a letter occurs twice in
    /// one operand, the diagonal of these two axes is read. <c>...</c> stands for any number of axes, which are
    /// broadcast. Axes of size 1 are broadcast too. If the equation contains no arrow, the result has the axes of
    /// <c>...</c>, followed by the letters that occur only once; these letters are in alphabetical order, and
    /// capitals come first. The operands are contracted two at a time, from left to right.
    /// </summary>
    /// <exception cref="ShapeException">The equation cannot be read, or it does not fit the operands.</exception>
    public static Variable Einsum(string equation, params Variable[] operands)
    {
        var sides = equation.Given().Replace(" ", "").Split("->");
        var inputs = sides[0].Split(',');
        if (sides.Length > 2 || operands.Given().Length == 0 || inputs.Length != operands.Length)
            throw new ShapeException($"Einsum: \"{equation}\" names {inputs.Length} operands, but {operands.Length} " +
                $"were given.");
        // The axes that an ellipsis stands for get the names 0, 1, …, counted such that the last of these axes has
        // the same name in every operand.
        var spare = operands.Select((x, i) => inputs[i].Contains("...") ? x.Rank - inputs[i].Length + 3 : 0).ToArray();
        var all = string.Concat(Enumerable.Range(0, Math.Max(0, spare.Max())).Select(i => (char)('0' + i)));
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = Spelled(inputs[i], spare[i] < 0 ? "" : all[^spare[i]..]);
        var once = all + string.Concat(string.Concat(inputs).Where(char.IsLetter).GroupBy(name => name)
            .Where(group => group.Count() == 1).Select(group => group.Key).Order());
        var output = sides.Length == 2 ? Spelled(sides[1], all) : once;
        foreach (var name in output)
            if (output.Count(other => other == name) > 1 || !inputs.Any(input => input.Contains(name)))
                throw new ShapeException($"Einsum: \"{equation}\": the result has {name} twice, or no operand has it.");
        return Contracted("Einsum", operands, inputs, output);

        string Spelled(string term, string ellipsis)
        {
            var at = term.IndexOf("...", StringComparison.Ordinal);
            var letters = at < 0 ? term : term.Remove(at, 3);
            return letters.All(char.IsAsciiLetter) ? at < 0 ? term : letters.Insert(at, ellipsis)
                : throw new ShapeException($"Einsum: \"{equation}\": \"{term}\" must consist of letters and at most " +
                    $"one ellipsis (...).");
        }
    }

    /// <summary>
    /// Sums the products of the operands over all axes that are not in the result. Each axis is named by a
    /// character.
    /// </summary>
    static Variable Contracted(string operation, Variable[] operands, string[] names, string result)
    {
        var sizes = Sizes(operation, operands, names);
        var (y, kept) = Term(0);
        for (var i = 1; i < operands.Length; i++)
        {
            var (x, axes) = Term(i);
            var wanted = result + string.Concat(names[(i + 1)..]);
            var (shared, rows, columns) = (Common(kept, axes), Without(kept, axes), Without(axes, kept));
            var (batch, inner) = (Common(shared, wanted), Without(shared, wanted));
            y = new Contract(batch.Length, rows.Length, columns.Length).Apply(
                Ordered(y, kept, batch + rows + inner), Ordered(x, axes, batch + inner + columns));
            kept = batch + rows + columns;
        }
        return Ordered(y, kept, result);

        // Operand i, summed over the axes that are neither in the result nor in another operand.
        (Variable, string) Term(int i)
        {
            var (x, axes) = Diagonals(operands[i].Expand([.. names[i].Select(n => sizes[n])]), names[i]);
            var alone = Without(axes, string.Concat([result, .. names[..i], .. names[(i + 1)..]]));
            int[] over = [.. alone.Select(name => axes.IndexOf(name))];
            return alone == "" ? (x, axes) : (x.Sum(over), Without(axes, alone));
        }
    }

    static string Common(string a, string b) => string.Concat(a.Where(b.Contains));
    static string Without(string a, string b) => string.Concat(a.Where(name => !b.Contains(name)));

    static Variable Ordered(Variable x, string axes, string order) =>
        axes == order ? x : x.Permute([.. order.Select(name => axes.IndexOf(name))]);

    /// <summary>
    /// Replaces each pair of axes that have the same name with the diagonal of this pair, which becomes the last
    /// axis.
    /// </summary>
    static (Variable, string) Diagonals(Variable x, string axes)
    {
        if (axes.Distinct().Count() == axes.Length) return (x, axes);
        var i = axes.IndexOf(axes.First(name => axes.IndexOf(name) != axes.LastIndexOf(name)));
        var j = axes.LastIndexOf(axes[i]);
        x = x.Permute([.. Enumerable.Range(0, axes.Length).Where(a => a != i && a != j), i, j]).Diagonal(0, -2, -1);
        return Diagonals(x, axes.Remove(j, 1).Remove(i, 1) + axes[i]);
    }

    /// <summary>
    /// Returns the size that belongs to each name. Each axis with this name must have this size, or size 1; an axis
    /// of size 1 is broadcast.
    /// </summary>
    static Dictionary<char, int> Sizes(string operation, Variable[] operands, string[] names)
    {
        var sizes = new Dictionary<char, int>();
        for (var i = 0; i < operands.Length; i++)
        {
            var (x, axes) = (operands[i], names[i]);
            operands[0].Alike(operation, x);
            if (x.Rank != axes.Length) throw new ShapeException($"{operation}: operand {i} has shape " +
                $"{x.Data.Layout}, but \"{axes}\" names {axes.Length} axes.");
            for (var a = 0; a < axes.Length; a++)
            {
                var (size, known) = (x.Size(a), sizes.GetValueOrDefault(axes[a], 1));
                if ((size != known && size != 1 && known != 1) || x.Size(axes.IndexOf(axes[a])) != size)
                    throw new ShapeException($"{operation}: shapes {string.Join(", ", operands.Select(o =>
                        o.Data.Layout))} disagree in the axes named {axes[a]}: axis {a} of operand {i} is {size}, " +
                        $"against {(size == known || known == 1 ? x.Size(axes.IndexOf(axes[a])) : known)}.");
                sizes[axes[a]] = known == 1 ? size : known;
            }
        }
        return sizes;
    }
}
