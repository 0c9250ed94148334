using System.Reflection;
using Xunit.Sdk;

namespace Tensorlet.Tests.Tensors;

/// <summary>Runs a theory once per device of the host, by its name.</summary>
sealed class DevicesAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["cpu"], ["reference"]];

    public static Device Named(string name) => name == "cpu" ? Device.Cpu : Device.Reference;
}
