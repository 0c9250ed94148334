namespace Tensorlet;

/// <summary>
/// The type of the elements of a tensor. The types are listed from the lowest to the highest. If the operands of an
/// operation have different types, the result normally has the higher type; see <see cref="DTypes.Promote"/>.
/// </summary>
public enum DType
{
    /// <summary>Booleans of one byte each, for masks.</summary>
    Bool,
    /// <summary>64-bit integers, for labels and indices.</summary>
    Int64,
    /// <summary>32-bit floating-point numbers. This is the default type.</summary>
    Float32,
    /// <summary>64-bit floating-point numbers, for checking gradients.</summary>
    Float64,
}

/// <summary>Properties of element types, and the common type of two operands.</summary>
public static class DTypes
{
    /// <summary>The type of new floating-point tensors in this process: Float32, unless another type is set.</summary>
    public static DType Default
    {
        get;
        set => field = value.IsFloat() ? value
            : throw new DTypeException($"Default: {value} is not a floating-point type.");
    } = DType.Float32;

    /// <summary>The number of bytes that an element of this type takes.</summary>
    public static int Size(this DType dtype) => dtype switch { DType.Bool => 1, DType.Float32 => 4, _ => 8 };

    /// <summary>True for Float32 and Float64, the types that can have gradients.</summary>
    public static bool IsFloat(this DType dtype) => dtype >= DType.Float32;

    /// <summary>
    /// The type of the result of an operation on two operands; the rule is that of PyTorch. There are three kinds of
    /// types; from low to high, they are Boolean, integer and floating point. If the operands are of different kinds,
    /// the result has the type of the operand of the higher kind. If both operands are of the same kind, the result has
    /// the type with more bytes per element. There is one exception: if both operands are of the same kind and exactly
    /// one of them is 0-dimensional, the result has the type of the other operand.
    /// </summary>
    public static DType Promote(Tensor a, Tensor b)
    {
        if (a.Given().DType == b.Given().DType) return a.DType;
        var sameKind = a.DType.IsFloat() && b.DType.IsFloat();
        if (sameKind && a.Rank == 0 && b.Rank > 0) return b.DType;
        if (sameKind && b.Rank == 0 && a.Rank > 0) return a.DType;
        return a.DType > b.DType ? a.DType : b.DType;
    }

    [MethodImpl(AggressiveInlining)]
    internal static DType Of<T>([CallerMemberName] string operation = "") where T : unmanaged =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(bool) ? DType.Bool
        : throw new DTypeException(
            $"{operation}: {typeof(T).Name} is not an element type; use float, double, long or bool.");

    /// <summary>Runs generic code with the C# type that belongs to this element type.</summary>
    internal static void Run<B>(this DType type, B body) where B : struct, IForType
    {
        if (type == DType.Bool) body.Run<B8>();
        else if (type == DType.Int64) body.Run<I64>();
        else if (type == DType.Float32) body.Run<F32>();
        else body.Run<F64>();
    }
}

/// <summary>
/// Generic code for any element type. The operands are the fields of the type that implements this interface.
/// </summary>
interface IForType { void Run<V>() where V : unmanaged, IScalar<V>; }
