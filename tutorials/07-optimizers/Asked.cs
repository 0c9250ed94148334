namespace Tutorials.Chapter07;

/// <summary>What exercise 7 asks for.</summary>
public interface ISteps
{
    /// <summary>v ← momentum·v + g; p ← p − lr·v</summary>
    void Momentum(double[] p, double[] g, double[] v, double lr, double momentum);

    /// <summary>A step of Adam with bias correction.</summary>
    void Adam(double[] p, double[] g, Moments memory, double lr, double beta1, double beta2, double eps);
}

/// <summary>What Adam remembers.</summary>
/// <param name="m">m, as it is before the step.</param>
/// <param name="v">v, as it is before the step.</param>
public sealed class Moments(double[] m, double[] v)
{
    /// <summary>m, the running mean of the gradients.</summary>
    public double[] M { get; } = m;
    /// <summary>v, the running mean of their squares.</summary>
    public double[] V { get; } = v;
    /// <summary>How many steps were made: 0 before the first.</summary>
    public int Steps;
}
