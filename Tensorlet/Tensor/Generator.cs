namespace Tensorlet;

/// <summary>
/// A counter-based random number generator: number i of a seed is Philox-4×32-10 of i (Salmon et al., Parallel Random
/// Numbers: As Easy as 1, 2, 3; SC 2011), so that every device and any number of threads give the same numbers. Its
/// state is a single counter.
/// </summary>
/// <param name="seed">The seed.</param>
public sealed class Generator(ulong seed) : IStateful
{
    ulong seed = seed;
    long next;

    /// <summary>The generator that random functions use if none is given.</summary>
    public static Generator Default { get; private set; } = new(0);

    /// <summary>Restarts the default generator with a seed.</summary>
    public static void Seed_(ulong seed) => Default = new Generator(seed);

    /// <summary>The seed.</summary>
    public ulong Seed => seed;

    /// <summary>How many numbers have been taken. With the seed, this is the whole state.</summary>
    public long Position { get => Interlocked.Read(ref next); set => Interlocked.Exchange(ref next, value); }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => Stateful.Of(("seed", (long)seed), ("position", Position));

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("Generator", StateDict(), state);
        (seed, Position) = ((ulong)state["seed"].Item<long>(), state["position"].Item<long>());
    }

    /// <summary>Reserves the next numbers, and returns the position of the first.</summary>
    internal long Take(long count)
    {
        var position = Interlocked.Add(ref next, count) - count;
        Autograd.Mode.Taken?.TryAdd(this, position);
        return position;
    }

    /// <summary>The next number in [0, 1).</summary>
    public double NextDouble() => Philox.Uniform(seed, Take(1));

    /// <summary>The next integer in 0 … bound − 1.</summary>
    public int Next(int bound) => (int)((Philox.Bits(seed, Take(1)) >> 32) * (ulong)bound >> 32);

    /// <summary>The numbers 0 … n − 1 in random order (Fisher and Yates).</summary>
    /// <exception cref="ArgumentOutOfRangeException">n is negative.</exception>
    public long[] Permutation(int n)
    {
        var order = Tensor.Arange(n.In(nameof(Permutation), 0), DType.Int64, Device.Cpu).ToArray<long>();
        for (var i = n - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}

/// <summary>The counter-based generator itself, in integer arithmetic that is the same on every machine.</summary>
static class Philox
{
    /// <summary>64 random bits for a seed and a counter: two of the four words of one block.</summary>
    public static ulong Bits(ulong seed, long count)
    {
        var (a, b, _, _) = Block((uint)count, (uint)(count >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));
        return ((ulong)b << 32) | a;
    }

    /// <summary>Ten rounds over a counter of four words, with a key of two.</summary>
    public static (uint, uint, uint, uint) Block(uint a, uint b, uint c, uint d, uint k0, uint k1)
    {
        for (var round = 0; round < 10; round++)
        {
            ulong p = 0xD2511F53UL * a, q = 0xCD9E8D57UL * c;
            (a, b, c, d) = ((uint)(q >> 32) ^ b ^ k0, (uint)q, (uint)(p >> 32) ^ d ^ k1, (uint)p);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (a, b, c, d);
    }

    /// <summary>A number in [0, 1) with 24 random bits, so that it is the same in Float32 and Float64.</summary>
    public static double Uniform(ulong seed, long count) => (Bits(seed, count) >> 40) * (1.0 / (1 << 24));

    /// <summary>An integer low ≤ x &lt; high.</summary>
    public static long Integer(ulong seed, long count, long low, long high) =>
        low + (long)(Bits(seed, count) % (ulong)(high - low));

    /// <summary>A standard normal number (Box and Muller).</summary>
    public static double Normal(ulong seed, long count)
    {
        var bits = Bits(seed, count);
        var (u, v) = (((bits >> 32) + 0.5) * (1.0 / (1L << 32)), (bits & 0xFFFFFFFF) * (1.0 / (1L << 32)));
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }
}

/// <summary>Uniform numbers from low up to, but not including, high.</summary>
readonly struct RandomUniform(ulong seed, long start, double low, double high, DType type) : ISequence
{
    readonly double below = Math.Max(low, type == DType.Float32 ? MathF.BitDecrement((float)high)
        : Math.BitDecrement(high));
    public double At(long i) => Math.Min(below, low + (high - low) * Philox.Uniform(seed, start + i));
}

/// <summary>Normally distributed numbers.</summary>
readonly struct RandomNormal(ulong seed, long start, double mean, double deviation) : ISequence
{ public double At(long i) => mean + deviation * Philox.Normal(seed, start + i); }
