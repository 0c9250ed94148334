using System.Diagnostics;
using Spectre.Console;
using Tensorlet.Training;

namespace Tutorials;

/// <summary>
/// How far a training is: its steps, their rate, and the time that is left at this rate. It stands before the plugins
/// that show this.
/// </summary>
/// <param name="epochs">How many epochs the training has.</param>
/// <param name="batches">How many batches an epoch has.</param>
sealed class Pace(int epochs, int batches) : Plugin
{
    readonly Stopwatch watch = Stopwatch.StartNew();
    int samples, here;

    /// <summary>How many epochs there are.</summary>
    public int Epochs => epochs;
    /// <summary>The number of the epoch, from 1.</summary>
    public int Epoch { get; private set; } = 1;
    /// <summary>The number of the batch in it, from 1.</summary>
    public int Batch { get; private set; }
    /// <summary>How many steps have been made, those before the training was resumed included.</summary>
    public int Steps => (Epoch - 1) * batches + Batch;
    /// <summary>Whether this is the last batch of an epoch.</summary>
    public bool EpochIsComplete => Batch == batches;
    /// <summary>The part of the epoch that is done, 0 to 1.</summary>
    public double Part => (double)Batch / batches;
    /// <summary>The part of the training that is done, 0 to 1.</summary>
    public double Done => (double)Steps / (epochs * batches);
    /// <summary>Samples in a second.</summary>
    public double Rate => samples / Math.Max(1e-9, Seconds);
    /// <summary>The time since the training began here.</summary>
    public double Seconds => watch.Elapsed.TotalSeconds;
    /// <summary>The time that is left.</summary>
    public TimeSpan Left => TimeSpan.FromSeconds(Seconds / Math.Max(1, here) * (epochs * batches - Steps));

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        (Epoch, Batch) = (trainer.Epoch + 1, trainer.Batch);
        (here, samples) = (here + 1, samples + trainer.Input.Size(0));
    }
}

/// <summary>
/// Where a training of a classifier is, with its loss, accuracy and rate, and the time left: a bar on a terminal, a
/// line every five seconds elsewhere. Loss and accuracy are running means over some 50 steps.
/// </summary>
sealed class TerminalProgress : Plugin, IDisposable
{
    readonly Pace pace;
    readonly IAnsiConsole console;
    readonly TaskCompletionSource ended = new();
    readonly Task bar = Task.CompletedTask;
    readonly ProgressTask? shown;
    double loss, accuracy, shownAt;
    int steps;

    /// <summary>Begins with the training.</summary>
    /// <param name="pace">How far it is; a plugin before this one.</param>
    /// <param name="console">Where it is shown, the terminal if not given.</param>
    public TerminalProgress(Pace pace, IAnsiConsole? console = null)
    {
        (this.pace, this.console) = (pace, console ?? AnsiConsole.Console);
        if (!this.console.Profile.Capabilities.Interactive || !this.console.Profile.Out.IsTerminal) return;
        var started = new TaskCompletionSource<ProgressTask>();
        bar = this.console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context =>
            {
                started.SetResult(context.AddTask("begins", maxValue: 1));
                return ended.Task;
            });
        shown = started.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        var right = trainer.Output.ArgMax(1).Eq(trainer.Target).Sum().Item() / trainer.Target.Numel;
        var weight = Math.Max(0.02, 1.0 / ++steps);
        loss += weight * (trainer.Loss - loss);
        accuracy += weight * (right - accuracy);
        if (!pace.EpochIsComplete && pace.Seconds - shownAt < (shown is null ? 5 : 0.1)) return;
        shownAt = pace.Seconds;
        if (shown is not null) (shown.Value, shown.Description) = (pace.Done, Markup.Escape(Text("")));
        // not through the console, which would break lines at the width that it takes a file to have
        if (shown is null) console.Profile.Out.Writer.WriteLine(Text($"{100 * pace.Part,3:0} %  "));
        else if (pace.EpochIsComplete) console.WriteLine(Text(""));
    }

    string Text(string percent) => $"epoch {pace.Epoch}/{pace.Epochs}  {percent}loss {loss:0.0000}  accuracy " +
        $"{100 * accuracy:0.00} %  {pace.Rate:#,0} images/s  {(int)pace.Left.TotalMinutes}:{pace.Left.Seconds:00} left";

    /// <inheritdoc/>
    public override void Ended(Trainer trainer) => Dispose();

    /// <summary>Takes the bar away; also where a training failed.</summary>
    public void Dispose()
    {
        if (ended.TrySetResult()) bar.GetAwaiter().GetResult();
    }
}
