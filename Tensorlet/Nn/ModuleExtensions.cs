using Tensorlet.Nn;

namespace Tensorlet;

/// <summary>
/// Extension methods for modules. Each method except <see cref="Save"/> returns the module on which it is called. The
/// return type is the class of this module, and not only <see cref="Module"/>.
/// </summary>
public static class ModuleExtensions
{
    /// <summary>Applies an action to all modules inside a module, and then to the module itself.</summary>
    public static M Apply<M>(this M module, Action<Module> action) where M : Module
    {
        action.Given();
        foreach (var child in module.Given().Children()) child.Apply(action);
        action(module);
        return module;
    }

    /// <summary>
    /// Switches a module and all modules inside it to training mode, or to evaluation mode if <paramref name="on"/>
    /// is false.
    /// </summary>
    public static M Train<M>(this M module, bool on = true) where M : Module =>
        module.Apply(part => part.Switch(training: on));

    /// <summary>Switches a module and all modules inside it to evaluation mode.</summary>
    public static M Eval<M>(this M module) where M : Module => module.Train(false);

    /// <summary>
    /// Replaces the memory of every parameter and buffer with a copy of the given type on the given device. If the type
    /// or the device is null, it does not change. Tensors of integers and of Booleans keep their type.
    /// </summary>
    public static M To<M>(this M module, DType? dtype = null, Device? device = null) where M : Module
    {
        module.Given().Move(dtype, device);
        return module;
    }

    /// <summary>Writes all parameters and buffers of a module to a safetensors file.</summary>
    public static void Save(this Module module, string path) => SafeTensors.Save(path, module.Given().StateDict());

    /// <summary>Reads all parameters and buffers of a module from a safetensors file.</summary>
    /// <exception cref="TensorletException">The file lacks a tensor of the module, or contains a tensor that the module
    /// does not have, or contains a tensor whose shape differs from the shape of the module's tensor. In these cases,
    /// the module is unchanged.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static M Load<M>(this M module, string path) where M : Module
    {
        module.Given().LoadStateDict(SafeTensors.Load(path));
        return module;
    }

    /// <summary>Replaces the memory of every parameter and buffer with a copy on another device.</summary>
    public static M To<M>(this M module, Device device) where M : Module => module.To(null, device.Given());
}
