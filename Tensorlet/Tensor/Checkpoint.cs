namespace Tensorlet;

/// <summary>
/// Saves and loads the whole state of a training run. The state is in one safetensors file, with keys such as
/// <c>model.conv1.weight</c> and <c>optimizer.state.0.exp_avg</c>. A new checkpoint replaces the old one only when it
/// is complete. So the old checkpoint remains if writing is interrupted.
/// </summary>
public static class Checkpoint
{
    /// <summary>
    /// Writes the states of the given parts of a training run, such as the model and the optimizer, to one file. The
    /// file is written by <see cref="SafeTensors.Save"/>. Each key in the file consists of the name of the part, a dot,
    /// and the key in the state of the part.
    /// </summary>
    /// <exception cref="ArgumentException">Two parts have the same name, or a name is empty, or a name contains a
    /// dot.</exception>
    public static void Save(string path, params (string Name, IStateful Part)[] parts)
    {
        CheckNames(parts);
        SafeTensors.Save(path, parts.SelectMany(part => part.Part.StateDict().Select(t =>
            KeyValuePair.Create($"{part.Name}.{t.Key}", t.Value))).ToDictionary());
    }

    /// <summary>
    /// Loads the state of each part from the entries whose keys begin with the name of the part and a dot. Entries that
    /// belong to none of the parts are ignored. If a part refuses its state, every part gets back the state that it had
    /// before.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged, or it is not a checkpoint. In this case, all parts
    /// are unchanged.</exception>
    /// <exception cref="TensorletException">The file has no entries for a part, or a part refuses its state. In this
    /// case, all parts are unchanged.</exception>
    /// <exception cref="ArgumentException">Two parts have the same name, or a name is empty, or a name contains a
    /// dot.</exception>
    public static void Load(string path, params (string Name, IStateful Part)[] parts)
    {
        CheckNames(parts);
        var (file, _) = SafeTensors.Load(path, checksum: true);
        var there = file.ToLookup(t => t.Key.Split('.')[0],
            t => KeyValuePair.Create(t.Key[(t.Key.IndexOf('.') + 1)..], t.Value));
        // a state shares memory with its module; without a clone, the state would change with the module
        var before = Array.ConvertAll(parts, p => p.Part.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone()));
        foreach (var (part, state) in parts.Zip(before))
            if (state.Count > 0 && !there.Contains(part.Name)) throw new TensorletException("Checkpoint.Load: " +
                $"{path} has nothing for '{part.Name}'; it has [{string.Join(", ", there.Select(p => p.Key))}].");
        for (var i = 0; i < parts.Length; i++)
            try { parts[i].Part.LoadStateDict(there[parts[i].Name].ToDictionary()); }
            catch
            {
                for (; i >= 0; i--) parts[i].Part.LoadStateDict(before[i]);
                throw;
            }
    }

    static void CheckNames((string Name, IStateful Part)[] parts)
    {
        foreach (var (name, _) in parts.Given())
            if (name.Length == 0 || name.Contains('.') || parts.Count(part => part.Name == name) > 1)
                throw new ArgumentException($"Checkpoint: '{name}' names two parts, is empty, or contains a dot.");
    }
}

/// <summary>
/// An integer that is 0 or more and can be saved in a checkpoint, such as the number of the current epoch.
/// </summary>
/// <param name="value">The first value of the counter.</param>
/// <param name="most">The limit: the largest value that the counter may have.</param>
/// <exception cref="ArgumentOutOfRangeException">The first value is negative, or larger than
/// <paramref name="most"/>.</exception>
public sealed class Counter(long value = 0, long most = long.MaxValue) : IStateful
{
    long value = Checked(value, most);

    /// <summary>The current value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The new value is negative, or larger than the limit of this
    /// counter.</exception>
    public long Value { get => value; set => this.value = Checked(value, most); }

    static long Checked(long value, long most)
    {
        ((double)value).In(nameof(Counter), 0, most, nameof(Value));
        return value;
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => Stateful.Of(("value", Value));

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("Counter", StateDict(), state);
        var number = state["value"].Item<long>();
        Stateful.Checked("value", number, _ => Checked(number, most));
        value = number;
    }
}
