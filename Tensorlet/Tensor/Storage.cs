namespace Tensorlet;

/// <summary>
/// The memory of a tensor and its views, on one device. It need not be disposed: when it is no longer reachable, it
/// returns to the pool of its device.
/// </summary>
public abstract class Storage(Device device, DType type, int count)
{
    /// <summary>The device that the memory belongs to.</summary>
    public Device Device => device;
    /// <summary>The type of its elements.</summary>
    public DType DType => type;
    /// <summary>The number of its elements.</summary>
    public int Count => count;
    /// <summary>
    /// How often the memory was written to after it was first filled; all views share this number. The tape compares it
    /// with the one that it saved.
    /// </summary>
    public int Version { get; private set; }
    /// <summary>The operation that wrote last, for error messages.</summary>
    public string LastWriter { get; private set; } = "";

    internal void Written(string operation) => (Version, LastWriter) = (Version + 1, operation);
}
