namespace Tensorlet;

/// <summary>
/// An object whose state can be saved in a checkpoint. The state is a dictionary of tensors. If an entry is just a
/// number, it is stored as a 0-dimensional tensor.
/// </summary>
public interface IStateful
{
    /// <summary>
    /// Returns the state. If PyTorch has the same entry, the entry has the key that it has in PyTorch.
    /// </summary>
    Dictionary<string, Tensor> StateDict();

    /// <summary>Loads a state that <see cref="StateDict"/> returned.</summary>
    /// <exception cref="TensorletException">The state lacks a key; or it has an unknown key; or the value of an entry
    /// is not valid for this object. In each case, the object is unchanged.</exception>
    /// <exception cref="ShapeException">A tensor in the state does not have the expected shape. In this case, the
    /// object is unchanged.</exception>
    /// <exception cref="DTypeException">A tensor in the state does not have elements of the expected kind: Booleans,
    /// integers or floating-point numbers. (Integers are accepted where floating-point numbers are expected.) In this
    /// case, the object is unchanged.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, Tensor> state);
}

/// <summary>Makes states from numbers, and checks states before they are loaded.</summary>
static class Stateful
{
    /// <summary>Returns a state of integers, in which each integer is a 0-dimensional tensor.</summary>
    public static Dictionary<string, Tensor> Of(params (string Key, long Value)[] numbers) =>
        numbers.ToDictionary(number => number.Key, number => Tensor.From([number.Value], []));

    /// <summary>
    /// Returns the elements of the only tensor in a state. The tensor must be 1-dimensional. If
    /// <paramref name="count"/> is given, the tensor must have exactly this number of elements. The function
    /// <paramref name="can"/> checks the elements: if it is given, it must return true for the array of all elements.
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

    /// <summary>
    /// Returns the integer under a key, such as a number of epochs or steps. A number that is not an integer, or that
    /// is less than <paramref name="low"/>, is refused.
    /// </summary>
    public static int Count(IReadOnlyDictionary<string, Tensor> state, string key, int low = 0) =>
        (int)Checked(key, state[key].Item(), n => (n == Math.Floor(n) ? n : double.NaN).In(key, low, int.MaxValue));

    /// <summary>
    /// Checks a number in a loaded state, and returns the result of the check. <paramref name="check"/> is a function
    /// that is otherwise used to check an argument. If it throws, the exception names the key of the number instead.
    /// </summary>
    public static double Checked(string key, double value, Func<double, double> check)
    {
        try { return check(value); }
        catch (ArgumentException e)
        { throw new TensorletException($"LoadStateDict: '{key}' is {value}. {e.Message}", e); }
    }

    /// <summary>
    /// Checks that the loaded state <paramref name="state"/> has the same keys as the object's own state
    /// <paramref name="own"/>, and that the two tensors under each key have the same shape and the same kind of
    /// elements: Booleans, integers or floating-point numbers. (Integers are accepted where floating-point numbers
    /// are expected.)
    /// </summary>
    public static void Check(string what, Dictionary<string, Tensor> own, IReadOnlyDictionary<string, Tensor> state,
        string remedy = "")
    {
        string[] missing = [.. own.Keys.Except(state.Given().Keys)], extra = [.. state.Keys.Except(own.Keys)];
        string[] wrong = [.. Listed("lacks", missing), .. Listed("does not know", extra)];
        if (wrong.Length > 0)
            throw new TensorletException($"LoadStateDict: {what} {string.Join(" and ", wrong)}.{remedy}");
        foreach (var (key, tensor) in own)
            if (tensor.Shape != state[key].Shape) throw new ShapeException(
                $"LoadStateDict: '{key}' has shape {tensor.Layout} here, {state[key].Layout} in the loaded state.");
            else if (tensor.DType != state[key].DType && (!tensor.DType.IsFloat() || state[key].DType == DType.Bool))
                throw new DTypeException(
                    $"LoadStateDict: '{key}' has type {tensor.DType} here, {state[key].DType} in the loaded state.");

        static string[] Listed(string verb, string[] keys) =>
            keys.Length == 0 ? [] : [$"{verb} [{string.Join(", ", keys)}]"];
    }
}
