namespace Tensorlet;

/// <summary>What a checkpoint keeps: tensors by key, and numbers as tensors without axes.</summary>
public interface IStateful
{
    /// <summary>The state, by PyTorch's keys where PyTorch has them.</summary>
    Dictionary<string, Tensor> StateDict();

    /// <summary>Takes a state over that <see cref="StateDict"/> gave.</summary>
    /// <exception cref="TensorletException">A key is missing or left over. Nothing has changed.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has changed.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, Tensor> state);
}

/// <summary>How states are made of numbers, and what every taking over of one begins with.</summary>
static class Stateful
{
    /// <summary>Whole numbers as tensors without axes.</summary>
    public static Dictionary<string, Tensor> Of(params (string Key, long Value)[] numbers) =>
        numbers.ToDictionary(number => number.Key, number => Tensor.From([number.Value], []));

    /// <summary>The numbers of the one tensor that a state has, of this shape if one is given.</summary>
    public static T[] Only<T>(string what, string key, IReadOnlyDictionary<string, Tensor> state, int[]? shape = null)
        where T : unmanaged
    {
        var own = shape is null && state.TryGetValue(key, out var any) ? any : Tensor.Empty(shape ?? []);
        Check(what, new() { [key] = own }, state);
        return state[key].ToArray<T>();
    }

    /// <summary>The keys and shapes of what is loaded are those of one's own.</summary>
    public static void Check(string what, Dictionary<string, Tensor> own, IReadOnlyDictionary<string, Tensor> state)
    {
        string[] missing = [.. own.Keys.Except(state.Keys)], extra = [.. state.Keys.Except(own.Keys)];
        if (missing.Length + extra.Length > 0)
            throw new TensorletException($"LoadStateDict: {what} misses [{string.Join(", ", missing)}] and does not " +
                $"know [{string.Join(", ", extra)}].");
        foreach (var (key, tensor) in own)
            if (!tensor.Shape.SequenceEqual(state[key].Shape))
                throw new ShapeException(
                    $"LoadStateDict: '{key}' has shape {tensor.Layout} here, {state[key].Layout} in what is loaded.");
    }
}
