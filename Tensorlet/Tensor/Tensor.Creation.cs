using System.Globalization;

namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>An uninitialised tensor.</summary>
    /// <exception cref="ShapeException">A size is negative, or there are more elements than an int can
    /// count.</exception>
    public static Tensor Empty(int[] size, DType? dtype = null, Device? device = null) =>
        New("Empty", size, dtype, device);

    static Tensor New(string operation, int[] size, DType? type, Device? device)
    {
        try
        {
            var layout = Layout.Contiguous([.. size.Given()]);
            return new((device ?? Device.Default).Allocate(type ?? DTypes.Default, layout.Count), layout);
        }
        catch (TensorletException e) when (e.By(operation)) { throw; }
    }

    /// <inheritdoc cref="Empty(int[], DType?, Device?)"/>
    public static Tensor Empty(params int[] size) => Empty(size, null);

    /// <summary>A tensor in which every element is <paramref name="fillValue"/>.</summary>
    public static Tensor Full(int[] size, Number fillValue, DType? dtype = null, Device? device = null) =>
        New("Full", size, dtype, device).SetAll(fillValue);

    /// <summary>A tensor full of zeros.</summary>
    public static Tensor Zeros(int[] size, DType? dtype = null, Device? device = null) =>
        New("Zeros", size, dtype, device).SetAll(0);

    /// <summary>A tensor full of zeros.</summary>
    public static Tensor Zeros(params int[] size) => Zeros(size, dtype: null);

    /// <summary>A tensor full of ones.</summary>
    public static Tensor Ones(int[] size, DType? dtype = null, Device? device = null) =>
        New("Ones", size, dtype, device).SetAll(1);

    /// <summary>A tensor full of ones.</summary>
    public static Tensor Ones(params int[] size) => Ones(size, dtype: null);

    /// <summary>A 0-dimensional tensor with one number.</summary>
    public static Tensor Scalar(Number value, DType? dtype = null, Device? device = null) =>
        Full([], value, dtype, device);

    /// <summary>The identity matrix with n rows and m columns. If m is not given, the matrix has n columns.</summary>
    public static Tensor Eye(int n, int? m = null, DType? dtype = null, Device? device = null)
    {
        var result = New("Eye", [n, m ?? n], dtype, device).SetAll(0);
        result.Diagonal().SetAll(1);
        return result;
    }

    /// <summary>
    /// The numbers <c>start</c>, <c>start + step</c>, <c>start + 2·step</c>, … as long as they are below <c>end</c> (or
    /// above <c>end</c> if the step is negative). If no type is given, and <c>start</c>, <c>end</c> and <c>step</c> are
    /// all integers, the type is Int64.
    /// </summary>
    /// <exception cref="ShapeException">The step is 0 or leads away from the end.</exception>
    public static Tensor Arange(Number start, Number end, Number? step = null, DType? dtype = null,
        Device? device = null)
    {
        var by = step ?? 1;
        var whole = start.isWhole && end.isWhole && by.isWhole;
        var count = Math.Ceiling((whole ? (double)((Int128)end.whole - start.whole) : end.value - start.value)
            / by.value);
        if (!(count >= 0 && count <= int.MaxValue))
            throw new ShapeException($"Arange: there is no sequence from {start} to {end} in steps of {by}.");
        dtype ??= whole ? DType.Int64 : DTypes.Default;
        var exact = Math.Abs(start.value) + count * Math.Abs(by.value) < 1L << 53;
        return exact || !whole || dtype != DType.Int64
            ? Fill(new Line(start.value, by.value), [(int)count], dtype, device)
            : Fill(new Line(0, 1), [(int)count], dtype, device).Affine(by, start);
    }

    /// <summary>The numbers 0, 1, … below end. If no type is given and end is an integer, the type is Int64.</summary>
    public static Tensor Arange(Number end, DType? dtype = null, Device? device = null) =>
        Arange(0, end, 1, dtype, device);

    /// <summary>
    /// Evenly spaced numbers from start to end, both included. There are <paramref name="steps"/> numbers.
    /// </summary>
    public static Tensor Linspace(double start, double end, int steps, DType? dtype = null, Device? device = null) =>
        Named(() => Fill(new Span(start, end, steps), [steps], dtype, device));

    /// <summary>
    /// The powers of <paramref name="base"/> whose exponents are evenly spaced from start to end, both included. There
    /// are <paramref name="steps"/> numbers.
    /// </summary>
    public static Tensor Logspace(double start, double end, int steps, double @base = 10, DType? dtype = null,
        Device? device = null) => Named(() => From(Linspace(start, end, steps, DType.Float64, Device.Cpu)
            .ToArray<double>().Select(exponent => Math.Pow(@base, exponent)).ToArray(),
                null, dtype ?? DType.Float32, device));

    /// <summary>Random numbers that are uniformly distributed in [0, 1).</summary>
    public static Tensor Rand(int[] size, DType? dtype = null, Device? device = null, Generator? generator = null) =>
        Named(() => Empty(size, dtype, device).Uniform_(0, 1, generator));

    /// <inheritdoc cref="Rand(int[], DType?, Device?, Generator?)"/>
    public static Tensor Rand(params int[] size) => Rand(size, null);

    /// <summary>Random numbers with a standard normal distribution.</summary>
    public static Tensor Randn(int[] size, DType? dtype = null, Device? device = null, Generator? generator = null) =>
        Named(() => Empty(size, dtype, device).Normal_(0, 1, generator));

    /// <inheritdoc cref="Randn(int[], DType?, Device?, Generator?)"/>
    public static Tensor Randn(params int[] size) => Randn(size, null);

    /// <summary>Random numbers that are normally distributed with the given mean and standard deviation.</summary>
    /// <exception cref="ShapeException">A size is negative.</exception>
    public static Tensor Normal(double mean, double std, int[] size, DType? dtype = null, Device? device = null,
        Generator? generator = null) => Named(() => Empty(size, dtype, device).Normal_(mean, std, generator));

    /// <summary>
    /// Samples zeros and ones. The elements of this tensor are the probabilities of a one; the result has the same
    /// shape and type.
    /// </summary>
    /// <exception cref="TensorletException">A probability is not between 0 and 1.</exception>
    public Tensor Bernoulli(Generator? generator = null) => ((OnlyFloat("Bernoulli") >= 0) & (this <= 1)).All()
        ? (RandLike(this, generator: generator) < this).To(DType)
        : throw new TensorletException("Bernoulli: the probabilities must be from 0 to 1, but they are from " +
            $"{AMin().Item()} to {AMax().Item()}.");
    /// <inheritdoc cref="Bernoulli(Generator)"/>
    /// <param name="p">The probabilities of a one.</param>
    /// <param name="generator">The generator of the random numbers.</param>
    public static Tensor Bernoulli(Tensor p, Generator? generator = null) => p.Given().Bernoulli(generator);
    /// <inheritdoc cref="Generator.ManualSeed"/>
    public static void ManualSeed(long seed) => Generator.ManualSeed(seed);

    /// <summary>
    /// Samples indices, with the numbers of this tensor as weights. The probability of an index is proportional to its
    /// weight; the weights need not add up to 1. For each row of n weights, <paramref name="count"/> indices from 0 to
    /// n − 1 are sampled: if this tensor has the shape (…, n), the result has the shape (…, count). The type of the
    /// result is Int64.
    /// </summary>
    /// <exception cref="TensorletException">A weight is negative or not finite; or all weights of a row are 0; or the
    /// indices are to be sampled without replacement, and a row has fewer than <paramref name="count"/> weights above
    /// 0.</exception>
    public Tensor Multinomial(int count, bool replacement = false, Generator? generator = null)
    {
        var n = OnlyFloat("Multinomial").Layout.Size("Multinomial", -1);
        count.In("Multinomial", 0);
        if (n == 0 && count > 0) throw new ShapeException($"Multinomial: there is nothing to sample in {Layout}.");
        generator ??= Generator.Default;
        var (rows, chosen) = (ToArray<double>().Chunk(Math.Max(1, n)).ToArray(), new List<long>());
        foreach (var row in rows)
        {
            if (row.Any(w => !(w >= 0 && double.IsFinite(w))) || row.Count(w => w > 0) is var some && (some == 0
                || !replacement && some < count)) throw new TensorletException($"Multinomial: {count} of the weights " +
                    $"[{string.Join(", ", row.Take(8))}{(n > 8 ? ", …" : "")}] cannot be sampled" +
                    $"{(replacement ? "" : " without replacement")}.");
            for (var k = 0; k < count; k++)
            {
                double at = generator.NextDouble() * row.Sum(), sum = 0;
                var i = Array.FindIndex(row, w => w > 0 && (sum += w) > at);
                chosen.Add(i = i >= 0 ? i : Array.FindLastIndex(row, w => w > 0));
                if (!replacement) row[i] = 0;
            }
        }
        return From(chosen.ToArray(), [.. Shape[..^1], count], device: Device);
    }

    /// <summary>Random integers x with low ≤ x &lt; high. If no type is given, the type is Int64.</summary>
    public static Tensor RandInt(long low, long high, int[] size, DType? dtype = null, Device? device = null,
        Generator? generator = null)
    {
        if (low >= high) throw new ShapeException($"RandInt: there is no integer from {low} to below {high}.");
        generator ??= Generator.Default;
        return Integers("RandInt", size, device, n =>
        {
            var bits = new ulong[n];                                            // a device fills in doubles
            Philox.Bits(generator.Seed, generator.Take(n), bits);
            return Array.ConvertAll(bits, x => low + (long)(x % (ulong)(high - low)));
        }).To(dtype ?? DType.Int64);
    }

    /// <summary>The numbers 0 … n − 1 in random order. The type is Int64.</summary>
    /// <exception cref="ShapeException"><paramref name="n"/> is negative.</exception>
    public static Tensor RandPerm(int n, Device? device = null, Generator? generator = null) =>
        n < 0 ? throw new ShapeException($"RandPerm: there cannot be {n} numbers.")
            : Integers("RandPerm", [n], device, (generator ?? Generator.Default).Permutation);

    static Tensor Alike(Tensor other, DType? dtype, Device? device, [CallerMemberName] string operation = "") =>
        New(operation, other.Given().Layout.shape, dtype ?? other.DType, device ?? other.Device);

    /// <summary>
    /// Returns an uninitialised, contiguous tensor with the shape of another tensor. If the type or the device is not
    /// given, it is also taken from the other tensor.
    /// </summary>
    public static Tensor EmptyLike(Tensor other, DType? dtype = null, Device? device = null) =>
        Alike(other, dtype, device);

    /// <summary>
    /// Returns a tensor full of zeros with the shape of another tensor. If the type or the device is not given, it is
    /// also taken from the other tensor.
    /// </summary>
    public static Tensor ZerosLike(Tensor other, DType? dtype = null, Device? device = null) =>
        Alike(other, dtype, device).SetAll(0);

    /// <summary>Returns a tensor full of zeros, with the type and the device of this tensor.</summary>
    public Tensor NewZeros(params int[] size) => Named(() => Zeros(size, DType, Device));

    /// <summary>Returns a tensor full of ones, with the type and the device of this tensor.</summary>
    public Tensor NewOnes(params int[] size) => Named(() => Ones(size, DType, Device));

    /// <summary>
    /// Returns a tensor in which every element is the same number, with the type and the device of this tensor.
    /// </summary>
    public Tensor NewFull(int[] size, Number fillValue) => Named(() => Full(size, fillValue, DType, Device));

    /// <summary>
    /// Returns a tensor full of ones with the shape of another tensor. If the type or the device is not given, it is
    /// also taken from the other tensor.
    /// </summary>
    public static Tensor OnesLike(Tensor other, DType? dtype = null, Device? device = null) =>
        Alike(other, dtype, device).SetAll(1);

    /// <summary>
    /// Returns a tensor with the shape of another tensor, in which every element is <paramref name="value"/>. If the
    /// type or the device is not given, it is also taken from the other tensor.
    /// </summary>
    public static Tensor FullLike(Tensor other, Number value, DType? dtype = null, Device? device = null) =>
        Alike(other, dtype, device).SetAll(value);

    /// <summary>
    /// Returns a tensor of random numbers, uniformly distributed in [0, 1), with the shape of another tensor. If the
    /// type or the device is not given, it is also taken from the other tensor.
    /// </summary>
    public static Tensor RandLike(Tensor other, DType? dtype = null, Device? device = null,
        Generator? generator = null) => Named(() => Alike(other, dtype, device).Uniform_(0, 1, generator));

    /// <summary>
    /// Returns a tensor of random numbers, which have a standard normal distribution, with the shape of another
    /// tensor. If the type or the device is not given, it is also taken from the other tensor.
    /// </summary>
    public static Tensor RandnLike(Tensor other, DType? dtype = null, Device? device = null,
        Generator? generator = null) => Named(() => Alike(other, dtype, device).Normal_(0, 1, generator));

    /// <summary>
    /// Returns a tensor of integers. The integers are computed only after the memory for the tensor has been
    /// allocated.
    /// </summary>
    static Tensor Integers(string operation, int[] shape, Device? device, Func<int, long[]> numbers)
    {
        var result = New(operation, shape, DType.Int64, device);
        result.Device.Upload(MemoryMarshal.AsBytes<long>(numbers(result.Numel)), result.Storage, 0);
        return result;
    }

    /// <summary>
    /// Returns a tensor with a copy of numbers that are given in row-major order. One size of the shape may be −1;
    /// this size is computed from the number of elements. If no shape is given, the tensor has a single axis. If no
    /// type is given, the tensor has the type of the numbers, except that integers of less than 64 bits become Int64,
    /// and Half becomes Float32.
    /// </summary>
    /// <exception cref="DTypeException">The elements are neither Booleans nor numbers that fit into one of the element
    /// types.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> values, int[]? shape = null, DType? dtype = null,
        Device? device = null) where T : unmanaged
    {
        if (Widened(values) is { } integers) return From<long>(integers, shape, dtype, device);
        if (typeof(T) == typeof(Half))
            return From<float>([.. MemoryMarshal.Cast<T, Half>(values).ToArray().Select(x => (float)x)], shape, dtype,
                device);
        shape = Layout.Contiguous(values.Length).Inferred("From", shape ?? [values.Length]);
        var result = New("From", shape, DTypes.Of<T>(), device);
        result.Device.Upload(MemoryMarshal.AsBytes(values), result.Storage, 0);
        return result.To(dtype ?? result.DType);
    }

    /// <summary>Converts integers of less than 64 bits to long; returns null for other types.</summary>
    static long[]? Widened<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        if (!(typeof(T) == typeof(int) || typeof(T) == typeof(short) || typeof(T) == typeof(byte)
            || typeof(T) == typeof(sbyte) || typeof(T) == typeof(ushort) || typeof(T) == typeof(uint))) return null;
        var integers = new long[values.Length];
        for (var i = 0; i < integers.Length; i++)
            integers[i] = typeof(T) == typeof(int) ? (int)(object)values[i]
                : typeof(T) == typeof(byte) ? (byte)(object)values[i]
                : Convert.ToInt64(values[i], CultureInfo.InvariantCulture);
        return integers;
    }

    /// <inheritdoc cref="From{T}(ReadOnlySpan{T}, int[], DType?, Device)"/>
    public static Tensor From<T>(T[] values, int[]? shape = null, DType? dtype = null, Device? device = null)
        where T : unmanaged => From((ReadOnlySpan<T>)values.Given(), shape, dtype, device);

    /// <summary>
    /// Returns a tensor with a copy of a rectangular or nested array, for example
    /// <c>Tensor.From(new[,] { { 1f, 2f }, { 3f, 4f } })</c>.
    /// </summary>
    /// <exception cref="ShapeException">The parts of a nested array have different shapes.</exception>
    /// <exception cref="DTypeException">The elements are neither Booleans nor numbers that fit into one of the element
    /// types.</exception>
    public static Tensor From(Array array, DType? dtype = null, Device? device = null)
    {
        if (array is Array?[] { Length: > 0 } rows)
        {
            var first = From(rows[0] ?? Array.Empty<float>(), dtype, Device.Cpu);
            var all = Empty([rows.Length, .. first.Size()], first.DType, Device.Cpu);
            DType? stored = rows[0] switch
            {
                float[] => DType.Float32,
                double[] => DType.Float64,
                long[] => DType.Int64,
                bool[] => DType.Bool,
                _ => null,
            };
            for (var i = 0; i < rows.Length; i++)
            {
                // numbers that are stored as they are need no tensor of their own
                if (stored == all.DType && rows[i] is { } row && row.GetType() == rows[0]!.GetType()
                    && row.Length == first.Numel)
                {
                    var bytes = first.Numel * all.DType.Size();
                    MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(row), bytes)
                        .CopyTo(((HostStorage)all.Storage).Bytes[(i * bytes)..]);
                    continue;
                }
                var part = i == 0 ? first : From(rows[i] ?? Array.Empty<float>(), dtype, Device.Cpu);
                if (!part.Layout.SameShape(first.Layout)) throw new ShapeException("From: the nested array is ragged:" +
                    $" part 0 has the shape {first.Layout}, and part {i} has the shape {part.Layout}.");
                all = all.To(DTypes.Promote(all, part));
                all[i].Copy_(part);
            }
            return all.To(device ?? Device.Default);
        }
        int[] shape = [.. Enumerable.Range(0, array.Given().Rank).Select(array.GetLength)];
        var element = array.GetType().GetElementType()!;
        return element == typeof(float) ? Flat<float>() : element == typeof(double) ? Flat<double>()
            : element == typeof(int) ? Flat<int>() : element == typeof(long) ? Flat<long>()
            : element == typeof(bool) ? Flat<bool>() : element == typeof(Half) ? Flat<Half>()
            : element == typeof(byte) ? Flat<byte>() : element == typeof(sbyte) ? Flat<sbyte>()
            : element == typeof(short) ? Flat<short>() : element == typeof(ushort) ? Flat<ushort>()
            : element == typeof(uint) ? Flat<uint>() : array.Length == 0 ? Flat<float>() : throw new DTypeException(
                $"From: {element.Name} is not a number that fits; use float, double, long, int or bool.");

        Tensor Flat<T>() where T : unmanaged => From(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(
            ref MemoryMarshal.GetArrayDataReference(array)), array.Length), shape, dtype, device);
    }

    /// <summary>
    /// Returns a tensor on the CPU that uses the given array as its memory. Writing to the tensor changes the array,
    /// and writing to the array changes the tensor.
    /// </summary>
    public static Tensor Over<T>(T[] array, params int[] shape) where T : unmanaged
    {
        shape = Layout.Contiguous(array.Given().Length)
            .Inferred("Over", shape is { Length: 0 } ? [array.Length] : shape);
        return new(new HostStorage(Device.Cpu, DTypes.Of<T>(), array.Length, array), Layout.Contiguous(shape));
    }

    internal static Tensor Fill<F>(F f, int[] shape, DType? type, Device? device) where F : struct, ISequence
    {
        var result = Empty(shape, type, device);
        result.Device.Fill(f, result);
        return result;
    }

    /// <summary>
    /// Sets every element of a new tensor to a value. This is not counted as a write that the tape must notice.
    /// </summary>
    internal Tensor SetAll(Number value)
    {
        // a device computes the numbers that it fills in as doubles, and a double cannot hold every integer
        if (DType == DType.Int64 && value.isWhole && (Int128)value.value != value.whole)
            Device.Copy(Like(this, value).Expand(Layout.shape), this);
        else Device.Fill(new Line(value.value, 0), this);
        return this;
    }

    /// <summary>The numbers start + i·step for i = 0, 1, …</summary>
    internal readonly struct Line(double start, double step) : ISequence
    {
        public bool IsConstant => step == 0;
        public double At(long i) => IsConstant ? start : start + i * step;
    }

    /// <summary>
    /// Evenly spaced numbers from start to end. A number in the first half is computed from start, and a number in
    /// the second half from end, so that both start and end are met exactly.
    /// </summary>
    internal readonly struct Span(double start, double end, int steps) : ISequence
    {
        readonly double step = steps > 1 ? (end - start) / (steps - 1) : 0;
        public double At(long i) => i < steps / 2 || steps == 1 ? start + i * step : end - (steps - 1 - i) * step;
    }
}
