using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tensorlet.Training;

/// <summary>
/// Trains a model: epochs of batches (input, target), for each a gradient of the loss and a step. All else are plugins,
/// told what happens in the order given (<see cref="Checkpoints"/> last).
/// </summary>
/// <param name="model">What learns.</param>
/// <param name="loss">One number for an output and a target.</param>
/// <param name="optimizer">What moves the model's parameters.</param>
/// <param name="batches">An epoch each time they are gone through; they are brought to the model's device.</param>
/// <param name="plugins">Who is told.</param>
public sealed partial class Trainer(Module model, Func<Variable, Variable, Variable> loss, Optimizer optimizer,
    IEnumerable<Tensor[]> batches, params IEnumerable<Plugin> plugins)
{
    readonly Plugin[] plugins = [.. plugins.Given().OrderBy(plugin => plugin is Checkpoints)];      // a stable sort
    readonly Counter epoch = new(most: int.MaxValue), batch = new(most: int.MaxValue);
    readonly Mean mean = new();
    readonly Func<Variable, Variable, Variable> loss = loss.Given();
    readonly IEnumerable<Tensor[]> batches = batches.Given();
    bool stopped;

    /// <inheritdoc cref="Trainer(Module, Func{Variable, Variable, Variable}, Optimizer, IEnumerable{Tensor[]},
    /// IEnumerable{Plugin})"/>
    public Trainer(Module model, Loss loss, Optimizer optimizer, IEnumerable<Tensor[]> batches,
        params IEnumerable<Plugin> plugins) : this(model, loss.Given().Call, optimizer, batches, plugins) { }

    /// <summary>
    /// In how many parts, along its first axis, each batch goes through the model. Their gradients are accumulated, and
    /// one step follows: that of the whole batch where the loss is a mean over samples, with the memory of a part.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public int AccumulationSteps
    {
        get;
        init => field = value.In(nameof(Trainer), 1, name: nameof(AccumulationSteps));
    } = 1;

    /// <summary>What learns.</summary>
    public Module Model { get; } = model.Given();
    /// <summary>What moves its parameters.</summary>
    public Optimizer Optimizer { get; } = optimizer.Given();
    /// <summary>How many epochs are complete.</summary>
    public int Epoch => (int)epoch.Value;
    /// <summary>The number of the batch in the epoch under way, from 1; 0 between epochs.</summary>
    public int Batch => (int)batch.Value;
    /// <summary>The input of the batch.</summary>
    public Tensor Input { get; private set; } = Tensor.Empty(0);
    /// <summary>Its target.</summary>
    public Tensor Target { get; private set; } = Tensor.Empty(0);
    /// <summary>What the model gave for it.</summary>
    public Tensor Output { get; private set; } = Tensor.Empty(0);
    /// <summary>The loss of the batch; NaN before the first.</summary>
    public double Loss { get; private set; } = double.NaN;

    /// <summary>
    /// What is measured, by name, for plugins to show and to watch: "loss", the mean over the epoch so far, and what
    /// plugins add.
    /// </summary>
    public Dictionary<string, double> Stats { get; } = [];

    /// <summary>Something measured.</summary>
    /// <exception cref="TensorletException">There is nothing of this name.</exception>
    public double Watched(string name) => Stats.TryGetValue(name.Given(), out var value) ? value
        : throw new TensorletException($"Trainer: '{name}' is not among what is measured, " +
            $"[{string.Join(", ", Stats.Keys)}]. Put the plugin that measures it before the one that asks.");

    /// <summary>
    /// Trains until so many epochs are complete, those before <see cref="Resume"/> included, in training mode; then, or
    /// after an exception, every module is in its mode of before. An epoch that was left goes on at the next batch.
    /// </summary>
    /// <exception cref="DivergenceException">A loss is NaN or infinite; nothing was learned from its batch.</exception>
    public void Run(int epochs) => Model.InMode(training: true, () =>
    {
        stopped = false;
        Tell(plugin => plugin.Started(this));
        while (Epoch < epochs && !stopped) RunEpoch();
        Tell(plugin => plugin.Ended(this));
    });

    /// <summary>Ends the training after this batch, or epoch.</summary>
    public void Stop() => stopped = true;

    void RunEpoch()
    {
        if (Batch == 0) Tell(plugin => plugin.EpochStarted(this));
        else if (batches is IStateful loader) loader.LoadStateDict(loader.StateDict());     // it goes on where it is
        foreach (var tensors in batches is IStateful ? batches : batches.Skip(Batch))
        {
            batch.Value++;
            Learn(tensors);
            if (stopped) return;
        }
        (epoch.Value, batch.Value, Stats["loss"]) = (Epoch + 1, 0, mean.Value);
        Tell(plugin => plugin.EpochEnded(this));
    }

    void Learn(Tensor[] tensors)
    {
        (Input, Target) = Placed(tensors);
        Tell(plugin => plugin.BatchStarted(this));
        Optimizer.ZeroGrad();
        (Output, Loss) = Backward();
        Tell(plugin => plugin.Stepping(this));
        Optimizer.Step();
        if (Batch == 1) mean.Reset();
        mean.Add(Loss, Input.Size(0));
        Stats["loss"] = mean.Value;
        Tell(plugin => plugin.BatchEnded(this));
    }

    /// <summary>The gradients of a batch, part by part; the output and the loss of all parts.</summary>
    (Tensor Output, double Loss) Backward()
    {
        var whole = AccumulationSteps == 1;
        if (!whole && Input.Size(0) != Target.Size(0))
            throw new ShapeException($"Trainer: an input {Input.Layout} and a target {Target.Layout} cannot be cut " +
                $"into {AccumulationSteps} parts along their first axes, which differ.");
        Tensor[] inputs = whole ? [Input] : Input.Chunk(AccumulationSteps);
        Tensor[] targets = whole ? [Target] : Target.Chunk(AccumulationSteps);
        List<Tensor> outputs = [];
        var total = 0.0;
        foreach (var (input, target) in inputs.Zip(targets))
        {
            var output = Model.Call(input);
            var result = loss(output, target);
            outputs.Add(output.Data);
            var share = whole ? 1 : (double)input.Size(0) / Input.Size(0);
            total += Loss = share * result.Item();
            if (!double.IsFinite(Loss))
                throw new DivergenceException($"Trainer: the loss is {Loss} in epoch {Epoch + 1}, batch {Batch}. " +
                    "Lower the learning rate; Autograd.DetectAnomaly() finds where NaN begins.");
            (whole ? result : result * share).Backward();
        }
        return (whole ? outputs[0] : Tensor.Cat(outputs), total);
    }

    /// <summary>
    /// The mean loss of the samples of some batches, in evaluation mode and without gradients; each metric is reset and
    /// takes them in.
    /// </summary>
    public double Evaluate(IEnumerable<Tensor[]> batches, params Metric[] metrics)
    {
        var mean = new Mean();
        Array.ForEach(metrics.Given(), metric => metric.Given(nameof(metrics)).Reset());
        Model.InMode(training: false, () =>
        {
            using var _ = Autograd.NoGrad();
            foreach (var (input, target) in batches.Given().Select(Placed))
            {
                var output = Model.Call(input);
                mean.Add(loss(output, target).Item(), input.Size(0));
                Array.ForEach(metrics, metric => metric.Add(output.Data, target));
            }
        });
        return mean.Value;
    }

    (Tensor Input, Tensor Target) Placed(Tensor[] tensors)
    {
        var (input, target) = tensors;
        var device = Model.Parameters().FirstOrDefault()?.Device ?? input.Device;
        return (input.To(device), target.To(device));
    }

    void Tell(Action<Plugin> what) => Array.ForEach(plugins, what);

    /// <summary>
    /// Writes all that a training goes on from: place, model, optimizer, random numbers, loader, plugins.
    /// </summary>
    public void Save(string path) => Checkpoint.Save(path, Parts());

    /// <summary>
    /// Takes a file over that <see cref="Save"/> wrote, with the same kinds of parts; <see cref="Run"/> then gives the
    /// same bits as if the training had never stopped.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged. Nothing has changed.</exception>
    /// <exception cref="TensorletException">A part is missing, or refuses its state. Nothing has changed.</exception>
    public void Resume(string path)
    {
        Tell(plugin => plugin.Resuming(this));
        Checkpoint.Load(path, Parts());
    }

    (string Name, IStateful Part)[] Parts() => [("epoch", epoch), ("batch", batch), ("loss", mean), ("model", Model),
        ("generator", Generator.Default), ("optimizer", Optimizer),
        .. ((object[])[batches]).OfType<IStateful>().Select(loader => ("loader", loader)),
        .. plugins.OfType<IStateful>().Select((plugin, i) => ($"plugin{i}", plugin))];
}

/// <summary>A loss that is NaN or infinite.</summary>
public sealed class DivergenceException(string message) : TensorletException(message);
