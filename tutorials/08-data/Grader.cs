using Tensorlet;

namespace Tutorials.Chapter08;

sealed class Grader : Exercise<IShuffle>
{
    public override string Title => "A fair shuffle";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["System.Random", "Generator", "Tensor.RandPerm", "Tensor.Rand", "Tensor.Randn", "Tensor.RandInt",
            "System.Guid"],
            "All chance is to come from next, or no run can be repeated."),
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Think of a deck of cards on a table. Draw one, all equally likely, and lay it aside as the last of the new " +
            "deck. Then draw one of those that are left. When is each order equally likely?",
        "The cards that are left and those laid aside fit into one array: the former in front, the latter behind. " +
            "To lay a drawn card aside is to swap it with the last of those in front.",
        "for (var last = count - 1; last > 0; last--): draw from 0 … last, so next(last + 1), and swap. A card may " +
            "be drawn that is in its place already, and then it stays.",
        "Epoch: Enumerable.Chunk cuts an array into pieces and leaves a smaller one at the end.",
    ];

    static string Show(IEnumerable<int> numbers) => $"[{string.Join(", ", numbers)}]";

    /// <summary>An order, after it has been looked at: each number once.</summary>
    static int[] Order(IShuffle answer, int count, Source source)
    {
        var order = answer.Order(count, source.Next);
        EachOnce(order, count, Name(answer, count));
        return order;
    }

    static string Name(IShuffle answer, int count) => answer is Joined ? $"Epoch({count}, 2)" : $"Order({count})";

    static void EachOnce(IReadOnlyList<int>? order, int count, string what)
    {
        Expect.That(order is not null, $"{what}: null came back.");
        Expect.That(order!.Count == count, $"{what}: yours has {order.Count} numbers, expected {count}: " +
            $"{Show(order.Take(20))}.");
        var others = order.Where(i => i < 0 || i >= count).ToArray();
        Expect.That(others.Length == 0, $"{what}: {others.FirstOrDefault()} is none of 0 … {count - 1}.");
        var twice = order.GroupBy(i => i).Where(g => g.Count() > 1).Select(g => g.Key).ToArray();
        Expect.That(twice.Length == 0, $"{what}: {twice.FirstOrDefault()} comes more than once: " +
            $"{Show(order.Take(20))}. What is drawn is gone: draw the next from those that are left.");
    }

    static void Permutation(IShuffle answer)
    {
        foreach (var count in (int[])[0, 1, 2, 3, 10, 100])
            for (var seed = 0; seed < 20; seed++) Order(answer, count, new(seed));
    }

    static void Chance(IShuffle answer)
    {
        var what = Name(answer, 20);
        var (order, again, other) = (Order(answer, 20, new(1)), Order(answer, 20, new(1)), Order(answer, 20, new(2)));
        Expect.That(!order.SequenceEqual(Enumerable.Range(0, 20)), $"{what}: the numbers came back in order.");
        Expect.That(order.SequenceEqual(again), $"{what}, twice with the same random numbers: two orders came " +
            "back. All chance has to come from next, or no run can be repeated.");
        Expect.That(!order.SequenceEqual(other), $"{what}, with other random numbers: the same order came back.");
    }

    static void Places(IShuffle answer)
    {
        const int Count = 4, Runs = 4000;
        var counts = new int[Count, Count];
        for (var seed = 0; seed < Runs; seed++)
            foreach (var (place, number) in Order(answer, Count, new(seed)).Index()) counts[number, place]++;
        for (var number = 0; number < Count; number++)
            Expect.That(counts[number, number] < Runs, $"Order({Count}), {Runs} times: {number} never moved. The " +
                "first and the last place take part as well.");
        for (var number = 0; number < Count; number++)
            for (var place = 0; place < Count; place++)
                Expect.That(counts[number, place] > 0, $"Order({Count}), {Runs} times: {number} was never at place " +
                    $"{place}. " + (number == place ? "A number may stay where it is: draw from all that are left, " +
                    "the one at the place itself included." : "Every number can get to every place."));
    }

    /// <summary>All orders equally often, within five standard deviations of a fair count.</summary>
    static Action<IShuffle> Fair(int count, int runs) => answer =>
    {
        var (counts, asked) = (new SortedDictionary<string, int>(StringComparer.Ordinal), new List<int>());
        for (var seed = 0; seed < runs; seed++)
        {
            var source = new Source(seed + 1000);
            var order = Show(Order(answer, count, source));
            counts[order] = counts.GetValueOrDefault(order) + 1;
            asked = source.Asked;
        }
        var orders = Enumerable.Range(1, count).Aggregate(1, (a, b) => a * b);
        var fair = runs / (double)orders;
        var bound = 5 * Math.Sqrt(fair * (1 - 1.0 / orders));
        Expect.That(counts.Count == orders,
            $"{Name(answer, count)}, {runs} times: {counts.Count} of the {orders} orders came.");
        var (worst, times) = counts.MaxBy(c => Math.Abs(c.Value - fair));
        var always = asked.Count > 0 && asked.All(n => n == count);
        Expect.That(Math.Abs(times - fair) <= bound, $"{Name(answer, count)}, {runs} times: {worst} came {times} " +
            $"times, fair are {fair:0} ± {bound:0}: some orders are likelier than others." + (!always ? "" :
            $"\nYou draw from all {count} at every step. That makes {count}^{asked.Count} equally likely " +
            $"ways, which cannot be shared evenly by {orders} orders. Draw only from the places that are " +
            "not settled yet."));
    };

    static void Batches(IShuffle answer)
    {
        foreach (var (count, size) in new[] { (4, 2), (3, 5), (10, 4), (7, 1), (0, 3), (100, 32) })
        {
            var what = $"Epoch({count}, {size})";
            var batches = answer.Epoch(count, size, new Source(1).Next);
            Expect.That(batches is not null && batches.All(b => b is not null), $"{what}: null came back.");
            int[] sizes = [.. batches!.Select(b => b.Length)];
            int[] rest = count % size > 0 ? [count % size] : [];
            int[] expected = [.. Enumerable.Repeat(size, count / size), .. rest];
            Expect.Equal(sizes, expected, $"{what}, the sizes of the batches", sizes.Sum() < count
                ? "Samples are missing: the last batch is smaller, and it counts." : "");
            EachOnce([.. batches!.SelectMany(b => b)], count, what);
        }
    }

    static void FairBatches(IShuffle answer)
    {
        Chance(new Joined(answer));
        Fair(3, 12_000)(new Joined(answer));
    }

    /// <summary>Each number equally often at each place, within five standard deviations.</summary>
    static void FairPlaces(IShuffle answer)
    {
        const int Count = 7, Runs = 7000, Often = Runs / Count;
        var bound = 5 * Math.Sqrt(Often * (1 - 1.0 / Count));
        var counts = new int[Count, Count];
        for (var seed = 0; seed < Runs; seed++)
            foreach (var (place, number) in Order(answer, Count, new(seed)).Index()) counts[number, place]++;
        for (var number = 0; number < Count; number++)
            for (var place = 0; place < Count; place++)
                Expect.That(Math.Abs(counts[number, place] - Often) <= bound, $"Order({Count}), {Runs} times: " +
                    $"{number} was {counts[number, place]} times at place {place}, fair are {Often} ± {bound:0}.");
    }

    /// <summary>The batches of an epoch one after another, as an order.</summary>
    sealed class Joined(IShuffle answer) : IShuffle
    {
        public int[] Order(int count, Func<int, int> next) => [.. answer.Epoch(count, 2, next).SelectMany(b => b)];
        public int[][] Epoch(int count, int batchSize, Func<int, int> next) => answer.Epoch(count, batchSize, next);
    }

    protected override Step<IShuffle>[] Requirements =>
    [
        new("each number once", Permutation),
        new("by chance, and by next alone", Chance),
        new("every number at every place", Places),
        new("all orders equally often, of three", Fair(3, 24_000)),
        new("all orders equally often, of four", Fair(4, 48_000)),
        new("every number equally often at every place, of seven", FairPlaces),
        new("the batches of an epoch", Batches),
        new("epochs are shuffled fairly", FairBatches),
    ];

    protected override Mistake<IShuffle>[] WrongAnswers =>
    [
        new("not shuffled", new Wrong { Shuffle = (_, _) => { } }, "came back in order"),
        new("swaps with any place", new Wrong
        { Shuffle = (o, next) => { for (var i = 0; i < o.Length; i++) Swap(o, i, next(o.Length)); } },
            "Draw only from the places that are not settled yet"),
        new("never lets a number stay", new Wrong
        { Shuffle = (o, next) => { for (var i = o.Length - 1; i > 0; i--) Swap(o, i, next(i)); } },
            "A number may stay where it is"),
        new("never moves the last", new Wrong
        { Shuffle = (o, next) => { for (var i = o.Length - 2; i > 0; i--) Swap(o, i, next(i + 1)); } },
            "never moved"),
        new("never moves the first", new Wrong
        { Shuffle = (o, next) => { for (var i = o.Length - 1; i > 1; i--) Swap(o, i, 1 + next(i)); } },
            "never moved"),
        new("draws with replacement", new Wrong
        { Shuffle = (o, next) => { for (var i = 0; i < o.Length; i++) o[i] = next(o.Length); } },
            "What is drawn is gone"),
        new("chance of its own", new Wrong { Shuffle = (o, _) => Random.Shared.Shuffle(o) }, "come from next"),
        new("drops the last batch", new Wrong { DropLast = true }, "the last batch is smaller"),
        new("batches in order", new Wrong { Batched = (count, _) => [.. Enumerable.Range(0, count)] },
            "Epoch(20, 2): the numbers came back in order"),
        new("batches of chance of their own", new Wrong { Batched = (count, _) =>
        {
            var order = Enumerable.Range(0, count).ToArray();
            Random.Shared.Shuffle(order);
            return order;
        } }, "Epoch(20, 2), twice"),
        new("fair for four numbers only", new Wrong { Shuffle = (o, next) =>
        {
            for (var i = Math.Min(o.Length, 4) - 1; i > 0; i--) Swap(o, i, next(i + 1));
            if (o.Length > 4) Swap(o, next(4), o.Length - 1);
        } }, "fair are"),
    ];

    static void Swap(int[] order, int i, int j) => (order[i], order[j]) = (order[j], order[i]);

    sealed class Wrong : IShuffle
    {
        public Action<int[], Func<int, int>> Shuffle { get; init; } = (order, next) =>
        {
            for (var i = 0; i < order.Length; i++) Swap(order, i, i + next(order.Length - i));
        };
        public Func<int, Func<int, int>, int[]>? Batched { get; init; }
        public bool DropLast { get; init; }

        public int[] Order(int count, Func<int, int> next)
        {
            int[] order = [.. Enumerable.Range(0, count)];
            Shuffle(order, next);
            return order;
        }

        public int[][] Epoch(int count, int batchSize, Func<int, int> next) =>
            [.. (Batched ?? Order)(count, next).Chunk(batchSize).Where(b => !DropLast || b.Length == batchSize)];
    }
}
