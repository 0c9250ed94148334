namespace Tutorials.Chapter05;

/// <summary>
/// Exercise 5: measure gradients, and find the one that is wrong. A <c>Claim</c> has two functions of an array:
/// <c>claim.F(x)</c> is a number, and <c>claim.Gradient(x)</c> is what somebody says is its gradient, one element for
/// each of x.
/// </summary>
public sealed class Mine : IChecker
{
    /// <summary>
    /// The gradient of f at x by central differences, one element for each element of x, correct to about eight digits
    /// where x and f are of the size of 1. Afterwards, x must have the same elements as before.
    /// </summary>
    public double[] Numeric(Func<double[], double> f, double[] x) =>
        throw new Todo("for each element of x: step to both sides, subtract, divide");

    /// <summary>
    /// The index of the claim whose gradient is not that of its function at x. Exactly one is wrong, perhaps in one
    /// element only, by 1 % of it or more. Gradients may be large, and rounding grows with them.
    /// </summary>
    public int Wrong(IReadOnlyList<Claim> claims, double[] x) =>
        throw new Todo("compare the gradient of each claim with the numeric one");
}
