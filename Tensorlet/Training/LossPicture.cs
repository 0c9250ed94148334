using System.Text;

namespace Tensorlet.Training;

/// <summary>A picture of the loss over time: an SVG file, which is written again at intervals.</summary>
/// <param name="path">The file.</param>
/// <param name="every">Also write it after this number of batches.</param>
/// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
public sealed class LossPicture(string path, int? every = null)
    : Periodic(every?.In(nameof(LossPicture), 1)), IStateful
{
    const int Points = 500, Height = 300;
    readonly string path = path.Given();
    List<double> losses = [];

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        losses.Add(trainer.Given().Loss);
        base.BatchEnded(trainer);
    }

    private protected override void Act(Trainer trainer)
    {
        // if there are many batches, a point is the mean of several
        double[] y = [.. losses.Chunk((losses.Count + Points - 1) / Points).Select(part => part.Average())];
        var (low, high) = (Math.Min(0, y.Min()), Math.Max(1e-9, y.Max()));
        double Down(double loss) => 20 + Height * (high - loss) / (high - low);
        var step = (double)Points / Math.Max(1, y.Length - 1);
        var line = y.Select((loss, i) => $"{60 + i * step:0.#},{Down(loss):0.#}");
        var text = $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 350" font-family="sans-serif" font-size="12">
            <path d="M60 20v{Height}h{Points}" fill="none" stroke="#777"/>
            <polyline points="{string.Join(' ', line)}" fill="none" stroke="#2e7fd0"/>
            <g fill="#777"><text x="8" y="24">{high:G3}</text><text x="8" y="{24 + Height}">{low:G3}</text>
            <text x="60" y="340">loss of {losses.Count} batches</text>
            <text x="566" y="{Down(y[^1]):0.#}">{losses[^1]:G4}</text></g>
            </svg>
            """;
        Files.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text)));
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["losses"] = Tensor.From<double>([.. losses]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) =>
        losses = [.. Stateful.Only("LossPicture", "losses", state)];
}
