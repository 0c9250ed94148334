using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Tensorlet.Cluster;
using Xunit.Sdk;

namespace Tensorlet.Tests.Cluster;

/// <summary>The launchers of MPI on this machine.</summary>
static class Launchers
{
    public static string? OpenMpi { get; } = Find("Open MPI", "mpirun.openmpi", "mpirun");
    public static string? Mpich { get; } = Find("HYDRA", "mpiexec.mpich", "mpiexec.hydra", "mpiexec");

    static string? Find(string says, params string[] names) => names.FirstOrDefault(name =>
    {
        try { return Job.Start(name, ["--version"]).Said.Contains(says); }
        catch (System.ComponentModel.Win32Exception) { return false; }
    });
}

/// <summary>A theory's row that runs with Open MPI: skipped, with the reason, where it is not found.</summary>
public sealed class OpenMpiAttribute : DataAttribute
{
    public OpenMpiAttribute() => Skip = Launchers.OpenMpi is null ? "no Open MPI was found" : null;
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["Open MPI"]];
}

/// <summary>A theory's row that runs with MPICH: skipped, with the reason, where it is not found.</summary>
public sealed class MpichAttribute : DataAttribute
{
    public MpichAttribute() => Skip = Launchers.Mpich is null ? "no MPICH was found" : null;
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["MPICH"]];
}

/// <summary>Processes that run a static method of this assembly as the ranks of a job.</summary>
static partial class Job
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(120);

    /// <summary>Runs <c>method(group, arguments)</c> on every rank. What they print comes sorted, too.</summary>
    public static (int ExitCode, string Said, string[] Lines) Run(
        string mpi, int ranks, Action<ProcessGroup, string[]> method, string[] arguments,
        params (string Name, string Value)[] variables)
    {
        string[] program = ["dotnet", Path.Combine(AppContext.BaseDirectory, "tutorials.dll"), "rank",
            typeof(Job).Assembly.Location, method.Method.DeclaringType!.FullName!, method.Method.Name, .. arguments];
        string[] launcher = mpi == "none" ? [] : mpi == "MPICH" ? [Launchers.Mpich!, "-n", $"{ranks}"]
            : [Launchers.OpenMpi!, "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1",
                "-n", $"{ranks}",
                .. Environment.IsPrivilegedProcess ? (string[])["--allow-run-as-root"] : []];
        string[] command = [.. launcher, .. program];
        var (code, said) = Start(command[0], command[1..], variables);
        return (code, said, [.. said.Split('\n').Select(line => line.Trim()).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Runs a program to its end, and gives its exit code and what it wrote to both outputs.</summary>
    public static (int ExitCode, string Said) Start(
        string program, string[] arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (process.WaitForExit(patience) && Task.WaitAll([output, errors], patience))
            return (process.ExitCode, Escape().Replace($"{output.Result}\n{errors.Result}", ""));
        process.Kill(entireProcessTree: true);
        throw new XunitException($"{program} {string.Join(' ', arguments)} did not end in {patience}: it hangs.");
    }

    // .NET writes these where a launcher gives its processes terminals
    [GeneratedRegex(@"\x1b(\[\?\d+[a-z]|=)")]
    private static partial Regex Escape();
}
