using System.Collections;
using Module = Tensorlet.Nn.Module;
using System.Reflection;

namespace Tensorlet.Tests.Verification;

/// <summary>Modules with parameters given from outside, so that they are functions of them like any other.</summary>
static class Given
{
    /// <summary>The module, with variables in the places of its parameters, in their order, and of their type.</summary>
    public static M With<M>(this M module, params ReadOnlySpan<Variable> parameters) where M : Module
    {
        if (parameters.Length == 0) return module;
        module.To(parameters[0].DType, parameters[0].Device);
        var places = new Dictionary<Variable, List<(object Owner, FieldInfo Field)>>();
        Find(module, places);
        var own = module.Parameters();
        Assert.Equal(own.Count, parameters.Length);
        for (var i = 0; i < parameters.Length; i++)
        {
            Assert.Equal(own[i].Size(), parameters[i].Size());
            foreach (var (owner, field) in places[own[i]]) field.SetValue(owner, parameters[i]);
        }
        return module;
    }

    static void Find(Module module, Dictionary<Variable, List<(object, FieldInfo)>> places)
    {
        for (var type = module.GetType(); type != typeof(Module); type = type.BaseType!)
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public
                | BindingFlags.DeclaredOnly))
                switch (field.GetValue(module))
                {
                    case Variable v:
                        if (!places.TryGetValue(v, out var list)) places[v] = list = [];
                        list.Add((module, field));
                        break;
                    case Module inner: Find(inner, places); break;
                    case IEnumerable many:
                        foreach (var inner in many.OfType<Module>()) Find(inner, places);
                        break;
                }
    }
}
