namespace Tutorials.Chapter04;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IOrder
{
    /// <inheritdoc/>
    public int[] Order(int[][] inputs, int root)
    {
        var users = new Dictionary<int, int> { [root] = 0 };        // how many uses are still to come
        var open = new Stack<int>([root]);
        while (open.TryPop(out var node))
            foreach (var input in inputs[node])
                if (users.TryAdd(input, 1)) open.Push(input);
                else users[input]++;
        var order = new List<int>();
        open.Push(root);
        while (open.TryPop(out var node))
        {
            order.Add(node);
            foreach (var input in inputs[node])
                if (--users[input] == 0) open.Push(input);
        }
        return [.. order];
    }

    /// <inheritdoc/>
    public double[] Gradients(int[][] inputs, double[][] slopes, int root)
    {
        var gradients = new double[inputs.Length];
        gradients[root] = 1;
        foreach (var node in Order(inputs, root))
            foreach (var (input, slope) in inputs[node].Zip(slopes[node])) gradients[input] += gradients[node] * slope;
        return gradients;
    }
}
