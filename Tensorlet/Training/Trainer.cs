using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tensorlet.Training;

/// <summary>
/// Trains a model. An epoch consists of batches, and each batch consists of an input and a target. For each batch, the
/// trainer computes the gradients of the loss, and the optimizer makes a step. Everything else is done by plugins.
/// Plugins are called in the order in which they are given, except that plugins of the class <see cref="Checkpoints"/>
/// are called last.
/// </summary>
/// <param name="model">The model that is trained.</param>
/// <param name="loss">A function that computes the loss from an output and a target.</param>
/// <param name="optimizer">The optimizer, which updates the parameters of the model.</param>
/// <param name="batches">The batches of an epoch, for example a <see cref="DataLoader"/>. They are enumerated again for
/// each epoch. A batch is an array of two tensors, the input and the target, which the trainer moves to the device of
/// the model.</param>
/// <param name="plugins">The plugins.</param>
/// <exception cref="TensorletException">The optimizer has no parameter of the model.</exception>
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
    /// The number of parts into which each batch is divided along its first axis. The parts go through the model one
    /// after another, so that only the memory for one part is needed. The gradients of all parts are added up, and then
    /// the optimizer makes a single step. If the loss is a mean over samples, and no layer computes with statistics of
    /// the batch, as batch normalization does, this step is the same as for the whole batch, up to rounding.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int AccumulationSteps
    {
        get;
        init => field = value.In(nameof(Trainer), 1, name: nameof(AccumulationSteps));
    } = 1;

    /// <summary>The model that is trained.</summary>
    public Module Model { get; } = model.Given();
    /// <summary>The optimizer of the parameters of the model.</summary>
    public Optimizer Optimizer { get; } = optimizer.Given().ParamGroups.SelectMany(group => group.Parameters)
        .Intersect(model.Given().Parameters()).Any() ? optimizer : throw new TensorletException("Trainer: the " +
            "optimizer has no parameter of the model, so the model would not learn. Make the optimizer with the " +
            "model's own Parameters().");
    /// <summary>The number of complete epochs.</summary>
    public int Epoch => (int)epoch.Value;
    /// <summary>The number of the current batch in its epoch, counted from 1; 0 between epochs.</summary>
    public int Batch => (int)batch.Value;
    /// <summary>The input of the current batch.</summary>
    public Tensor Input { get; private set; } = Tensor.Empty(0);
    /// <summary>The target of the current batch.</summary>
    public Tensor Target { get; private set; } = Tensor.Empty(0);
    /// <summary>The output of the model for the current batch.</summary>
    public Tensor Output { get; private set; } = Tensor.Empty(0);
    /// <summary>The loss of the current batch; NaN before the first batch.</summary>
    public double Loss { get; private set; } = double.NaN;

    /// <summary>
    /// The measured values by name. "loss" is the mean loss over the epoch so far. Plugins add other values. Plugins
    /// can also read all values, for example to show them or to end the training run.
    /// </summary>
    public Dictionary<string, double> Stats { get; } = [];

    /// <summary>Returns the measured value with this name.</summary>
    /// <exception cref="TensorletException">There is no value with this name.</exception>
    public double Watched(string name) => Stats.TryGetValue(name.Given(), out var value) ? value
        : throw new TensorletException($"Trainer: '{name}' is not among the measured values, " +
            $"[{string.Join(", ", Stats.Keys)}]. Put the plugin that measures it before the one that uses it.");

    /// <summary>
    /// Trains the model, in training mode, until <paramref name="epochs"/> epochs are complete. This number includes
    /// all epochs that were complete before this call. If an epoch was interrupted, training continues at the next
    /// batch of this epoch. At the end, or after an exception, every module returns to its former mode.
    /// </summary>
    /// <exception cref="DivergenceException">A loss is NaN or infinite. No step was made for its batch.</exception>
    public void Run(int epochs) => Model.InMode(training: true, () =>
    {
        stopped = false;
        Tell(plugin => plugin.Started(this));
        while (Epoch < epochs && !stopped) RunEpoch();
        Tell(plugin => plugin.Ended(this));
    });

    /// <summary>
    /// Ends the training run after the current batch. If this method is called at the end of an epoch, no further epoch
    /// begins.
    /// </summary>
    public void Stop() => stopped = true;

    void RunEpoch()
    {
        if (Batch == 0) Tell(plugin => plugin.EpochStarted(this));
        else if (batches is IStateful loader) loader.LoadStateDict(loader.StateDict());     // continues at its position
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

    /// <summary>
    /// Computes the gradients of a batch, part by part. Returns the output and the loss of all parts together.
    /// </summary>
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
    /// Returns the mean loss over all samples of the given batches. The model is in evaluation mode, and no gradients
    /// are computed. Each metric is reset, and then all batches are added to it.
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
    /// Writes a file with everything that is needed to resume the training run: the numbers of the epoch and the batch,
    /// the mean loss, and the states of the model, the optimizer, the default generator of random numbers and the
    /// plugins. If the batches are a <see cref="DataLoader"/>, its state is saved too.
    /// </summary>
    public void Save(string path) => Checkpoint.Save(path, Parts());

    /// <summary>
    /// Loads a file that <see cref="Save"/> wrote. This trainer must have been created with the same kinds of model,
    /// optimizer, batches and plugins as the trainer that was saved. If <see cref="Run"/> is called afterwards, its
    /// results are bit for bit those of a training run that was never interrupted.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged. Nothing has changed.</exception>
    /// <exception cref="TensorletException">The file does not contain the state of the model, the optimizer, the
    /// <see cref="DataLoader"/> or a plugin; or one of them refuses its state. Nothing has changed.</exception>
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

/// <summary>The exception that is thrown when a loss is NaN or infinite.</summary>
public sealed class DivergenceException(string message) : TensorletException(message);
