using Tensorlet.Nn;

namespace Tensorlet;

/// <summary>What every module does and then returns itself, as the type that it is.</summary>
public static class ModuleExtensions
{
    /// <summary>Applies an action to a module and all modules inside it, inner ones first.</summary>
    public static M Apply<M>(this M module, Action<Module> action) where M : Module
    {
        action.Given();
        foreach (var child in module.Given().Children()) child.Apply(action);
        action(module);
        return module;
    }

    /// <summary>Switches to training mode, or back.</summary>
    public static M Train<M>(this M module, bool on = true) where M : Module =>
        module.Apply(part => part.Switch(training: on));

    /// <summary>Switches to evaluation mode.</summary>
    public static M Eval<M>(this M module) where M : Module => module.Train(false);

    /// <summary>
    /// Replaces the memory of every parameter and buffer by a copy on another device or, except for integers, in
    /// another type.
    /// </summary>
    public static M To<M>(this M module, DType? type = null, Device? device = null) where M : Module
    {
        module.Given().Move(type, device);
        return module;
    }

    /// <summary>Replaces the memory of every parameter and buffer by a copy on another device.</summary>
    public static M To<M>(this M module, Device device) where M : Module => module.To(null, device.Given());
}
