using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tensorlet;

/// <summary>
/// The product of the CPU. Rows, columns and the summed axes of the operands are tables of offsets, so that a matrix, its
/// transpose, a slice and the windows of a convolution are all read alike while panels are packed for the micro-kernel.
/// </summary>
[SkipLocalsInit]
public sealed partial class CpuDevice
{
    const int Inner = 256;          // how many summed elements a panel holds: a panel of b stays in the first-level cache
    const int PanelElements = 1 << 15;

    [ThreadStatic] static byte[]? scratchA, scratchB;

    /// <inheritdoc/>
    public override void Contract(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns)
    {
        if (c.Numel == 0) return;
        if (a.Numel == 0) Fill(new Tensor.Line(0, 0), c);
        else
            switch (a.DType)
            {
                case DType.Float32: Multiply<float>(a, b, c, batch, rows); break;
                case DType.Float64: Multiply<double>(a, b, c, batch, rows); break;
                default: Reference.Contract(a, b, c, batch, rows, columns); break;
            }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
    }

    /// <summary>One operand as a matrix: where its wide axis (rows of a, columns of b) and its summed axis lead.</summary>
    readonly record struct Side(Tensor Tensor, int[] Wide, int[] Inner);

    void Multiply<T>(Tensor a, Tensor b, Tensor c, int batch, int rows) where T : unmanaged
    {
        var inner = a.Rank - batch - rows;
        var left = new Side(a, a.Layout.Offsets(batch, batch + rows), a.Layout.Offsets(batch + rows));
        var right = new Side(b, b.Layout.Offsets(batch + inner), b.Layout.Offsets(batch, batch + inner));
        var (down, across) = (c.Layout.Offsets(batch, batch + rows), c.Layout.Offsets(batch + rows));
        // Panels of a are narrow and those of b wide; where it wastes less, the product is computed transposed.
        if (1.25 * Padded<T>(right.Wide.Length, left.Wide.Length) < Padded<T>(left.Wide.Length, right.Wide.Length))
            ((left, right), (down, across)) = ((right, left), (across, down));
        if (batch == 0) { Product<T>(left, right, c, down, across, 0, 0, 0); return; }
        int[] atA = left.Tensor.Layout.Offsets(0, batch), atB = right.Tensor.Layout.Offsets(0, batch), atC = c.Layout.Offsets(0, batch);
        var work = (long)down.Length * across.Length * left.Inner.Length;
        if (work > 1 << 20) for (var i = 0; i < atC.Length; i++) Product<T>(left, right, c, down, across, atA[i], atB[i], atC[i]);
        else Share(atC.Length, work * atC.Length / 16, i => Product<T>(left, right, c, down, across, atA[i], atB[i], atC[i], alone: true));
    }

    static long Padded<T>(int rows, int columns) where T : unmanaged =>
        (long)((rows + MicroKernel<T>.Rows - 1) / MicroKernel<T>.Rows * MicroKernel<T>.Rows) * ((columns + MicroKernel<T>.Columns - 1) / MicroKernel<T>.Columns * MicroKernel<T>.Columns);

    void Product<T>(Side left, Side right, Tensor c, int[] down, int[] across, int atA, int atB, int atC, bool alone = false) where T : unmanaged
    {
        int m = down.Length, n = across.Length, k = left.Inner.Length;
        var work = (long)m * n * k;
        // A small result with a long sum is cut along the sum, in segments of fixed length with results of their own.
        const int segment = 16 * Inner;
        var segments = m * n <= PanelElements / 4 && k >= 2 * segment && !alone ? (k + segment - 1) / segment : 1;
        if (segments > 1)
        {
            var partial = new T[segments * m * n];
            int[] rowsOfPartial = [.. Enumerable.Range(0, m).Select(i => i * n)], columnsOfPartial = [.. Enumerable.Range(0, n)];
            Share(segments, work / 16, s => Blocks<T>(left, right, ref partial[s * m * n], rowsOfPartial, columnsOfPartial, atA, atB,
                s * segment, Math.Min(k, (s + 1) * segment), 0, n));
            ref var result = ref Unsafe.Add(ref HostStorage.First<T>(c), atC);
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    var sum = partial[i * n + j];
                    for (var s = 1; s < segments; s++) sum = Add(sum, partial[(s * m + i) * n + j]);
                    Unsafe.Add(ref result, down[i] + across[j]) = sum;
                }
            return;
        }
        // Each part packs all of a for itself, so there are few of them: four for a matrix, more for the long sides of convolutions.
        var width = (Math.Max(n / 16, Math.Min(n / 4, m)) / MicroKernel<T>.Columns + 1) * MicroKernel<T>.Columns;
        if (alone || Threads == 1 || work < 1 << 19)
            Blocks<T>(left, right, ref Unsafe.Add(ref HostStorage.First<T>(c), atC), down, across, atA, atB, 0, k, 0, n);
        else
            Share((n + width - 1) / width, work / 16, p => Blocks<T>(left, right, ref Unsafe.Add(ref HostStorage.First<T>(c), atC), down, across, atA, atB,
                0, k, p * width, Math.Min(n, (p + 1) * width)));
    }

    /// <summary>Some columns of the result, over a part of the sum: blocks of a and b are packed into panels and multiplied.</summary>
    static void Blocks<T>(Side left, Side right, ref T c, int[] down, int[] across, int atA, int atB, int fromK, int toK, int fromN, int toN) where T : unmanaged
    {
        int height = MicroKernel<T>.Rows, width = MicroKernel<T>.Columns, m = down.Length;
        var panels = (m + height - 1) / height;
        var block = Math.Min(toK - fromK, Inner);
        ref var packedA = ref Scratch<T>(ref scratchA, panels * height * block);
        var wide = Math.Max(width, PanelElements / block / width * width);
        ref var packedB = ref Scratch<T>(ref scratchB, (Math.Min(wide, toN - fromN) / width + 1) * width * block);
        Span<T> tile = stackalloc T[height * width];
        ref T sourceA = ref Unsafe.Add(ref HostStorage.First<T>(left.Tensor), atA), sourceB = ref Unsafe.Add(ref HostStorage.First<T>(right.Tensor), atB);
        int readableA = left.Tensor.Storage.Count - left.Tensor.Layout.Offset - atA, readableB = right.Tensor.Storage.Count - right.Tensor.Layout.Offset - atB;
        for (var k = fromK; k < toK; k += block)
        {
            var count = Math.Min(block, toK - k);
            var innerA = left.Inner.AsSpan(k, count);
            var innerB = right.Inner.AsSpan(k, count);
            for (var p = 0; p < panels; p++)
                Panels.Pack(ref sourceA, left.Wide.AsSpan(p * height, Math.Min(height, m - p * height)), innerA, ref Unsafe.Add(ref packedA, p * height * count), height, readableA);
            for (var j = fromN; j < toN; j += wide)
            {
                var end = Math.Min(toN, j + wide);
                for (var q = j; q < end; q += width)
                    Panels.Pack(ref sourceB, right.Wide.AsSpan(q, Math.Min(width, end - q)), innerB, ref Unsafe.Add(ref packedB, (q - j) * count), width, readableB);
                for (var p = 0; p < panels; p++)
                    for (var q = j; q < end; q += width)
                    {
                        MicroKernel<T>.Run(ref Unsafe.Add(ref packedA, p * height * count), ref Unsafe.Add(ref packedB, (q - j) * count), count, ref tile[0]);
                        Panels.Unpack(ref tile[0], width, ref c, down.AsSpan(p * height, Math.Min(height, m - p * height)),
                            across.AsSpan(q, Math.Min(width, end - q)), k > fromK);
                    }
            }
        }
    }

    static ref T Scratch<T>(ref byte[]? scratch, int count) where T : unmanaged
    {
        var bytes = (count + 64) * Unsafe.SizeOf<T>();
        if (scratch is null || scratch.Length < bytes) scratch = GC.AllocateArray<byte>(Math.Max(bytes, 1 << 17), pinned: true);
        return ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(scratch));
    }
}
