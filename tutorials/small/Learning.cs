using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tutorials;

/// <summary>What the small training programs share: finding data, epochs, and accuracy.</summary>
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

    /// <summary>Epochs of Adam, with a learning rate that falls to 0 in a straight line.</summary>
    public static void Epochs(Module net, DataLoader loader, int epochs, double lr, params Plugin[] plugins)
    {
        var optimizer = new Adam(net.Parameters(), lr);
        var falling = new LambdaLR(optimizer, step => 1 - step / (double)(epochs * loader.Count));
        new Trainer(net, new CrossEntropyLoss(), optimizer, loader,
            [new Schedule(falling, perBatch: true), .. plugins]).Run(epochs);
    }

    /// <summary>The part of the samples that is classified correctly.</summary>
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
