using System.Reflection;
using Tensorlet.Cluster;

namespace Tutorials;

/// <summary>What the tests start with mpirun: a static method of an assembly, on every rank.</summary>
static class RankMethod
{
    public static int Run(string assembly, string type, string method, string[] arguments)
    {
        var called = Assembly.LoadFrom(assembly).GetType(type, throwOnError: true)!
            .GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        Distributed.Run(group => called.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [group, arguments], null));
        return 0;
    }
}
