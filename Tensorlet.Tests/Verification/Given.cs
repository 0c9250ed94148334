using System.Collections;
using System.Reflection;
using Module = Tensorlet.Nn.Module;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Modules with parameters that are given from outside, so that they are functions of them like all others.
/// </summary>
static class Given
{
    /// <summary>The module, with its parameters replaced by variables, in order, and of the type of these.</summary>
    public static M With<M>(this M module, params ReadOnlySpan<Variable> parameters) where M : Module
    {
        if (parameters.Length == 0) return module;
        foreach (var p in parameters)
            if (!p.DType.IsFloat())
                throw new DTypeException($"Given: a parameter is {p.DType} of shape {p.Data.Layout}.");
        module.To(parameters[0].DType, parameters[0].Device);
        var places = new Dictionary<Variable, List<Action<Variable>>>();
        Find(module, places);
        var own = module.Parameters();
        if (own.Count != parameters.Length)
            throw new ArgumentException($"Given: {parameters.Length} parameters in the place of {own.Count}.");
        for (var i = 0; i < parameters.Length; i++)
        {
            if (!own[i].Shape.SequenceEqual(parameters[i].Shape)) throw new ShapeException(
                $"Given: {parameters[i].Data.Layout} in the place of a parameter {own[i].Data.Layout}.");
            foreach (var place in places[own[i]]) place(parameters[i]);
        }
        return module;
    }

    static void Find(Module module, Dictionary<Variable, List<Action<Variable>>> places)
    {
        for (var type = module.GetType(); type != typeof(object); type = type.BaseType!)
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public
                | BindingFlags.DeclaredOnly))
                switch (field.GetValue(module))
                {
                    case Variable v: Add(v, now => field.SetValue(module, now)); break;
                    case Module inner: Find(inner, places); break;
                    case List<(string Key, object Value)> parts:
                        for (var i = 0; i < parts.Count; i++)
                        {
                            var at = i;
                            Add((Variable)parts[i].Value, now => parts[at] = (parts[at].Key, now));
                        }
                        break;
                    case IEnumerable many:
                        foreach (var inner in many.OfType<Module>()) Find(inner, places);
                        break;
                }

        void Add(Variable v, Action<Variable> place)
        {
            if (!places.TryGetValue(v, out var list)) places[v] = list = [];
            list.Add(place);
        }
    }
}
