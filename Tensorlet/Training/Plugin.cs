using Tensorlet.Optim;

namespace Tensorlet.Training;

/// <summary>
/// An object whose methods a <see cref="Trainer"/> calls at certain moments of a training run. A plugin that has a
/// state implements <see cref="IStateful"/>; its state is then saved in the checkpoints of the trainer.
/// </summary>
public abstract class Plugin
{
    /// <summary>Is called before a state is loaded for this training run.</summary>
    public virtual void Resuming(Trainer trainer) { }
    /// <summary>Is called when a training run begins or is resumed.</summary>
    public virtual void Started(Trainer trainer) { }
    /// <summary>Is called when an epoch begins, but not when an interrupted epoch is resumed.</summary>
    public virtual void EpochStarted(Trainer trainer) { }
    /// <summary>Is called when a batch has been read.</summary>
    public virtual void BatchStarted(Trainer trainer) { }
    /// <summary>
    /// Is called when the gradients have been computed, before the optimizer makes its step. The gradients may be
    /// changed here.
    /// </summary>
    public virtual void Stepping(Trainer trainer) { }
    /// <summary>Is called when the optimizer has made its step.</summary>
    public virtual void BatchEnded(Trainer trainer) { }
    /// <summary>
    /// Is called when an epoch is complete. <see cref="Trainer.Epoch"/> already includes this epoch.
    /// </summary>
    public virtual void EpochEnded(Trainer trainer) { }
    /// <summary>Is called when a training run is complete or was stopped, but not after an exception.</summary>
    public virtual void Ended(Trainer trainer) { }
}

/// <summary>A plugin that acts after each epoch and, optionally, at regular intervals within an epoch.</summary>
/// <param name="every">If given, the plugin also acts within an epoch, at intervals of this number of batches.</param>
public abstract class Periodic(int? every) : Plugin
{
    private protected abstract void Act(Trainer trainer);

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        if (trainer.Given().Batch % every == 0) Act(trainer);
    }

    /// <inheritdoc/>
    public sealed override void EpochEnded(Trainer trainer) => Act(trainer.Given());
}

/// <summary>Saves the state of the training run after each epoch, always to the same file.</summary>
/// <param name="path">The file.</param>
/// <param name="every">If given, the state is also saved within an epoch, at intervals of this number of
/// batches.</param>
/// <exception cref="ArgumentOutOfRangeException">The number of batches is not positive.</exception>
public sealed class Checkpoints(string path, int? every = null) : Periodic(every?.In(nameof(Checkpoints), 1))
{
    readonly string path = path.Given();
    private protected override void Act(Trainer trainer) => trainer.Save(path);
}

/// <summary>Writes a line with the measured values after each epoch.</summary>
/// <param name="writer">The writer, for example Console.Out.</param>
/// <param name="every">If given, a line is also written within an epoch, at intervals of this number of
/// batches.</param>
/// <exception cref="ArgumentOutOfRangeException">The number of batches is not positive.</exception>
public sealed class Progress(TextWriter writer, int? every = null) : Periodic(every?.In(nameof(Progress), 1))
{
    readonly TextWriter writer = writer.Given();
    private protected override void Act(Trainer trainer) => writer.WriteLine(
        (trainer.Batch == 0 ? $"epoch {trainer.Epoch}: " : $"epoch {trainer.Epoch + 1}, batch {trainer.Batch}: ") +
        string.Join("  ", trainer.Stats.Select(s => $"{s.Key} {s.Value:G4}")));
}

/// <summary>
/// Calls the method Step of a learning-rate schedule after each epoch or after each batch. <c>trainer.Stats["lr"]</c>
/// is the learning rate of the first group of parameters.
/// </summary>
/// <param name="scheduler">The schedule.</param>
/// <param name="perBatch">If true, Step is called after each batch. If false, it is called after each epoch.</param>
/// <param name="watch">The name of a value in <see cref="Trainer.Stats"/>. This value is passed to the schedule if the
/// schedule is a <see cref="ReduceLROnPlateau"/>; other schedules do not need a value.</param>
public sealed class Schedule(Scheduler scheduler, bool perBatch = false, string watch = "validation_loss")
    : Plugin, IStateful
{
    readonly Scheduler scheduler = scheduler.Given();
    readonly string watch = watch.Given();

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer) => Step(trainer.Given(), perBatch);
    /// <inheritdoc/>
    public override void EpochEnded(Trainer trainer) => Step(trainer.Given(), !perBatch);

    void Step(Trainer trainer, bool now)
    {
        if (now && scheduler is ReduceLROnPlateau plateau) plateau.Step(trainer.Watched(watch));
        else if (now) scheduler.Step();
        trainer.Stats["lr"] = trainer.Optimizer.Lr;
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => scheduler.StateDict();
    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) => scheduler.LoadStateDict(state);
}
