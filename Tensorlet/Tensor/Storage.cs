namespace Tensorlet;

/// <summary>
/// The memory behind a tensor and its views, on one device. Nobody disposes it: when it is no longer reachable, it goes
/// back to its device's pool.
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
    /// How often it was written to since it was filled first; views share it. The tape compares it with what it saved.
    /// </summary>
    public int Version { get; private set; }
    /// <summary>The operation that wrote last, for messages.</summary>
    public string LastWriter { get; private set; } = "";

    internal void Written(string operation) => (Version, LastWriter) = (Version + 1, operation);
}
