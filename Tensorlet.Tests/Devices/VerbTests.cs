namespace Tensorlet.Tests.Devices;

/// <summary>Every primitive of a device compared with the reference, on random shapes and layouts.</summary>
public class SimulatedVerbTests
{
    public static IEnumerable<object[]> Rows => Verbs.Rows("simulated");

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string device, string verb, DType type) =>
        VerbCheck.Run(Device.Simulated, device, verb, type, 40);

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Every_scalar_function_agrees_with_the_reference(DType type) =>
        VerbCheck.Functions(Device.Simulated, type);
}

/// <summary>The same, if there is an OpenCL device.</summary>
public class OpenCLVerbTests
{
    public static IEnumerable<object[]> Rows => Verbs.Rows("opencl:0");

    [OpenCLTheory]
    [MemberData(nameof(Rows))]
    public void A_verb_agrees_with_the_reference(string device, string verb, DType type) =>
        VerbCheck.Run(Device.OpenCL(), device, verb, type, 25);

    [OpenCLTheory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Every_scalar_function_agrees_with_the_reference(DType type) =>
        VerbCheck.Functions(Device.OpenCL(), type);
}

/// <summary>Runs a row of the table for many seeds, or a primitive for many functions.</summary>
static class VerbCheck
{
    public static void Run(Device device, string name, string verb, DType type, int cases)
    {
        Assert.Equal(name, device.Name);
        for (var seed = 0; seed < cases; seed++) Verbs.Table[verb].Case(new Twins(device, seed), type);
    }

    public static void Functions(Device device, DType type)
    {
        var t = new Twins(device, 1);
        foreach (var f in ScalarFunctions.Formulas)
        {
            ScalarFunctions.Call(typeof(VerbCheck), nameof(Formula), f, t, type);
            if (type.IsFloat() && ScalarFunctions.Inputs(f) < IFormula.Most)
                ScalarFunctions.Call(typeof(VerbCheck), nameof(Formula), typeof(Slope<>).MakeGenericType(f), t, type);
        }
        foreach (var r in ScalarFunctions.Of(typeof(IReduction))) ScalarFunctions.Call(typeof(VerbCheck),
            nameof(Reduce), r, t, type);
    }

    static void Formula<F>(F f, Twins t, DType type) where F : struct, IFormula
    {
        Twin[] x = [.. Enumerable.Range(0, F.Inputs).Select(_ => t.Draw([5, 7], type))];
        var y = t.Draw([5, 7], type, written: true);
        Device.Reference.Apply(f, y.Expected, Array.ConvertAll(x, twin => twin.Expected));
        t.Device.Apply(f, y.Actual, Array.ConvertAll(x, twin => twin.Actual));
        t.Same(y, Reachable.Show(typeof(F)));
    }

    static void Reduce<R>(R r, Twins t, DType type) where R : struct, IReduction
    {
        Twin x = t.Draw([5, 7], type), y = t.Draw([5], type, written: true);
        Device.Reference.Reduce(r, x.Expected, y.Expected);
        t.Device.Reduce(r, x.Actual, y.Actual);
        t.Same(y, typeof(R).FullName!);
    }
}
