namespace Tensorlet;

/// <summary>
/// A training's whole state in one safetensors file, with keys as in <c>model.conv1.weight</c> and
/// <c>optimizer.state.0.exp_avg</c>. At any moment the old or the new checkpoint is there whole.
/// </summary>
public static class Checkpoint
{
    /// <summary>Writes the states of the parts under their names, as <see cref="SafeTensors.Save"/> does.</summary>
    /// <exception cref="ArgumentException">Two parts have one name, or a name is empty or has a dot.</exception>
    public static void Save(string path, params ReadOnlySpan<(string Name, IStateful Part)> parts)
    {
        CheckNames(parts);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, part) in parts)
            foreach (var (key, tensor) in part.StateDict()) tensors[$"{name}.{key}"] = tensor;
        SafeTensors.Save(path, tensors);
    }

    /// <summary>
    /// Gives each part the state under its name; what the file has under other names stays there. If a part refuses its
    /// state, all have the states that they had before.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged or no checkpoint. Nothing has changed.</exception>
    /// <exception cref="TensorletException">The file has nothing for a part, or a part refuses what it has. Nothing has
    /// changed.</exception>
    /// <exception cref="ArgumentException">Two parts have one name, or a name is empty or has a dot.</exception>
    public static void Load(string path, params ReadOnlySpan<(string Name, IStateful Part)> parts)
    {
        CheckNames(parts);
        var (file, _) = SafeTensors.Load(path, checksum: true);
        var there = file.ToLookup(t => t.Key.Split('.')[0], t => (Key: t.Key[(t.Key.IndexOf('.') + 1)..], t.Value));
        var before = new Dictionary<string, Tensor>[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var (name, part) = parts[i];
            // a module's state shares memory with it, and would change with it
            before[i] = part.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone());
            if (before[i].Count > 0 && !there.Contains(name))
                throw new TensorletException($"Checkpoint.Load: {path} has nothing for '{name}'; it has " +
                    $"[{string.Join(", ", there.Select(p => p.Key))}].");
        }
        for (var i = 0; i < parts.Length; i++)
            try { parts[i].Part.LoadStateDict(there[parts[i].Name].ToDictionary(t => t.Key, t => t.Value)); }
            catch
            {
                for (var j = 0; j <= i; j++) parts[j].Part.LoadStateDict(before[j]);
                throw;
            }
    }

    static void CheckNames(ReadOnlySpan<(string Name, IStateful Part)> parts)
    {
        var names = new HashSet<string>();
        foreach (var (name, _) in parts)
            if (name.Length == 0 || name.Contains('.') || !names.Add(name))
                throw new ArgumentException($"Checkpoint: '{name}' is the name of two parts, empty, or has a dot.");
    }
}

/// <summary>A whole number that is part of a checkpoint, such as the number of the epoch.</summary>
public sealed class Counter(long value = 0) : IStateful
{
    /// <summary>The number.</summary>
    public long Value { get; set; } = value;

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["value"] = Tensor.From([Value], []) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("Counter", StateDict(), state);
        Value = state["value"].ToArray<long>()[0];
    }
}
