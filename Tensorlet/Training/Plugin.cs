using Tensorlet.Optim;

namespace Tensorlet.Training;

/// <summary>
/// An object that a <see cref="Trainer"/> calls when something happens. If it has a state, it implements
/// <see cref="IStateful"/>, and is saved in the checkpoints of the trainer.
/// </summary>
public abstract class Plugin
{
    /// <summary>A state is about to be loaded for this training.</summary>
    public virtual void Resuming(Trainer trainer) { }
    /// <summary>The training begins, or is resumed.</summary>
    public virtual void Started(Trainer trainer) { }
    /// <summary>An epoch begins. It is not called when an interrupted epoch is resumed.</summary>
    public virtual void EpochStarted(Trainer trainer) { }
    /// <summary>A batch has been read.</summary>
    public virtual void BatchStarted(Trainer trainer) { }
    /// <summary>The gradients are known, and the step comes next; they may be changed here.</summary>
    public virtual void Stepping(Trainer trainer) { }
    /// <summary>A step has been made.</summary>
    public virtual void BatchEnded(Trainer trainer) { }
    /// <summary>An epoch is complete, and has been counted.</summary>
    public virtual void EpochEnded(Trainer trainer) { }
    /// <summary>The training is complete, or was stopped. It is not called after an exception.</summary>
    public virtual void Ended(Trainer trainer) { }
}

/// <summary>An action after each epoch and, if wanted, at intervals within an epoch.</summary>
/// <param name="every">Also act after this number of batches; only after epochs if not given.</param>
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

/// <summary>Saves the training, always to the same file.</summary>
/// <param name="path">The file.</param>
/// <param name="every">Also save after this number of batches.</param>
/// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
public sealed class Checkpoints(string path, int? every = null) : Periodic(every?.In(nameof(Checkpoints), 1))
{
    readonly string path = path.Given();
    private protected override void Act(Trainer trainer) => trainer.Save(path);
}

/// <summary>Writes a line with the measured values.</summary>
/// <param name="writer">The writer, as in Console.Out.</param>
/// <param name="every">Also write after this number of batches.</param>
/// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
public sealed class Progress(TextWriter writer, int? every = null) : Periodic(every?.In(nameof(Progress), 1))
{
    readonly TextWriter writer = writer.Given();
    private protected override void Act(Trainer trainer) => writer.WriteLine(
        (trainer.Batch == 0 ? $"epoch {trainer.Epoch}: " : $"epoch {trainer.Epoch + 1}, batch {trainer.Batch}: ") +
        string.Join("  ", trainer.Stats.Select(s => $"{s.Key} {s.Value:G4}")));
}

/// <summary>Steps a schedule of the learning rate after each epoch or batch; <c>Stats["lr"]</c> is the rate.</summary>
/// <param name="scheduler">The schedule.</param>
/// <param name="perBatch">Step after each batch instead of each epoch.</param>
/// <param name="watch">The name of the value that <see cref="ReduceLROnPlateau"/> gets.</param>
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
