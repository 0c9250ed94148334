using System.Reflection;
using System.Runtime.CompilerServices;

namespace Tensorlet.Tests.Devices;

/// <summary>Every scalar function of the library, found by the interface that it implements.</summary>
static class ScalarFunctions
{
    public static Type[] Of(Type face) => [.. typeof(Device).Assembly.GetTypes()
        .Where(t => t.IsValueType && !t.IsGenericTypeDefinition && face.IsAssignableFrom(t)).OrderBy(t => t.FullName)];

    public static Type[] All =>
    [
        .. new[] { typeof(IMap), typeof(IZip), typeof(IZip3), typeof(IFormula), typeof(IReduction), typeof(ISequence) }
            .SelectMany(Of),
    ];

    /// <summary>Everything that devices run: functions of one, two, three and more numbers.</summary>
    public static Type[] Formulas =>
    [
        .. Of(typeof(IMap)).Select(f => typeof(Of1<>).MakeGenericType(f)),
        .. Of(typeof(ISmooth)).Select(f => typeof(Of1<>).MakeGenericType(typeof(Called<>).MakeGenericType(f))),
        .. Of(typeof(IZip)).Select(f => typeof(Of2<>).MakeGenericType(f)),
        .. Of(typeof(IZip3)).Select(f => typeof(Of3<>).MakeGenericType(f)), .. Of(typeof(IFormula)),
    ];

    public static int Inputs(Type formula) => (int)formula.GetProperty("Inputs")!.GetValue(null)!;

    /// <summary>The function with all its constants 0.</summary>
    public static object Plain(Type function) => RuntimeHelpers.GetUninitializedObject(function);

    /// <summary>Calls a generic method for a scalar function known at run time.</summary>
    public static void Call(Type owner, string method, Type function, params object[] arguments)
    {
        try
        {
            var generic = owner.GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!;
            generic.MakeGenericMethod(function).Invoke(null, [Plain(function), .. arguments]);
        }
        catch (TargetInvocationException e)
        {
            throw new InvalidOperationException($"{Reachable.Show(function)}: {e.InnerException!.Message}",
                e.InnerException);
        }
    }
}
