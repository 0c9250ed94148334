namespace Tensorlet;

/// <summary>
/// The memory of a tensor and its views, on one device. A storage need not be disposed: when the storage is no longer
/// reachable, its memory returns to the pool of the device.
/// </summary>
public abstract class Storage(Device device, DType dtype, int count)
{
    /// <summary>The device that the memory belongs to.</summary>
    public Device Device => device;
    /// <summary>The type of the elements.</summary>
    public DType DType => dtype;
    /// <summary>The number of elements.</summary>
    public int Count => count;
    /// <summary>
    /// The number of times that the memory was written to after it was first filled. All views share this number. The
    /// tape (see <see cref="Autograd"/>) saves the number in the forward pass. In the backward pass, it compares the
    /// saved number with the current number, to notice values that have changed in between.
    /// </summary>
    public int Version { get; private set; }
    /// <summary>The name of the operation that wrote to the memory last. It appears in error messages.</summary>
    public string LastWriter { get; private set; } = "";

    internal void Written(string operation) => (Version, LastWriter) = (Version + 1, operation);
}
