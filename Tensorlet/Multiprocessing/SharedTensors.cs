using Tensorlet.Nn;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Tensors whose memory is shared by several processes of one user. What one process writes, the other processes read.
/// There is no lock: a process never reads a number that is only partly written, but it may not see the writes of
/// another process in the order in which they were made. The tape does not notice the writes of another process,
/// because these writes do not change <see cref="Storage.Version"/>. If another process changes a value that the tape
/// has saved, the backward pass throws no exception, and the gradients may be wrong.
/// </summary>
public static class SharedTensors
{
    const long Magic = 0x54_52_4F_53_4E_45_54_32;

    internal static SharedFile? File(this Tensor tensor) =>
        (tensor.Given().Storage as HostStorage)?.Owner as SharedFile;

    /// <summary>
    /// Returns the storage of a tensor. Refuses a tensor that is not on the CPU, or that does not have all elements
    /// of its storage in their order.
    /// </summary>
    static HostStorage Whole(string operation, Tensor x) => x.Device != Device.Cpu
        ? throw new DeviceException($"{operation}: shape {x.Layout} is on {x.Device}; move it to the CPU: .Cpu().")
        : x.IsContiguous && x.Numel == x.Storage.Count ? (HostStorage)x.Storage : throw new ShapeException(
            $"{operation}: shape {x.Layout} is a view of {x.Storage.Count} elements, or not in their order. " +
            "Share the tensor that it is a view of, or a .Clone().");

    /// <summary>
    /// Moves a tensor to shared memory. Other processes can open this memory by the name that
    /// <see cref="SharedName(Tensor)"/> returns. The values stay the same. All views of the tensor move with it. If the
    /// tensor used an array of the caller as its memory (see <see cref="Tensor.Over"/>), that array is no longer used.
    /// If the tensor is already shared, nothing happens. No other thread may use the tensor at the same time.
    /// </summary>
    /// <remarks>
    /// The name disappears when neither the tensor nor a view of it is reachable in this process any longer, or when
    /// the process ends. Other processes that have opened the tensor keep its memory. Shared memory is never reused for
    /// new tensors; when the memory is no longer reachable in this process, it is unmapped.
    /// </remarks>
    /// <exception cref="DeviceException">The tensor is not on the CPU.</exception>
    /// <exception cref="ShapeException">The tensor is a view of only a part of its memory, or is not
    /// contiguous.</exception>
    /// <exception cref="IOException">There is not enough room in /dev/shm or the temporary directory, even after
    /// unreachable memory has been released.</exception>
    public static Tensor ShareMemory(this Tensor tensor)
    {
        if (tensor.IsShared()) return tensor;
        var storage = Whole("ShareMemory", tensor);
        var file = SharedFile.Create(Magic, tensor.DType, tensor.Shape);
        Device.Cpu.Copy(tensor, file.Tensor());
        file.Publish();
        file.Under(storage);
        return tensor;
    }

    /// <summary>True if other processes can open the memory of this tensor.</summary>
    public static bool IsShared(this Tensor tensor) => tensor.File() is not null;

    /// <summary>
    /// Returns the name by which another process opens the tensor. For a view, this is the name of the whole memory
    /// that the view uses; <see cref="Open"/> then returns a tensor over the whole memory, and not the view.
    /// </summary>
    /// <exception cref="TensorletException">The tensor is not shared.</exception>
    public static string SharedName(this Tensor tensor) => tensor.File()?.Name ?? throw new TensorletException(
        $"SharedName: the tensor of shape {tensor.Layout} is not shared. Call ShareMemory first.");

    /// <summary>
    /// Returns a tensor over memory that another process has shared. Each call maps the memory again.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no shared memory with this name: the process that created
    /// the memory has released it or has ended.</exception>
    /// <exception cref="InvalidDataException">The shared memory is of a different kind or version, belongs to
    /// another user, is still being written, is too short, or has an impossible shape. The message says which of
    /// these is the case.</exception>
    public static Tensor Open(string name) => SharedFile.Open(name, Magic).Tensor();

    /// <summary>
    /// Shares all parameters and buffers of a module (everything in <see cref="Module.StateDict"/>) in place. If
    /// there is not enough room, some of the tensors may have been shared before the exception. If any other
    /// exception is thrown, nothing has been shared.
    /// </summary>
    /// <inheritdoc cref="ShareMemory(Tensor)"/>
    public static Module ShareMemory(this Module module)
    {
        var state = module.Given().StateDict().Values;
        foreach (var tensor in state) Whole("ShareMemory", tensor);
        foreach (var tensor in state) tensor.ShareMemory();
        return module;
    }

    /// <summary>
    /// Returns the keys and the shared names of all tensors of a module in one line of text, which is the argument
    /// of <see cref="OpenShared"/>.
    /// </summary>
    /// <inheritdoc cref="SharedName(Tensor)"/>
    public static string SharedName(this Module module) =>
        string.Join(';', module.Given().StateDict().Select(p => $"{p.Key}={p.Value.SharedName()}"));

    /// <summary>
    /// Replaces the memory of all parameters and buffers of a module with the memory that another process has shared
    /// for a module of the same class. From now on, both processes train one network.
    /// </summary>
    /// <exception cref="TensorletException">The memory that is shared as <paramref name="name"/> lacks a key of the
    /// module, or has a key that the module does not have. In this case, nothing has changed.</exception>
    /// <exception cref="ShapeException">Two shapes differ. In this case, nothing has changed.</exception>
    /// <exception cref="DTypeException">Two types differ. In this case, nothing has changed.</exception>
    /// <inheritdoc cref="Open"/>
    public static Module OpenShared(this Module module, string name)
    {
        var own = module.Given().StateDict();
        var state = name.Given().Split(';').Select(part => part.Split('=')).ToDictionary(p => p[0], p => Open(p[^1]));
        Stateful.Check(module.GetType().Name, own, state);
        foreach (var (key, x) in own) x.OnlyType($"OpenShared: '{key}'", state[key].DType);
        foreach (var (key, x) in own) Whole($"OpenShared: '{key}'", x);
        foreach (var (key, x) in own) state[key].File()!.Under(Whole("OpenShared", x.Writing("OpenShared")));
        return module;
    }
}
