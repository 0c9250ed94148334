namespace Tensorlet.Training;

/// <summary>
/// Draws the loss over time in an SVG file, which is written again after each epoch. If a <see cref="Validation"/>
/// comes before this plugin, the validation loss is drawn too.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="every">If given, the file is also written within an epoch, at intervals of this number of
/// batches.</param>
/// <exception cref="ArgumentOutOfRangeException">The number of batches is not positive.</exception>
public sealed class LossPicture(string path, int? every = null)
    : Periodic(every?.In(nameof(LossPicture), 1)), IStateful
{
    const int Points = 500;
    readonly string path = path.Given();
    List<double> losses = [];           // for each batch two numbers: its loss, and the validation loss or NaN

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        losses.AddRange(trainer.Given().Loss, double.NaN);
        base.BatchEnded(trainer);
    }

    private protected override void Act(Trainer trainer)
    {
        if (losses.Count == 0) return;
        if (trainer.Batch == 0) losses[^1] = trainer.Stats.GetValueOrDefault("validation_loss", double.NaN);
        var course = losses.Chunk(2).Select((pair, i) => (Batch: i + 1.0, Loss: pair[0], Other: pair[1])).ToList();
        // if there are many batches, a point is the mean of several batches
        var parts = course.Chunk((course.Count + Points - 1) / Points).ToList();
        var loss = new Curve("loss", [.. parts.Select(part => part.Average(p => p.Batch))],
            [.. parts.Select(part => part.Average(p => p.Loss))]);
        course.RemoveAll(p => !double.IsFinite(p.Other));
        var other = new Curve("validation loss", [.. course.Select(p => p.Batch)], [.. course.Select(p => p.Other)]);
        Chart.Write(path, "batch", logX: false, course.Count > 0 ? [loss, other] : [loss]);
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["losses"] = Tensor.From<double>([.. losses]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) =>
        losses = [.. Stateful.Only("LossPicture", "losses", state, can: numbers => numbers.Length % 2 == 0)];
}
