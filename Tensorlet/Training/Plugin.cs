using Tensorlet.Optim;

namespace Tensorlet.Training;

/// <summary>
/// What a <see cref="Trainer"/> tells when something happens. One with a state implements <see cref="IStateful"/>, and
/// is in the trainer's checkpoints.
/// </summary>
public abstract class Plugin
{
    /// <summary>A state is about to be loaded for this training.</summary>
    public virtual void Resuming(Trainer trainer) { }
    /// <summary>The training begins, or goes on.</summary>
    public virtual void Started(Trainer trainer) { }
    /// <summary>An epoch begins; not where one that was left goes on.</summary>
    public virtual void EpochStarted(Trainer trainer) { }
    /// <summary>A batch is there.</summary>
    public virtual void BatchStarted(Trainer trainer) { }
    /// <summary>The gradients are known, and the step is about to be made: change them here.</summary>
    public virtual void Stepping(Trainer trainer) { }
    /// <summary>The step is done.</summary>
    public virtual void BatchEnded(Trainer trainer) { }
    /// <summary>An epoch is complete, and counted.</summary>
    public virtual void EpochEnded(Trainer trainer) { }
    /// <summary>The training is done, or was stopped; not after an exception.</summary>
    public virtual void Ended(Trainer trainer) { }
}

/// <summary>What is done after each epoch, and after every so many batches of one where that is asked.</summary>
/// <param name="every">After how many batches; only after epochs if not given.</param>
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

/// <summary>Saves the training, always to one whole file.</summary>
/// <param name="path">The file.</param>
/// <param name="every">After how many batches too.</param>
/// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
public sealed class Checkpoints(string path, int? every = null) : Periodic(every?.In(nameof(Checkpoints), 1))
{
    readonly string path = path.Given();
    private protected override void Act(Trainer trainer) => trainer.Save(path);
}

/// <summary>Writes a line of what is measured.</summary>
/// <param name="writer">Where to, as Console.Out.</param>
/// <param name="every">After how many batches too.</param>
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
/// <param name="perBatch">After each batch, and not after each epoch.</param>
/// <param name="watch">What <see cref="ReduceLROnPlateau"/> is told.</param>
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
