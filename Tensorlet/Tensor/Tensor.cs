using System.Diagnostics;

namespace Tensorlet;

/// <summary>
/// An n-dimensional array of numbers. A tensor consists of a storage on a device, which holds the numbers, and a
/// layout, which gives their positions in the storage. A tensor and its views share their storage. Tensors need not
/// be disposed. A tensor knows nothing of gradients; for gradients, see <see cref="Variable"/>.
/// </summary>
[DebuggerDisplay("{DebuggerText,nq}")]
public sealed partial class Tensor
{
    /// <summary>The memory of the elements, which all views share.</summary>
    public Storage Storage { get; private set; }
    /// <summary>The positions of the elements in the storage.</summary>
    public Layout Layout { get; private set; }
    /// <summary>The type of the elements.</summary>
    public DType DType => Storage.DType;
    /// <summary>The device that holds the elements.</summary>
    public Device Device => Storage.Device;
    /// <summary>The size of each axis.</summary>
    public Shape Shape => Layout.Shape;
    /// <summary>The number of axes.</summary>
    public int Rank => Layout.Rank;
    /// <summary>The number of elements.</summary>
    public int Numel => Layout.Count;
    /// <summary>True if the elements follow one another in row-major order without gaps.</summary>
    public bool IsContiguous => Layout.IsContiguous;

    /// <summary>The number from which this tensor was converted; null if it was not converted from a number.</summary>
    readonly Number? number;
    internal bool IsNumber => number is not null;

    /// <inheritdoc cref="From(Array, DType?, Device)"/>
    public Tensor(Array array, DType? dtype = null, Device? device = null) : this(From(array, dtype, device)) { }

    Tensor(Number x) : this(Scalar(x, x.isWhole ? DType.Int64 : DType.Float64, Device.Cpu)) => number = x;
    Tensor(Tensor other) : this(other.Storage, other.Layout) { }

    /// <summary>
    /// Lets a number be an operand, for example in <c>Tensor.Where(mask, x, 0)</c>, <c>x.Eq(1)</c> and <c>x[0] = 1</c>.
    /// The operation converts the number to a new tensor on the device of the other operand. The type of the new tensor
    /// is chosen by the rule that <see cref="Number"/> describes.
    /// </summary>
    public static implicit operator Tensor(Number x) => new(x);
    /// <inheritdoc cref="op_Implicit(Number)"/>
    public static implicit operator Tensor(long x) => new(x);
    /// <inheritdoc cref="op_Implicit(Number)"/>
    public static implicit operator Tensor(double x) => new(x);

    /// <summary>
    /// Returns this tensor. If this tensor was converted from a number, the number is returned instead, as an operand
    /// for an operation with <paramref name="other"/>.
    /// </summary>
    internal Tensor As(Tensor other, DType? fraction = null) => number is { } x ? Like(other, x, fraction) : this;

    internal Tensor(Storage storage, Layout layout) => (Storage, Layout) = (storage, layout);

    /// <summary>
    /// Replaces the storage and the layout of this tensor with the storage and the layout of another tensor.
    /// </summary>
    internal void Become(Tensor other) => (Storage, Layout) = (other.Storage, other.Layout);

    internal Tensor With(Layout layout) => new(Storage, layout);

    /// <summary>The sizes of all axes.</summary>
    public int[] Size() => Shape.ToArray();

    /// <summary>The size of an axis. A negative axis counts from the end.</summary>
    /// <exception cref="IndexException">The axis does not exist.</exception>
    public int Size(int dim) => Layout.shape[Layout.Axis("Size", dim)];

    /// <summary>The value of the only element.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    /// <exception cref="DTypeException">The element is an integer that is not exactly equal to any double. In this
    /// case, use <see cref="Item{T}"/> with the type long.</exception>
    public double Item() => DType != DType.Int64 ? Item<double>()
        : Item<long>() is var whole && (Int128)(double)whole == whole ? whole
        : throw new DTypeException($"Item: no double is equal to the Int64 {whole}. Use Item<long>().");

    /// <summary>The value of the only element, converted to T: float, double, long or bool.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public T Item<T>() where T : unmanaged => Numel == 1 ? ToArray<T>()[0]
        : throw new ShapeException($"Item: shape {Layout} has {Numel} elements, not one. Index or reduce it first.");

    /// <summary>The elements in row-major order, converted to T: float, double, long, int or bool.</summary>
    /// <exception cref="OverflowException">T is int, and an element does not fit into an int.</exception>
    public T[] ToArray<T>() where T : unmanaged => typeof(T) == typeof(int)
        ? (T[])(object)Array.ConvertAll(ToArray<long>(), x => checked((int)x)) : To(DTypes.Of<T>()).Memory<T>();

    /// <summary>Returns the value of the only element, in the same way as <see cref="Item()"/>.</summary>
    public static explicit operator double(Tensor x) => x.Given().Item();

    /// <summary>Returns the bytes of the elements in row-major order, as an array of T.</summary>
    internal T[] Memory<T>() where T : unmanaged
    {
        var source = Contiguous();
        var result = GC.AllocateUninitializedArray<T>(Numel * DType.Size() / Unsafe.SizeOf<T>());
        source.Device.Download(source.Storage, source.Layout.Offset, MemoryMarshal.AsBytes(result.AsSpan()));
        GC.KeepAlive(source);
        return result;
    }

    /// <summary>
    /// Returns the same numbers as a contiguous tensor of another type in the memory of the host. A tensor that is
    /// already like this is returned itself.
    /// </summary>
    internal Tensor OnHost(DType type) => To(type).To(Device.Cpu).Contiguous();

    /// <summary>
    /// The elements of a contiguous tensor in the memory of the host. The caller keeps the tensor alive while using the
    /// span.
    /// </summary>
    internal Span<T> HostSpan<T>() where T : unmanaged =>
        MemoryMarshal.CreateSpan(ref HostStorage.First<T>(this), Numel);

    /// <summary>
    /// Returns this tensor if it is contiguous (in row-major order without gaps), and a contiguous copy otherwise.
    /// </summary>
    public Tensor Contiguous() => IsContiguous ? this : Clone();

    /// <summary>Returns a contiguous copy of this tensor. The copy has its own storage.</summary>
    public Tensor Clone() => Copied(DType);

    /// <summary>
    /// Returns the same numbers in another type. If the tensor already has this type, the tensor itself is returned.
    /// In a conversion to Bool, an element x becomes x ≠ 0.
    /// </summary>
    public Tensor To(DType dtype) => dtype == DType ? this : Copied(dtype);

    /// <summary>Returns the same numbers, converted to Float32.</summary>
    public Tensor Float() => To(DType.Float32);
    /// <summary>Returns the same numbers, converted to Float64.</summary>
    public Tensor Double() => To(DType.Float64);
    /// <summary>Returns the same numbers, converted to Int64; fractions are cut off.</summary>
    public Tensor Long() => To(DType.Int64);
    /// <summary>Returns a mask that is true where an element of this tensor is not 0.</summary>
    public Tensor Bool() => To(DType.Bool);

    Tensor Copied(DType type, [CallerMemberName] string operation = "")
    {
        var result = NewEmpty(Layout.shape, type, operation);
        Device.Copy(this, result);
        return result;
    }

    /// <summary>
    /// Returns the same numbers on another device. If the tensor is already on this device, the tensor itself is
    /// returned.
    /// </summary>
    public Tensor To(Device device)
    {
        if (device == Device) return this;
        var result = new Tensor(device.Given().Allocate(DType, Numel), Layout.Contiguous(Layout.shape));
        device.Upload(Memory<byte>(), result.Storage, 0);
        return result;
    }

    /// <summary>Returns the same numbers on the CPU.</summary>
    public Tensor Cpu() => To(Device.Cpu);

    /// <summary>Returns the same numbers on a CUDA device.</summary>
    /// <exception cref="DeviceException">There is no CUDA device with this number.</exception>
    public Tensor Cuda(int index = 0) => To(Device.Cuda(index));

    internal Tensor NewEmpty(int[] shape, DType? type = null, [CallerMemberName] string operation = "") =>
        New(operation, shape, type ?? DType, Device);

    /// <summary>Throws an exception if this tensor and the other operand are on different devices.</summary>
    internal Tensor SameDevice(string operation, Tensor other,
        [CallerArgumentExpression(nameof(other))] string name = "") => Device == other.Given(name).Device || IsNumber
            || other.IsNumber ? this
        : throw new DeviceException($"{operation}: the operands are on different devices: {Layout} on {Device} and " +
            $"{other.Layout} on {other.Device}. Move one of them with .To(Device…), .Cpu() or .Cuda().");

    internal Tensor OnlyFloat(string operation) =>
        DType.IsFloat() ? this : throw Unfit(operation, DType.Float32, "Float32 or Float64");

    internal Tensor OnlyType(string operation, DType type) =>
        DType == type ? this : throw Unfit(operation, type, $"{type} here");

    /// <summary>Returns this tensor if it is not a mask, and refuses a mask.</summary>
    internal Tensor NoMask(string operation, string instead = "") => DType != DType.Bool ? this
        : throw new DTypeException(
            $"{operation}: takes numbers, not the mask of shape {Layout}. Convert it with .To(DType.Int64){instead}.");

    DTypeException Unfit(string operation, DType type, string takes) =>
        new($"{operation}: takes {takes}, not {DType} of shape {Layout}. Convert it with .To(DType.{type}).");

    /// <summary>Refuses to write through a view in which elements overlap.</summary>
    internal Tensor Writable(string operation) => !Layout.Overlaps ? this : throw new ShapeException(
        $"{operation}: elements of this view of shape {Layout} overlap (expanded axes, or windows). Clone it first.");

    /// <summary>
    /// Counts a write to the storage, so that the tape notices it. A write through a view in which elements overlap
    /// is refused.
    /// </summary>
    internal Tensor Writing(string operation)
    {
        Writable(operation);
        Storage.Written(operation);
        return this;
    }

    string DebuggerText => $"{DType} {Layout} {(Numel <= 8 ? Values() : "")} {Device}";
}
