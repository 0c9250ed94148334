using Tensorlet;

namespace Tutorials;

/// <summary>
/// A source of random integers that remembers what it was asked for. It is sent to an answer as its seed.
/// </summary>
sealed class Source(long seed)
{
    readonly Generator random = new(seed);

    public long Seed => seed;
    public List<int> Asked { get; } = [];

    public int Next(int n)
    {
        if (n < 1)
            throw new Rejected($"next({n}) was asked for: there is no integer of 0 … {n - 1}. Ask for 1 and more.");
        Asked.Add(n);
        return random.Next(n);
    }
}
