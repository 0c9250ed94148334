using Tensorlet.Data;

namespace Tensorlet.Training;

/// <summary>
/// Computes a metric during an epoch. After each batch, <c>trainer.Stats[name]</c> is the value of the metric for all
/// batches of the epoch so far.
/// </summary>
/// <param name="name">The name of the metric, for example "accuracy".</param>
/// <param name="metric">The metric, for example new Accuracy().</param>
public class Meter(string name, Metric metric) : Plugin, IStateful
{
    readonly string name = name.Given();
    private protected Metric Metric { get; } = metric.Given();

    /// <inheritdoc/>
    public sealed override void EpochStarted(Trainer trainer) => Metric.Reset();

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        Metric.Add(trainer.Given().Output, trainer.Target);
        EpochEnded(trainer);
    }

    /// <inheritdoc/>
    public sealed override void EpochEnded(Trainer trainer) => trainer.Given().Stats[name] = Metric.Value;

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => Metric.StateDict();
    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) => Metric.LoadStateDict(state);
}

/// <summary>
/// After each epoch, computes the loss and the metrics of other batches, which are not used for training.
/// <c>trainer.Stats["validation_loss"]</c> is the mean loss of these batches, and
/// <c>trainer.Stats["validation_" + name]</c> is the metric with this name.
/// </summary>
/// <param name="batches">The batches, which are read after each epoch. Do not shuffle them, because a resumed
/// training run does not restore their order.</param>
/// <param name="metrics">The metrics with their names, for example ("accuracy", new Accuracy()).</param>
public sealed class Validation(IEnumerable<Tensor[]> batches, params (string Name, Metric Metric)[] metrics) : Plugin
{
    readonly IEnumerable<Tensor[]> batches = batches.Given();
    readonly (string Name, Metric Metric)[] metrics = metrics.Given();

    /// <inheritdoc/>
    public override void EpochEnded(Trainer trainer)
    {
        trainer.Given().Stats["validation_loss"] = trainer.Evaluate(batches, Array.ConvertAll(metrics, m => m.Metric));
        foreach (var (name, metric) in metrics) trainer.Stats[$"validation_{name}"] = metric.Value;
    }
}

/// <summary>
/// Writes a row with the measured values to a CSV file after each epoch. The first row is a header with the names of
/// the values. When a training run is resumed, the rows of its complete epochs are kept. A new training run overwrites
/// the file.
/// </summary>
/// <param name="path">The file.</param>
public sealed class CsvLog(string path) : Plugin
{
    readonly string path = path.Given();
    string[] names = [];

    /// <inheritdoc/>
    public override void Started(Trainer trainer)
    {
        Files.OfFile("CsvLog", path);
        string[] rows = trainer.Given().Epoch > 0 && File.Exists(path) ? File.ReadAllLines(path) : [];
        names = rows.Length > 0 && new Csv(rows[0], path, header: false) is var first
            ? [.. first.Columns.Skip(1).Select(column => first.Text(column)[0])] : [];
        File.WriteAllLines(path, rows.Take(1 + trainer.Epoch));
    }

    /// <inheritdoc/>
    public override void EpochEnded(Trainer trainer)
    {
        trainer.Given();
        if (names.Length == 0)
        {
            names = [.. trainer.Stats.Keys];
            File.AppendAllText(path, $"epoch,{string.Join(',', names.Select(Quoted))}\n");
        }
        var values = names.Select(name => $",{trainer.Watched(name):R}");
        File.AppendAllText(path, $"{trainer.Epoch}{string.Concat(values)}\n");
    }

    /// <summary>Returns a name as a field of a CSV file (RFC 4180), on one line.</summary>
    /// <exception cref="TensorletException">The name has more than one line.</exception>
    static string Quoted(string name) => name.AsSpan().IndexOfAny('\r', '\n') >= 0
        ? throw new TensorletException($"CsvLog: the name '{name}' has more than one line.")
        : name.AsSpan().IndexOfAny(',', '"') >= 0 ? $"\"{name.Replace("\"", "\"\"")}\"" : name;
}
