namespace Tensorlet.Tests.Devices;

/// <summary>A test that needs an OpenCL device: skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenCLFactAttribute : FactAttribute
{
    public OpenCLFactAttribute() => Skip = Missing;

    /// <summary>Why there is none; null if there is one.</summary>
    internal static string? Missing
    {
        get
        {
            if (OpenCL.IsAvailable) return null;
            try { return Device.OpenCL().Name; }
            catch (DeviceException e) { return e.Message; }
        }
    }
}

/// <summary>A theory that needs an OpenCL device.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenCLTheoryAttribute : TheoryAttribute
{
    public OpenCLTheoryAttribute() => Skip = OpenCLFactAttribute.Missing;
}
