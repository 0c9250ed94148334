using System.Diagnostics;
using System.Numerics;
using Tensorlet;

namespace Tutorials.Chapter11;

static class Chapter
{
    #region loops
    static void Loops(float[] a, float[] b, float[] c, int n) // c[i, j] = Σₖ a[i, k]·b[k, j]
    {
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
            {
                var sum = 0f;
                for (var k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
                c[i * n + j] = sum;
            }
    }
    #endregion

    #region tiles
    static void Tiles(float[] a, float[] b, float[] c, int n, int high, int wide) // tile after tile of b
    {
        Array.Clear(c);
        for (var top = 0; top < n; top += high)
            for (var left = 0; left < n; left += wide)
                for (var i = 0; i < n; i++)
                    for (var k = top; k < Math.Min(n, top + high); k++)
                    {
                        var count = Math.Min(wide, n - left);
                        AddScaled(a[i * n + k], b.AsSpan(k * n + left, count), c.AsSpan(i * n + left, count));
                    }
    }
    static void AddScaled(float x, ReadOnlySpan<float> from, Span<float> to) // to += x · from
    {
        var (i, step) = (0, Vector<float>.Count);
        for (; i <= to.Length - step; i += step)
            (new Vector<float>(to[i..]) + x * new Vector<float>(from[i..])).CopyTo(to[i..]);
        for (; i < to.Length; i++) to[i] += x * from[i];
    }
    #endregion

    #region micro
    static void Micro(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int n)
    {
        var w = Vector<float>.Count;
        Vector<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector<float> c20 = default, c21 = default, c30 = default, c31 = default;
        for (var k = 0; k < n; k++)
        {
            Vector<float> b0 = new(b[(2 * k * w)..]), b1 = new(b[((2 * k + 1) * w)..]), x = new(a[4 * k]);
            c00 = Vector.MultiplyAddEstimate(x, b0, c00); c01 = Vector.MultiplyAddEstimate(x, b1, c01);
            x = new(a[4 * k + 1]);
            c10 = Vector.MultiplyAddEstimate(x, b0, c10); c11 = Vector.MultiplyAddEstimate(x, b1, c11);
            x = new(a[4 * k + 2]);
            c20 = Vector.MultiplyAddEstimate(x, b0, c20); c21 = Vector.MultiplyAddEstimate(x, b1, c21);
            x = new(a[4 * k + 3]);
            c30 = Vector.MultiplyAddEstimate(x, b0, c30); c31 = Vector.MultiplyAddEstimate(x, b1, c31);
        }
        c00.CopyTo(c); c01.CopyTo(c[w..]);
        c10.CopyTo(c[n..]); c11.CopyTo(c[(n + w)..]);
        c20.CopyTo(c[(2 * n)..]); c21.CopyTo(c[(2 * n + w)..]);
        c30.CopyTo(c[(3 * n)..]); c31.CopyTo(c[(3 * n + w)..]);
    }
    #endregion

    #region packed
    static void Packed(float[] a, float[] b, float[] c, int n) // n is a multiple of 4 and of two registers
    {
        var (high, wide) = (4, 2 * Vector<float>.Count);
        var (panelsA, panelsB) = (new float[n * n], new float[n * n]);
        for (var i = 0; i < n; i++)
            for (var k = 0; k < n; k++) panelsA[(i / high * n + k) * high + i % high] = a[i * n + k];
        for (var k = 0; k < n; k++)
            for (var j = 0; j < n; j++) panelsB[(j / wide * n + k) * wide + j % wide] = b[k * n + j];
        for (var j = 0; j < n; j += wide)
            for (var i = 0; i < n; i += high)
                Micro(panelsA.AsSpan(i * n), panelsB.AsSpan(j * n), c.AsSpan(i * n + j), n);
    }
    #endregion

    #region orders
    static IEnumerable<int> Up(int to) => Enumerable.Range(0, to);
    static IEnumerable<(int I, int K, int J)> ByLoops(int n) =>
        from i in Up(n)
        from j in Up(n)
        from k in Up(n)
        select (i, k, j);
    static IEnumerable<(int I, int K, int J)> ByTiles(int n, int size) =>
        from top in Up(n / size)
        from left in Up(n / size)
        from i in Up(n)
        from k in Up(size)
        from j in Up(size)
        select (i, top * size + k, left * size + j);
    #endregion

    #region cache
    sealed class Cache(int lines) // keeps the lines that were used last; a line is 16 floats
    {
        readonly Dictionary<int, long> lastUse = [];
        long now;
        public int Fetched { get; private set; }
        public void Touch(int address)
        {
            var line = address / 16;
            if (!lastUse.ContainsKey(line))
            {
                Fetched++;
                if (lastUse.Count == lines) lastUse.Remove(lastUse.MinBy(use => use.Value).Key);
            }
            lastUse[line] = ++now;
        }
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "fetched";
        double Fetched(IEnumerable<(int I, int K, int J)> order, int n)
        {
            var cache = new Cache(lines: 32);
            foreach (var (i, k, j) in order)
            {
                cache.Touch(i * n + k);                     // a
                cache.Touch((n + k) * n + j);               // b
                cache.Touch((2 * n + i) * n + j);           // c
            }
            return (double)cache.Fetched / (n * n * n);
        }
        var fetched = new[] { Fetched(ByLoops(64), 64), Fetched(ByTiles(64, 64), 64), Fetched(ByTiles(64, 16), 64) };
        foreach (var (name, lines) in new[] { "loops", "rows", "tiles" }.Zip(fetched))
            Console.WriteLine($"{name,-5}  {lines:0.000} lines for each multiply-add");

        yield return "right";
        List<(string Name, Action<float[], float[], float[], int> Multiply)> versions =
        [
            ("loops", Loops),
            ("rows", (a, b, c, n) => Tiles(a, b, c, n, high: n, wide: n)),
            ("tiles", (a, b, c, n) => Tiles(a, b, c, n, high: 32, wide: 256)),
            ("packed", Packed),
        ];
        Tensor Random(int n, int seed) => Tensor.Randn([n, n], generator: new(seed));
        var (a, b) = (Random(96, 1), Random(96, 2));
        var right = Tensor.MatMul(a.To(Device.Reference), b.To(Device.Reference)).ToArray<float>();
        foreach (var (name, multiply) in versions)
        {
            var c = new float[96 * 96];
            multiply(a.ToArray<float>(), b.ToArray<float>(), c, 96);
            Console.WriteLine($"{name,-6} {c.Zip(right, (x, y) => Math.Abs(x - y)).Max() < 1e-4}");
        }

        yield return "times";
        const int size = 384;
        (a, b) = (Random(size, 1), Random(size, 2));
        var (first, second, result) = (a.ToArray<float>(), b.ToArray<float>(), new float[size * size]);
        versions.Add(("engine", (_, _, _, _) => Tensor.MatMul(a, b)));
        foreach (var (name, multiply) in versions)
        {
            var best = double.MaxValue;
            for (var all = Stopwatch.StartNew(); all.ElapsedMilliseconds < 100;)
            {
                var watch = Stopwatch.StartNew();
                multiply(first, second, result, size);
                best = Math.Min(best, watch.Elapsed.TotalSeconds);
            }
            Console.WriteLine($"{name,-6} {2.0 * size * size * size / best / 1e9,6:0.0} Gflop/s");
        }

        yield return "digits";
        var running = 0f;
        for (var i = 0; i < 1 << 24; i++) running += 0.1f * 1f;
        var tenths = Tensor.Full([1, 1 << 24], 0.1);
        var engine = Tensor.MatMul(tenths, Tensor.Ones(1 << 24, 1)).Item();
        Console.WriteLine($"{running:0} and {engine:0}");

        yield return "figures";
        Tensor Touched(IEnumerable<(int I, int K, int J)> order)
        {
            var when = new double[16 * 16];
            foreach (var (step, (_, k, j)) in order.Take(48).Index()) when[k * 16 + j] = step + 12;
            return Tensor.From(when, [16, 16]);
        }
        new Squares(side: 12, columns: 3).Add("three loops", Touched(ByLoops(16)))
            .Add("row after row", Touched(ByTiles(16, 16))).Add("tiles", Touched(ByTiles(16, 4))).Save("touched.svg");
        const double peak = 100, bandwidth = 20;            // Gflop/s and GB/s of a machine that we make up
        double Roof(double flopsPerByte) => Math.Min(peak, bandwidth * flopsPerByte);
        double[] work = [.. fetched.Select(lines => 2 / (lines * 64))];        // two operations, lines of 64 bytes
        double[] across = [.. Enumerable.Range(0, 61).Select(i => Math.Pow(10, -2 + i / 20.0))];
        new Plot("operations for each byte fetched", "Gflop/s", logX: true, logY: true).Range(bottom: 0.1, top: 150)
            .Line("roof", across, across.Select(Roof))
            .Points("loops", [work[0]], [Roof(work[0])], size: 6).Points("rows", [work[1]], [Roof(work[1])], size: 6)
            .Points("tiles", [work[2]], [Roof(work[2])], size: 6).Save("roofline.svg", height: 320);
        Console.WriteLine($"{1 << 24}");
        Console.WriteLine($"{peak} {bandwidth}");
    }
}
