namespace Tensorlet;

/// <summary>
/// An object whose state can be saved in a checkpoint: tensors by key, where single numbers are 0-dimensional tensors.
/// </summary>
public interface IStateful
{
    /// <summary>The state, with PyTorch's keys where PyTorch has them.</summary>
    Dictionary<string, Tensor> StateDict();

    /// <summary>Loads a state that <see cref="StateDict"/> returned.</summary>
    /// <exception cref="TensorletException">A key is missing or unknown, or a number is not one that this object can
    /// have. Nothing has changed.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has changed.</exception>
    /// <exception cref="DTypeException">Booleans, integers or floating-point numbers were given where another of these
    /// kinds is expected. Nothing has changed.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, Tensor> state);
}

/// <summary>How states are made of numbers, and the checks that every loading of a state begins with.</summary>
static class Stateful
{
    /// <summary>Integers as 0-dimensional tensors.</summary>
    public static Dictionary<string, Tensor> Of(params (string Key, long Value)[] numbers) =>
        numbers.ToDictionary(number => number.Key, number => Tensor.From([number.Value], []));

    /// <summary>
    /// The numbers of the only tensor of a state: as many as are given, or any number. All of them must be valid.
    /// </summary>
    public static double[] Only(string what, string key, IReadOnlyDictionary<string, Tensor> state,
        int? count = null, Func<double[], bool>? can = null)
    {
        var own = Tensor.Empty([count ?? state.Given().GetValueOrDefault(key)?.Numel ?? 0], DType.Float64, Device.Cpu);
        Check(what, new() { [key] = own }, state);
        var numbers = state[key].ToArray<double>();
        return can?.Invoke(numbers) != false ? numbers : throw new TensorletException(
            $"LoadStateDict: {what} cannot have the value that the loaded state has for '{key}'.");
    }

    /// <summary>A number 0, 1, 2, …, as of epochs or steps.</summary>
    public static int Count(IReadOnlyDictionary<string, Tensor> state, string key, int low = 0) =>
        (int)Checked(key, state[key].Item(), n => (n == Math.Floor(n) ? n : double.NaN).In(key, low, int.MaxValue));

    /// <summary>A number that passes the check of an argument.</summary>
    public static double Checked(string key, double value, Func<double, double> check)
    {
        try { return check(value); }
        catch (ArgumentException e)
        { throw new TensorletException($"LoadStateDict: '{key}' is {value}. {e.Message}", e); }
    }

    /// <summary>
    /// Checks that the keys, shapes and kinds of numbers in the loaded state are the same as in this one.
    /// </summary>
    public static void Check(string what, Dictionary<string, Tensor> own, IReadOnlyDictionary<string, Tensor> state)
    {
        string[] missing = [.. own.Keys.Except(state.Given().Keys)], extra = [.. state.Keys.Except(own.Keys)];
        string[] wrong = [.. Listed("lacks", missing), .. Listed("does not know", extra)];
        if (wrong.Length > 0) throw new TensorletException($"LoadStateDict: {what} {string.Join(" and ", wrong)}.");
        foreach (var (key, tensor) in own)
            if (!tensor.Shape.SequenceEqual(state[key].Shape)) throw new ShapeException(
                $"LoadStateDict: '{key}' has shape {tensor.Layout} here, {state[key].Layout} in the loaded state.");
            else if (tensor.DType != state[key].DType && (!tensor.DType.IsFloat() || state[key].DType == DType.Bool))
                throw new DTypeException(
                    $"LoadStateDict: '{key}' has type {tensor.DType} here, {state[key].DType} in the loaded state.");

        static string[] Listed(string verb, string[] keys) =>
            keys.Length == 0 ? [] : [$"{verb} [{string.Join(", ", keys)}]"];
    }
}
