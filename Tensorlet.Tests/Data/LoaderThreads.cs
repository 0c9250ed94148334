namespace Tensorlet.Tests.Data;

/// <summary>Threads of loaders that are still alive, seen by their names on Linux; elsewhere the join has to do.
/// </summary>
static class LoaderThreads
{
    /// <summary>The system releases a joined thread a little later.</summary>
    public static void AllEnded() =>
        Assert.True(SpinWait.SpinUntil(() => Alive() == 0, 5000), "a worker is still alive");

    public static int Alive() => !Directory.Exists("/proc/self/task") ? 0
        : Directory.GetDirectories("/proc/self/task").Count(task => Name(task).StartsWith("DataLoader"));

    static string Name(string task)
    {
        try { return File.ReadAllText($"{task}/comm"); }
        catch (IOException) { return ""; }              // it has just ended
    }
}
