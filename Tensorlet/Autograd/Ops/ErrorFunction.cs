namespace Tensorlet;

public partial class Variable
{
    /// <summary>The error function: erf x = 2/√π ∫₀ˣ e^(−t²) dt.</summary>
    public Variable Erf() => Smooth(new ErfFormula());
    /// <summary>
    /// The inverse of the error function: the number y with erf y = x, or NaN if x is outside [−1, 1].
    /// </summary>
    public Variable Erfinv() => Smooth(new ErfinvFormula());
}
