namespace Tensorlet;

/// <summary>
/// A scalar function that every device can run, with at most eight numbers as inputs. It is always called with eight
/// arguments, but only the first <see cref="Inputs"/> arguments are its inputs; the values of the other arguments are
/// undefined and must not be read. Functions of one, two and three numbers are written as <see cref="IMap"/>,
/// <see cref="IZip"/> and <see cref="IZip3"/>.
/// </summary>
public interface IFormula
{
    /// <summary>The largest number of inputs that a formula can have.</summary>
    const int Most = 8;
    /// <summary>The number of inputs.</summary>
    static abstract int Inputs { get; }
    /// <summary>
    /// The inputs, as bits, that are a single number for each row if <c>Tensor.RowWise</c> computes the formula. Bit 0
    /// stands for the first input.
    /// </summary>
    internal static virtual int OfRow => 0;
    /// <summary>
    /// The inputs, as bits, that a loop over a row reads only once, because they are single numbers for the whole row.
    /// </summary>
    internal static virtual int Fixed => 0;
    /// <summary>
    /// Returns the value of the function. The number of inputs is <see cref="Inputs"/>; all arguments after the last
    /// input are undefined.
    /// </summary>
    V Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) where V : struct, INumeric<V>;
}

readonly struct Of1<F>(F map) : IFormula where F : struct, IMap
{
    public static int Inputs => 1;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => map.Apply(a);
}

readonly struct Of2<F>(F zip) : IFormula where F : struct, IZip
{
    public static int Inputs => 2;
    static int IFormula.OfRow => F.OfRow;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => zip.Apply(a, b);
}

readonly struct Of3<F>(F zip) : IFormula where F : struct, IZip3
{
    public static int Inputs => 3;
    static int IFormula.OfRow => F.OfRow;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => zip.Apply(a, b, c);
}

/// <summary>The formula f in a loop over a row of <c>Tensor.RowWise</c>.</summary>
readonly struct InRow<F>(F f) : IFormula where F : struct, IFormula
{
    public static int Inputs => F.Inputs;
    static int IFormula.Fixed => F.OfRow;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V a, V b, V c, V d, V e, V g, V h, V i) => f.Apply(a, b, c, d, e, g, h, i);
}

/// <summary>The formula whose result is x itself.</summary>
readonly struct IdentityFormula : IMap { [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => x; }

/// <summary>The formula f(x). Its slope is the slope that f provides.</summary>
readonly struct Called<F>(F f) : IMap where F : struct, ISmooth
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.Call(f, x); }

/// <summary>
/// The formula (∂f/∂x)·w, where f is <paramref name="formula"/>, x is the input of f with the number
/// <paramref name="input"/>, counted from 0, and w is an additional input that comes after all inputs of f. The
/// derivative is computed by applying f to numbers with slopes; see <see cref="Dual{V}"/>. The product is a formula
/// itself, so it can be differentiated in the same way.
/// </summary>
readonly struct Slope<F>(F formula, int input) : IFormula where F : struct, IFormula
{
    public static int Inputs => F.Inputs + 1;

    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h)
    {
        var slope = formula.Apply(With(a, 0), With(b, 1), With(c, 2), With(d, 3), With(e, 4), With(f, 5), With(g, 6),
            With(h, 7)).Slope;
        return slope * (F.Inputs == 1 ? b : F.Inputs == 2 ? c : F.Inputs == 3 ? d : F.Inputs == 4 ? e
            : F.Inputs == 5 ? f : F.Inputs == 6 ? g : h);
    }

    [MethodImpl(AggressiveInlining)]
    Dual<V> With<V>(V x, int place) where V : struct, INumeric<V> =>
        new(x, V.Of(F.Inputs == 1 || place == input ? 1 : 0));
}
