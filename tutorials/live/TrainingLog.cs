using System.Text.Json;
using System.Text.Json.Serialization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Training;

namespace Tutorials;

/// <summary>
/// What happened in a training of a classifier of digits, step by step, for a picture afterwards and for the page that
/// shows it meanwhile: the losses, those and the accuracy on other digits, the norms of the gradients layer by layer,
/// and what the network says to some digits. Another thread may read.
/// </summary>
/// <param name="pace">How far the training is; a plugin before this one.</param>
/// <param name="test">Digits that the network does not learn from.</param>
/// <param name="shown">Those of which the page shows the predictions.</param>
/// <param name="every">After how many steps the network is tested.</param>
/// <param name="live">Whether there is a page: without one, layers are not measured, and predictions not asked
/// for.</param>
sealed class TrainingLog(Pace pace, DigitData test, DigitData shown, int every, bool live) : Plugin
{
    const int MeasuredEvery = 10;

    static readonly JsonSerializerOptions json = new(JsonSerializerOptions.Web)
    { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    readonly LayerStatistics layers = new(MeasuredEvery);
    readonly Lock gate = new();
    readonly Tensor[][] testBatches = [.. new DataLoader(test.Dataset(), 250)],
        shownBatch = [.. new DataLoader(shown.Dataset(), Math.Max(1, shown.Labels.Length))];
    readonly List<double> losses = [];
    readonly List<(int Step, double Loss, double Accuracy)> tests = [];
    readonly List<(int Step, double[] Norms)> norms = [];
    string[] names = [];
    Tensor? scores;
    bool running = true;

    /// <summary>The digits that are shown.</summary>
    public DigitData Shown => shown;
    /// <summary>The loss of each step.</summary>
    public IReadOnlyList<double> Losses => losses;
    /// <summary>After how many steps the network had which loss and which accuracy, 0 to 1.</summary>
    public IReadOnlyList<(int Step, double Loss, double Accuracy)> Tests => tests;

    /// <summary>Keeps what the network gave.</summary>
    sealed class Outputs() : Metric(0)
    {
        public Tensor? Last { get; private set; }
        public override double Value => double.NaN;
        public override void Add(Tensor output, Tensor target) => Last = output;
    }

    /// <inheritdoc/>
    public override void BatchStarted(Trainer trainer)
    {
        if (live) layers.BatchStarted(trainer);
    }

    /// <inheritdoc/>
    public override void Stepping(Trainer trainer) => layers.Stepping(trainer);

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        lock (gate)
        {
            losses.Add(trainer.Loss);
            if (live && (trainer.Batch - 1) % MeasuredEvery == 0)
            {
                var learning = layers.Layers.Where(layer => layer.ParameterGradient > 0).ToList();
                names = [.. learning.Select(layer => layer.Name)];
                norms.Add((pace.Steps, [.. learning.Select(layer => layer.ParameterGradient)]));
            }
        }
        if (pace.Steps % every == 0 || pace.EpochIsComplete) Test(trainer);
    }

    void Test(Trainer trainer)
    {
        var (accuracy, outputs) = (new Accuracy(), new Outputs());
        var loss = trainer.Evaluate(testBatches, accuracy);
        if (live) trainer.Evaluate(shownBatch, outputs);
        lock (gate)
        {
            tests.Add((pace.Steps, loss, accuracy.Value));
            scores = outputs.Last is { } last ? ((Variable)last).Softmax(1).Data : null;
        }
    }

    /// <summary>Nothing more will come.</summary>
    public void Finish()
    {
        lock (gate) running = false;
    }

    /// <summary>The state as JSON, with the losses, tests and norms from some places on.</summary>
    public string Json(int fromLoss, int fromTest, int fromNorms)
    {
        lock (gate)
        {
            var sure = scores?.ToArray<float>() ?? [];
            var classes = scores?.Size(1) ?? 1;
            return JsonSerializer.Serialize(new
            {
                running,
                pace.Epoch,
                pace.Epochs,
                pace.Done,
                pace.Rate,
                Left = pace.Left.TotalSeconds,
                Losses = Rest(losses, fromLoss),
                Tests = Rest(tests, fromTest).Select(t => (double[])[t.Step, t.Loss, t.Accuracy]),
                Layers = names,
                Norms = Rest(norms, fromNorms).Select(n => (double[])[n.Step, .. n.Norms]),
                Predictions = sure.Chunk(classes).Select(p => (double[])[Array.IndexOf(p, p.Max()), p.Max()]),
            }, json);
        }

        static IEnumerable<T> Rest<T>(List<T> all, int from) => all.Skip(Math.Max(0, from));
    }

    /// <summary>The digits that are shown as JSON: grey values in base 64, and what they are.</summary>
    public string ShownJson() => JsonSerializer.Serialize(new
    {
        Size = 28,
        Images = shown.Images.Chunk(28 * 28).Select(Convert.ToBase64String),
        Labels = shown.Labels.Select(label => (int)label),
    }, json);
}
