using Tensorlet.Data;

namespace Tensorlet.Tests;

/// <summary>A test that reads real data: skipped, with the reason, where TENSORLET_DATA names no folder.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DataFactAttribute : FactAttribute
{
    /// <summary>Skips the test if the variable is not set; if it names a wrong folder, the test fails.</summary>
    public DataFactAttribute()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Tutorials.MNIST.Variable)))
            Skip = $"needs MNIST: {Tutorials.MNIST.Variable} is not set to the folder that holds it.";
    }
}
