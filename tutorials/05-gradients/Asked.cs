namespace Tutorials.Chapter05;

/// <summary>A function of several numbers, and what somebody says is its gradient.</summary>
public sealed record Claim(Func<double[], double> F, Func<double[], double[]> Gradient);

/// <summary>What exercise 5 asks for.</summary>
public interface IChecker
{
    /// <summary>The gradient of f at x by central differences.</summary>
    double[] Numeric(Func<double[], double> f, double[] x);

    /// <summary>The index of the claim whose gradient is wrong.</summary>
    int Wrong(IReadOnlyList<Claim> claims, double[] x);
}
