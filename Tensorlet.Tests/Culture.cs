using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tensorlet.Tests;

/// <summary>
/// <c>TENSORLET_CULTURE=de-DE dotnet test</c> runs all tests in that culture. Without it, they run in the invariant
/// culture, like the programs.
/// </summary>
static class Culture
{
    [ModuleInitializer]
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable("TENSORLET_CULTURE") is not { Length: > 0 } name) return;
        var culture = CultureInfo.GetCultureInfo(name, predefinedOnly: true);
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = culture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = culture;
        if ((-0.5).ToString() == "-0.5") throw new InvalidOperationException(
            $"{name} writes -0.5 as we do: build the tests again, with TENSORLET_CULTURE set.");
    }
}
