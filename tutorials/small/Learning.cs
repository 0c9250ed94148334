using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials;

/// <summary>What the small trainings share: where data are, epochs, and how much is right.</summary>
static class Learning
{
    /// <summary>A file below the folder that TENSORLET_DATA names; several names are tried.</summary>
    public static string Find(string what, params string[] names)
    {
        var root = Environment.GetEnvironmentVariable(MNIST.Variable);
        var files = names.Select(name => Path.Combine(root ?? ".", name));
        return root is { Length: > 0 } && files.FirstOrDefault(File.Exists) is { } file ? file
            : throw new FileNotFoundException($"{what}: set {MNIST.Variable} to a folder with {names[0]}.");
    }

    /// <summary>Epochs of Adam, the learning rate falling to 0 in a straight line.</summary>
    public static void Epochs(Module net, DataLoader loader, int epochs, double lr, Action<int, double>? told = null)
    {
        var optimizer = new Adam(net.Parameters(), lr);
        for (var (epoch, step) = (1, 0); epoch <= epochs; epoch++)
        {
            var sum = 0.0;
            foreach (var (x, y) in loader)
            {
                optimizer.Lr = lr * (1 - step++ / (double)(epochs * loader.Count));
                optimizer.ZeroGrad();
                var loss = F.CrossEntropy(net.Call(x), y);
                loss.Backward();
                optimizer.Step();
                sum += loss.Item();
            }
            told?.Invoke(epoch, sum / loader.Count);
        }
    }

    /// <summary>The part of the samples that is classified rightly.</summary>
    public static double Accuracy(Module net, Dataset dataset)
    {
        using var _ = Autograd.NoGrad();
        net.Eval();
        var right = new DataLoader(dataset, 250).Sum(b => net.Call(b[0]).Data.ArgMax(1).Eq(b[1]).Sum().Item());
        net.Train();
        return right / dataset.Count;
    }

    public static string Percent(double part) => (100 * part).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
