namespace Tensorlet;

/// <summary>
/// A sequence of random numbers. Number i of the sequence is made only of the random bits that belong to i.
/// </summary>
interface IDrawn
{
    /// <summary>Returns the bits of number i and of the numbers after it, as many as a register can hold.</summary>
    Vector512<ulong> Bits(long i);
    /// <summary>Returns the random numbers that are made of the given bits.</summary>
    Vector512<double> Of(Vector512<ulong> bits);
}

public sealed partial class CpuDevice
{
    void Draw<D>(D d, Tensor y) where D : struct, IDrawn
    {
        var dense = y.IsContiguous ? y : Tensor.EmptyLike(y);
        Share(y.Numel, Piece, y.Numel, (from, to) => y.DType.Run(new Drawing<D>(d, dense, from, to)));
        if (!ReferenceEquals(dense, y)) CopyCore(dense, y);
        KeepAlive(dense);
    }

    readonly struct Drawing<D>(D d, Tensor y, int from, int to) : IForType where D : struct, IDrawn
    {
        void IForType.Run<V>()
        {
            ref var target = ref HostStorage.First<V>(y);
            Span<double> numbers = stackalloc double[Vector512<double>.Count];
            for (var i = from; i < to; i += numbers.Length)
            {
                d.Of(d.Bits(i)).CopyTo(numbers);
                for (var j = 0; j < Math.Min(numbers.Length, to - i); j++)
                    Unsafe.Add(ref target, i + j) = V.Of(numbers[j]);
            }
        }
    }
}
