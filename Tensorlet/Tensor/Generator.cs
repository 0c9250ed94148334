using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>
/// A counter-based random number generator. The random number at position i is computed from i and the seed alone, by
/// Philox-4×32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011). So the numbers are the same
/// on every device and with any number of threads. The whole state of the generator consists of the seed and the
/// position of the next number.
/// </summary>
/// <param name="seed">The seed.</param>
public sealed class Generator(long seed) : IStateful
{
    long seed = seed;
    long next;

    /// <summary>The generator that random functions use if none is given.</summary>
    public static Generator Default { get; } = new(0);

    /// <summary>Restarts the default generator with a seed.</summary>
    public static void ManualSeed(long seed) => (Default.seed, Default.Position) = (seed, 0);

    /// <summary>The seed.</summary>
    public long Seed => seed;

    /// <summary>
    /// The number of random numbers that have been taken so far. This is also the position of the next random number.
    /// The position and the seed are the whole state of the generator.
    /// </summary>
    public long Position { get => Interlocked.Read(ref next); set => Interlocked.Exchange(ref next, value); }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => Stateful.Of(("seed", seed), ("position", Position));

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("Generator", StateDict(), state);
        (seed, Position) = (state["seed"].Item<long>(), state["position"].Item<long>());
    }

    /// <summary>
    /// Reserves the next <paramref name="count"/> random numbers, and returns the position of the first of these
    /// numbers.
    /// </summary>
    internal long Take(long count)
    {
        var position = Interlocked.Add(ref next, count) - count;
        Autograd.Mode.Taken?.TryAdd(this, position);
        return position;
    }

    /// <summary>Returns the next random number, which is uniformly distributed in [0, 1).</summary>
    public double NextDouble() => Philox.Uniform(seed, Take(1));

    /// <summary>Returns the next random integer. It is at least 0 and below <paramref name="bound"/>.</summary>
    public int Next(int bound) => Below(bound, Philox.Bits(seed, Take(1)));

    static int Below(int bound, ulong bits) => (int)((bits >> 32) * (ulong)bound >> 32);

    /// <summary>Returns the numbers 0 … n − 1 in random order, by the method of Fisher and Yates.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is negative.</exception>
    public long[] Permutation(int n)
    {
        var order = Tensor.Arange(n.In(nameof(Permutation), 0), DType.Int64, Device.Cpu).ToArray<long>();
        var bits = new ulong[Math.Max(0, n - 1)];
        Philox.Bits(seed, Take(bits.Length), bits);
        for (var i = n - 1; i > 0; i--)
        {
            var j = Below(i + 1, bits[n - 1 - i]);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}

/// <summary>
/// The function Philox-4×32-10, which computes random bits from a seed and a counter. It uses only integer
/// arithmetic, which is the same on every machine.
/// </summary>
static class Philox
{
    const int Rounds = 10;
    const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    /// <summary>
    /// Returns 64 random bits for a seed and a counter. These bits are two of the four 32-bit words that
    /// <see cref="Block"/> computes.
    /// </summary>
    public static ulong Bits(long seed, long count)
    {
        var (a, b, _, _) = Block((uint)count, (uint)(count >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));
        return ((ulong)b << 32) | a;
    }

    /// <summary>
    /// Fills <paramref name="bits"/> with the random bits of successive counters, beginning at
    /// <paramref name="first"/>. As many counters as fit into a register of the processor are computed together.
    /// </summary>
    public static void Bits(long seed, long first, Span<ulong> bits)
    {
        var i = 0;
        for (; i <= bits.Length - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
            Register(seed, first + i).CopyTo(bits[i..]);
        for (; i < bits.Length; i++) bits[i] = Bits(seed, first + i);
    }

    /// <summary>
    /// Returns a register with the random bits of successive counters, beginning at <paramref name="first"/>.
    /// </summary>
    public static Vector512<ulong> Register(long seed, long first)
    {
        var word = Vector512.Create((ulong)uint.MaxValue);
        var count = Vector512.Create((ulong)first) + Vector512<ulong>.Indices;
        Vector512<ulong> a = count & word, b = count >> 32, c = default, d = default;
        var (k0, k1) = ((uint)seed, (uint)(seed >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            Vector512<ulong> p = Product(a, M0), q = Product(c, M1);
            (a, b, c, d) = ((q >> 32) ^ b ^ Vector512.Create((ulong)k0), q & word,
                (p >> 32) ^ d ^ Vector512.Create((ulong)k1), p & word);
            (k0, k1) = (k0 + Weyl0, k1 + Weyl1);
        }
        return b << 32 | a;

        static Vector512<ulong> Product(Vector512<ulong> x, uint y) => Avx512F.IsSupported
            ? Avx512F.Multiply(x.AsUInt32(), Vector512.Create(y)) : x * Vector512.Create((ulong)y);
    }

    /// <summary>
    /// Applies the ten rounds of Philox to a counter of four words (a, b, c, d), with a key of two words (k0, k1).
    /// </summary>
    public static (uint, uint, uint, uint) Block(uint a, uint b, uint c, uint d, uint k0, uint k1)
    {
        for (var round = 0; round < Rounds; round++)
        {
            ulong p = (ulong)M0 * a, q = (ulong)M1 * c;
            (a, b, c, d) = ((uint)(q >> 32) ^ b ^ k0, (uint)q, (uint)(p >> 32) ^ d ^ k1, (uint)p);
            (k0, k1) = (k0 + Weyl0, k1 + Weyl1);
        }
        return (a, b, c, d);
    }

    /// <summary>
    /// A random number in [0, 1). It has 24 random bits, so that it is the same in Float32 and Float64.
    /// </summary>
    public static double Uniform(long seed, long count) => (Bits(seed, count) >> 40) * (1.0 / (1 << 24));

    /// <summary>A random number with a standard normal distribution, by the method of Box and Muller.</summary>
    public static double Normal(long seed, long count)
    {
        var bits = Bits(seed, count);
        var (u, v) = (((bits >> 32) + 0.5) * (1.0 / (1L << 32)), (bits & 0xFFFFFFFF) * (1.0 / (1L << 32)));
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }
}

/// <summary>Random numbers that are uniformly distributed in [low, high).</summary>
readonly struct RandomUniform(long seed, long start, double low, double high, DType type) : ISequence, IDrawn
{
    public Vector512<ulong> Bits(long i) => Philox.Register(seed, start + i);
    readonly double below = Math.Max(low, type == DType.Float32 ? MathF.BitDecrement((float)high)
        : Math.BitDecrement(high));
    public double At(long i) => Math.Min(below, low + (high - low) * Philox.Uniform(seed, start + i));
    public Vector512<double> Of(Vector512<ulong> bits) => Vector512.Min(Vector512.Create(below),
        Vector512.Create(low) + (high - low) * (Vector512.ConvertToDouble(bits >> 40) * (1.0 / (1 << 24))));
}

/// <summary>Normally distributed random numbers.</summary>
readonly struct RandomNormal(long seed, long start, double mean, double deviation) : ISequence, IDrawn
{
    public double At(long i) => mean + deviation * Philox.Normal(seed, start + i);
    public Vector512<ulong> Bits(long i) => Philox.Register(seed, start + i);
    public Vector512<double> Of(Vector512<ulong> bits)
    {
        var u = (Vector512.ConvertToDouble(bits >> 32) + Vector512.Create(0.5)) * (1.0 / (1L << 32));
        var v = Vector512.ConvertToDouble(bits & Vector512.Create((ulong)uint.MaxValue)) * (1.0 / (1L << 32));
        return Vector512.Create(mean)
            + deviation * (Vector512.Sqrt(-2 * DoubleFunctions.Log(u)) * DoubleFunctions.Cos(2 * Math.PI * v));
    }
}
