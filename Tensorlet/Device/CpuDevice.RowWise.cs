namespace Tensorlet;

/// <summary>
/// Operations, such as softmax, that compute each row with one or two reductions of this row. A few rows are read, and
/// their reductions and results are computed while these rows are in the cache. Then the next rows are read. The plain
/// version, in <c>Tensor.RowWise</c>, reads all rows again for each reduction and for the results. This version is
/// faster in the benchmarks <c>softmax</c>, <c>layer-norm</c> and <c>group-norm</c>.
/// </summary>
public sealed unsafe partial class CpuDevice
{
    const int InCache = 1 << 11;                // elements of each operand that stay in the nearest cache
    // a row of several runs pays if its runs are long, and if the whole row stays in the next cache
    const int ShortestRun = 1 << 8, LongestRow = 1 << 14;

    internal override bool RowWise<G, R, H, S, P, F>(G g, R r, H h, S s, P p, F f, bool keep, Tensor[] operands,
        int before, int[] axes, int reduced, Tensor b)
    {
        var (count, layouts) = (b.Numel, new Layout[operands.Length]);
        for (var k = 0; k < operands.Length; k++)
        {
            operands[k] = Dense(operands[k], axes.AsSpan(^reduced..));
            layouts[k] = operands[k].Layout;
        }
        Walk rows = new(layouts, axes.AsSpan(..^reduced)), row = new(layouts, axes.AsSpan(^reduced..));
        var possible = count > 1 && (row.Rows == 1
            || (row.Length >= ShortestRun && (long)row.Rows * row.Length <= LongestRow));
        for (var k = 0; k < operands.Length; k++)
        {
            var single = ((G.OfRow | H.OfRow | F.OfRow) >> k & 1) == 1;
            possible &= (row.Step(k) == 0 || (row.Step(k) == 1 && !single)) && operands[k].Device == this;
        }
        if (!possible) return false;
        if (b.DType == DType.Float32) Run<float>();
        else Run<double>();
        KeepAlive(operands);
        KeepAlive(b);
        return true;

        void Run<T>() where T : unmanaged => Share(count, Math.Max(1, count / Parts), operands[^1].Numel, operands,
            new SomeRows<G, R, H, S, P, F, T>(g, r, h, s, p, f, keep, rows, row, before, b));
    }

    /// <summary>
    /// Copies an operand whose numbers are repeated within rows, as the weights of a group norm are, so that its rows
    /// become contiguous. The copy contains each different row once. If the copy would not be much smaller than the
    /// operand, or if each row has a single number, the operand itself is returned.
    /// </summary>
    static Tensor Dense(Tensor operand, ReadOnlySpan<int> row)
    {
        var (layout, repeats, varies) = (operand.Layout, false, false);
        foreach (var a in row)
        {
            repeats |= layout.shape[a] > 1 && layout.strides[a] == 0;
            varies |= layout.shape[a] > 1 && layout.strides[a] != 0;
        }
        if (!repeats || !varies) return operand;
        int[] sizes = [.. layout.shape];
        for (var a = 0; a < sizes.Length; a++) if (layout.strides[a] == 0 && !row.Contains(a)) sizes[a] = 1;
        if (Layout.Product(sizes) > operand.Numel / 4) return operand;
        var once = operand.With(new Layout(sizes, layout.strides, layout.Offset)).Clone();
        return once.With(once.Layout.Expand(layout.shape)!);
    }

    readonly struct SomeRows<G, R, H, S, P, F, T>(G g, R r, H h, S s, P p, F f, bool keep, Walk rows, Walk row,
        int before, Tensor b) : IPinned
        where G : struct, IFormula where R : struct, IReduction where H : struct, IFormula where S : struct, IReduction
        where P : struct, IMap where F : struct, IFormula where T : unmanaged
    {
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void IPinned.Run(Line* lines, int from, int to)
        {
            var operands = F.Inputs + 1;
            T* room = stackalloc T[Operands.Room<T>(operands)], buffers = Operands.Aligned(room);
            Line* first = stackalloc Line[operands], here = stackalloc Line[operands];
            nint* next = stackalloc nint[operands], moves = stackalloc nint[operands];
            for (var k = 0; k < operands; k++)
            {
                lines[k].Step = row.Step(k);
                next[k] = (nint)rows.Step(k) * lines[k].Size;
            }
            var ready = Operands.AreReady<T>(lines, operands);
            var block = new Block<T>(first, here, next, moves, buffers, row, operands, ready);
            var done = from;
            fixed (byte* memory = &Unsafe.As<HostStorage>(b.Storage).Start)
                foreach (var (at, count) in rows.Stretches(from, to, rows.Shape.Length - 1))
                {
                    for (var k = 0; k < operands; k++) first[k] = lines[k].At(at[k]);
                    for (int i = 0, n; i < count; i += n, done += n)
                    {
                        n = Math.Min(block.Most, count - i);
                        block.Reduce(g, r, default(IdentityFormula), i, n, keep: false, null, before);
                        if (typeof(H) != typeof(Tensor.Nothing))
                            block.Reduce(h, s, p, i, n, keep, (T*)memory + b.Layout.Offset + done, before + 1);
                        block.Apply(f, i, n, keep);
                    }
                }
        }
    }

    /// <summary>Rows that follow each other. Each row consists of one or several contiguous runs.</summary>
    /// <param name="first">The first row of each operand; the last operand is the result.</param>
    /// <param name="here">Room for as many lines.</param>
    /// <param name="next">For each operand, the bytes from a row to the next.</param>
    /// <param name="moves">Room for as many numbers.</param>
    /// <param name="buffers">A buffer for each operand.</param>
    /// <param name="row">The runs of a row.</param>
    /// <param name="operands">The number of operands, including the result.</param>
    /// <param name="ready">Whether all operands can be read in place.</param>
    readonly struct Block<T>(Line* first, Line* here, nint* next, nint* moves, T* buffers, Walk row, int operands,
        bool ready) where T : unmanaged
    {
        readonly int[] runs = row.Starts;
        readonly bool together = ready && row.Rows == 1;

        /// <summary>The number of rows that are computed before the next rows are read.</summary>
        public int Most => together ? Math.Max(Together, InCache / row.Length) : 1;

        /// <summary>
        /// Reduces each of the rows i to i + n − 1 to a number b, and writes p(b) to the given operand. Unless
        /// <paramref name="values"/> is null, also writes b to <paramref name="values"/>. If <paramref name="keep"/> is
        /// true, also writes the values of g to the result.
        /// </summary>
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        public void Reduce<G, R, P>(G g, R r, P p, int i, int n, bool keep, T* values, int operand)
            where G : struct, IFormula where R : struct, IReduction where P : struct, IMap
        {
            double* room = stackalloc double[Operands.Room<double>(1)], sums = Operands.Aligned(room);
            var (step, last) = (next[operand] / sizeof(T), operands - 1);
            if (together) Begin(i, G.Inputs, keep: false);
            else if (keep) Apply(g, i, n, keep: false);
            for (int j = 0, m; j < n; j += m)
            {
                m = Math.Min(Together, n - j);
                Lanes<double> b;
                if (together)
                {
                    var kept = keep ? (T*)(first[last].Start + (i + j) * next[last]) : null;
                    FoldRows(new InRow<G>(g), r, here, moves, buffers, m, row.Length, sums, kept, next[last]);
                    b = FinishRows(r, sums);
                }
                else b = keep ? OneRow(default(Of1<IdentityFormula>), r, i, keep) : OneRow(g, r, i, keep);
                if (values != null) Store(b, values + j, 1, m);
                Store(p.Apply(b), (T*)(first[operand].Start + (i + j) * next[operand]), step, m);
            }
        }

        /// <summary>
        /// Reduces row i to a number. If <paramref name="keep"/> is true, the formula gets what has been written to the
        /// result as its first operand.
        /// </summary>
        [MethodImpl(AggressiveOptimization)]
        Lanes<double> OneRow<G, R>(G g, R r, int i, bool keep) where G : struct, IFormula where R : struct, IReduction
        {
            var sum = new Folded<R>(r);
            Begin(i, G.Inputs, keep);
            for (var run = 0; run < row.Rows; run++)
            {
                Go(i, run, G.Inputs, keep);
                FoldRow(new InRow<G>(g), r, here, buffers, row.Length, ready, ref sum);
            }
            return Lanes<double>.Of(r.Finish(sum.Total(r)).Value);
        }

        /// <summary>
        /// Computes the rows i to i + n − 1. If <paramref name="keep"/> is true, the formula gets what has been written
        /// to the result as its first operand.
        /// </summary>
        [MethodImpl(AggressiveOptimization)]
        public void Apply<F>(F f, int i, int n, bool keep) where F : struct, IFormula
        {
            Begin(i, F.Inputs, keep);
            for (var run = 0; run < row.Rows; run++)
            {
                Go(i, run, F.Inputs, keep);
                if (together) Rows(new InRow<F>(f), here, moves, buffers, n, row.Length);
                else Row(new InRow<F>(f), here, buffers, row.Length, ready);
            }
        }

        /// <summary>Prepares the lines of the first operands and of the result for row i.</summary>
        [MethodImpl(AggressiveOptimization)]
        void Begin(int i, int inputs, bool keep)
        {
            for (var k = 0; k <= inputs; k++)
            {
                here[k] = first[Source(k, inputs, keep)];
                moves[k] = next[Source(k, inputs, keep)];
            }
            Go(i, 0, inputs, keep);
        }

        /// <summary>Moves the lines to a run of row i.</summary>
        [MethodImpl(AggressiveInlining)]
        void Go(int i, int run, int inputs, bool keep)
        {
            for (var k = 0; k <= inputs; k++)
            {
                var from = Source(k, inputs, keep);
                var offset = (nint)runs[run * operands + from] * first[from].Size;
                here[k].Start = first[from].Start + i * next[from] + offset;
            }
        }

        [MethodImpl(AggressiveInlining)]
        int Source(int k, int inputs, bool keep) => k == inputs || (keep && k == 0) ? operands - 1 : k;
    }
}
