using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests.Data;

/// <summary>A test that reads a file below the folder that TENSORLET_DATA names: skipped where it is not there.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SampleFactAttribute : FactAttribute
{
    public SampleFactAttribute(string file)
    {
        if (!File.Exists(Path(file))) Skip = $"needs {file} in the folder that {MNIST.Variable} names.";
    }

    public static string Path(string file) =>
        System.IO.Path.Combine(Environment.GetEnvironmentVariable(MNIST.Variable) ?? "", file);
}
