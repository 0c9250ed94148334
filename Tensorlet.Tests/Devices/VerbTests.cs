namespace Tensorlet.Tests.Devices;

/// <summary>Every verb of a device against the reference, on drawn shapes and layouts.</summary>
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

/// <summary>The same where there is an OpenCL device.</summary>
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

/// <summary>Runs a row of the table for many seeds, or a verb for many functions.</summary>
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
        foreach (var f in ScalarFunctions.Of(typeof(IMap))) ScalarFunctions.Call(typeof(VerbCheck), nameof(Map), f, t,
            type);
        foreach (var f in ScalarFunctions.Of(typeof(IZip))) ScalarFunctions.Call(typeof(VerbCheck), nameof(Zip), f, t,
            type);
        foreach (var f in ScalarFunctions.Of(typeof(IZip3))) ScalarFunctions.Call(typeof(VerbCheck), nameof(Zip3), f,
            t, type);
        foreach (var r in ScalarFunctions.Of(typeof(IReduction))) ScalarFunctions.Call(typeof(VerbCheck),
            nameof(Reduce), r, t, type);
    }

    static void Map<F>(F f, Twins t, DType type) where F : struct, IMap
    {
        Twin x = t.Draw([5, 7], type), y = t.Draw([5, 7], type, written: true);
        Device.Reference.Map(f, x.Expected, y.Expected);
        t.Device.Map(f, x.Actual, y.Actual);
        t.Same(y, typeof(F).FullName!);
    }

    static void Zip<F>(F f, Twins t, DType type) where F : struct, IZip
    {
        Twin a = t.Draw([5, 7], type), b = t.Draw([5, 7], type), y = t.Draw([5, 7], type, written: true);
        Device.Reference.Zip(f, a.Expected, b.Expected, y.Expected);
        t.Device.Zip(f, a.Actual, b.Actual, y.Actual);
        t.Same(y, typeof(F).FullName!);
    }

    static void Zip3<F>(F f, Twins t, DType type) where F : struct, IZip3
    {
        Twin a = t.Draw([5, 7], type), b = t.Draw([5, 7], type), c = t.Draw([5, 7], type),
            y = t.Draw([5, 7], type, written: true);
        Device.Reference.Zip(f, a.Expected, b.Expected, c.Expected, y.Expected);
        t.Device.Zip(f, a.Actual, b.Actual, c.Actual, y.Actual);
        t.Same(y, typeof(F).FullName!);
    }

    static void Reduce<R>(R r, Twins t, DType type) where R : struct, IReduction
    {
        Twin x = t.Draw([5, 7], type), y = t.Draw([5], type, written: true);
        Device.Reference.Reduce(r, x.Expected, y.Expected);
        t.Device.Reduce(r, x.Actual, y.Actual);
        t.Same(y, typeof(R).FullName!);
    }
}
