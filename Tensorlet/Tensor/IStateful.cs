namespace Tensorlet;

/// <summary>What a checkpoint keeps: tensors by key, and numbers as tensors without axes.</summary>
public interface IStateful
{
    /// <summary>The state, by PyTorch's keys where PyTorch has them.</summary>
    Dictionary<string, Tensor> StateDict();

    /// <summary>Takes a state over that <see cref="StateDict"/> gave.</summary>
    /// <exception cref="TensorletException">A key is missing or left over, or a number is none that this can have.
    /// Nothing has changed.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has changed.</exception>
    /// <exception cref="DTypeException">Truth values, whole numbers or others are not in place of their like. Nothing
    /// has changed.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, Tensor> state);
}

/// <summary>How states are made of numbers, and what every taking over of one begins with.</summary>
static class Stateful
{
    /// <summary>Whole numbers as tensors without axes.</summary>
    public static Dictionary<string, Tensor> Of(params (string Key, long Value)[] numbers) =>
        numbers.ToDictionary(number => number.Key, number => Tensor.From([number.Value], []));

    /// <summary>
    /// The numbers of the one tensor that a state has, as many as are given, or any number; all as they can be.
    /// </summary>
    public static double[] Only(string what, string key, IReadOnlyDictionary<string, Tensor> state,
        int? count = null, Func<double[], bool>? can = null)
    {
        var own = Tensor.Empty([count ?? state.Given().GetValueOrDefault(key)?.Numel ?? 0], DType.Float64, Device.Cpu);
        Check(what, new() { [key] = own }, state);
        var numbers = state[key].ToArray<double>();
        return can?.Invoke(numbers) != false ? numbers : throw new TensorletException(
            $"LoadStateDict: {what} cannot have what '{key}' has in what is loaded.");
    }

    /// <summary>A whole number from 0 on, as of epochs or steps.</summary>
    public static int Count(IReadOnlyDictionary<string, Tensor> state, string key, int low = 0) =>
        (int)Checked(key, state[key].Item(), n => (n == Math.Floor(n) ? n : double.NaN).In(key, low, int.MaxValue));

    /// <summary>A number that a check of arguments lets pass.</summary>
    public static double Checked(string key, double value, Func<double, double> check)
    {
        try { return check(value); }
        catch (ArgumentException e)
        { throw new TensorletException($"LoadStateDict: '{key}' is {value}. {e.Message}", e); }
    }

    /// <summary>The keys, shapes and kinds of numbers of what is loaded are those of one's own.</summary>
    public static void Check(string what, Dictionary<string, Tensor> own, IReadOnlyDictionary<string, Tensor> state)
    {
        string[] missing = [.. own.Keys.Except(state.Given().Keys)], extra = [.. state.Keys.Except(own.Keys)];
        string[] wrong = [.. Listed("misses", missing), .. Listed("does not know", extra)];
        if (wrong.Length > 0) throw new TensorletException($"LoadStateDict: {what} {string.Join(" and ", wrong)}.");
        foreach (var (key, tensor) in own)
            if (!tensor.Shape.SequenceEqual(state[key].Shape)) throw new ShapeException(
                $"LoadStateDict: '{key}' has shape {tensor.Layout} here, {state[key].Layout} in what is loaded.");
            else if (tensor.DType != state[key].DType && (!tensor.DType.IsFloat() || state[key].DType == DType.Bool))
                throw new DTypeException(
                    $"LoadStateDict: '{key}' has type {tensor.DType} here, {state[key].DType} in what is loaded.");

        static string[] Listed(string verb, string[] keys) =>
            keys.Length == 0 ? [] : [$"{verb} [{string.Join(", ", keys)}]"];
    }
}
