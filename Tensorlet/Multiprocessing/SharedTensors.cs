using Tensorlet.Nn;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Tensors whose memory several processes of one user share. What one of them writes, the others read, without a lock:
/// a number is never torn, but the order of several writes is not kept. Writes of another process do not change the
/// version of a storage, so the tape does not notice them.
/// </summary>
public static class SharedTensors
{
    const long Magic = 0x54_52_4F_53_4E_45_54_32;

    internal static SharedFile? File(this Tensor tensor) =>
        (tensor.Given().Storage as HostStorage)?.Owner as SharedFile;

    /// <summary>Refuses tensors that are not a whole storage on the CPU.</summary>
    static HostStorage Whole(string operation, Tensor x) => x.Device != Device.Cpu
        ? throw new DeviceException($"{operation}: shape {x.Layout} is on {x.Device}; move it to the CPU: .Cpu().")
        : x.IsContiguous && x.Numel == x.Storage.Count ? (HostStorage)x.Storage : throw new ShapeException(
            $"{operation}: shape {x.Layout} is a view of {x.Storage.Count} elements, or not in their order. " +
            "Share the tensor that it is a view of, or a .Clone().");

    /// <summary>
    /// Moves the memory of a tensor, with its values, to where other processes can open it by its
    /// <see cref="SharedName(Tensor)"/>. All views of the tensor move with it; if it was over an array of the caller
    /// (<see cref="Tensor.Over"/>), that array is no longer used. Nothing happens if it is already shared. No other
    /// thread may use the tensor at the same time.
    /// </summary>
    /// <remarks>
    /// The name exists as long as the tensor or a view of it is reachable in this process, and ends with the process.
    /// Processes that have opened it keep the memory. Shared memory never enters a pool; when it is no longer
    /// reachable, it is unmapped.
    /// </remarks>
    /// <exception cref="DeviceException">The tensor is not on the CPU.</exception>
    /// <exception cref="ShapeException">It is a view of a part of its memory, or its elements are in another
    /// order.</exception>
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

    /// <summary>The name by which another process opens the tensor; for a view, that of its whole memory.</summary>
    /// <exception cref="TensorletException">The tensor is not shared.</exception>
    public static string SharedName(this Tensor tensor) => tensor.File()?.Name ?? throw new TensorletException(
        $"SharedName: the tensor of shape {tensor.Layout} is not shared. Call ShareMemory first.");

    /// <summary>A tensor over memory that another process has shared. Each call maps it again.</summary>
    /// <exception cref="FileNotFoundException">There is nothing with this name; its creator has released it, or has
    /// ended.</exception>
    /// <exception cref="InvalidDataException">It is not the memory of a tensor: it is of another kind, version or user,
    /// is still being written, is too short, or has an impossible shape. The message says which.</exception>
    public static Tensor Open(string name) => SharedFile.Open(name, Magic).Tensor();

    /// <summary>
    /// Shares everything in <see cref="Module.StateDict"/>, parameters and buffers, in place; all or nothing, except if
    /// there is not enough room.
    /// </summary>
    /// <inheritdoc cref="ShareMemory(Tensor)"/>
    public static Module ShareMemory(this Module module)
    {
        var state = module.Given().StateDict().Values;
        foreach (var tensor in state) Whole("ShareMemory", tensor);
        foreach (var tensor in state) tensor.ShareMemory();
        return module;
    }

    /// <summary>The keys and names of all its tensors, in one line: the argument of <see cref="OpenShared"/>.</summary>
    /// <inheritdoc cref="SharedName(Tensor)"/>
    public static string SharedName(this Module module) =>
        string.Join(';', module.Given().StateDict().Select(p => $"{p.Key}={p.Value.SharedName()}"));

    /// <summary>
    /// Replaces the memory of all parameters and buffers of a module by that which another process has shared of a
    /// module of the same class: from now on, both train one network.
    /// </summary>
    /// <exception cref="TensorletException">A key is missing or unknown. Nothing has changed.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has changed.</exception>
    /// <exception cref="DTypeException">Two types differ. Nothing has changed.</exception>
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
