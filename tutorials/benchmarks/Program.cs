using Benchmarks;

// Compares Tensorlet with libtorch on the CPU: the same work on the same numbers, in turns. README.md explains the
// table.
try
{
    switch (args)
    {
        // The commands that the two commands below run in processes of their own; users do not type them.
        case ["first-step"]: Startup.FirstStep(); return 0;
        case ["first-calls", var name]: Startup.FirstCalls(name); return 0;
        case ["steps", var system, var row]: Memory.Steps(system, row); return 0;
        case ["start"]: Startup.Measure(); return 0;
        case ["files"]: FileSpeed.Measure(); return 0;
        case ["errors"]: Errors.Measure(null); return 0;
        case ["errors", "--every", var every]: Errors.Measure(every); return 0;
        case ["growth", .. var names]: return Math.Min(1, Growth.Measure(names));
        case ["memory", .. var rest]: Memory.Measure(Options.Parse(rest)); return 0;
    }
    if (Capability.Missing.Count > 0) return Child.Run(args);
    if (args is not ["witness", var path]) return Comparison.Run(Options.Parse(args));
    Witness.Write(path);
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (ChildException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException)
{
    Console.Error.WriteLine($"libtorch does not load here (see README.md): {Result.FirstLine(e)}");
    return 3;
}
