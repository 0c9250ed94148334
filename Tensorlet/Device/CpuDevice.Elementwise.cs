namespace Tensorlet;

public sealed partial class CpuDevice
{
    const int Piece = 1 << 15;      // elements a thread takes at a time

    internal override void ApplyCore<E>(E e, Tensor a, Tensor b, Tensor c, Tensor y)
    {
        if (a.DType == y.DType && a.DType == DType.Float32) Lanes<E, float>(e, a, b, c, y);
        else if (a.DType == y.DType && a.DType == DType.Float64) Lanes<E, double>(e, a, b, c, y);
        else a.DType.Run(new OneByOne<E>(e, a, b, c, y));
    }

    void Lanes<E, T>(E e, Tensor a, Tensor b, Tensor c, Tensor y) where E : struct, IElementwise where T : unmanaged
    {
        if (a.IsContiguous && b.IsContiguous && c.IsContiguous && y.IsContiguous)
        {
            Share(y.Numel, Piece, y.Numel, (from, to) =>
                Row(e, ref Unsafe.Add(ref HostStorage.First<T>(a), from), 1,
                    ref Unsafe.Add(ref HostStorage.First<T>(b), from), 1,
                    ref Unsafe.Add(ref HostStorage.First<T>(c), from), 1,
                    ref Unsafe.Add(ref HostStorage.First<T>(y), from), 1, to - from));
            return;
        }
        var walk = new Walk(a.Layout, b.Layout, c.Layout, y.Layout);
        Share(walk.Rows, Math.Max(1, Piece / walk.Length), y.Numel, (from, to) =>
            Rows<E, T>(e, walk, a, b, c, y, from, to));
    }

    static void Rows<E, T>(E e, Walk walk, Tensor a, Tensor b, Tensor c, Tensor y, int from, int to)
        where E : struct, IElementwise where T : unmanaged
    {
        ref T pa = ref HostStorage.First<T>(a), pb = ref HostStorage.First<T>(b);
        ref T pc = ref HostStorage.First<T>(c), py = ref HostStorage.First<T>(y);
        foreach (var at in walk.Part(from, to))
            Row(e, ref Unsafe.Add(ref pa, at[0]), walk.Step(0), ref Unsafe.Add(ref pb, at[1]), walk.Step(1),
                ref Unsafe.Add(ref pc, at[2]), walk.Step(2), ref Unsafe.Add(ref py, at[3]), walk.Step(3), walk.Length);
    }

    /// <summary>The last, partial register is loaded and stored padded, so no value depends on its place.</summary>
    static void Row<E, T>(E e, ref T a, int sa, ref T b, int sb, ref T c, int sc, ref T y, int sy, int count)
        where E : struct, IElementwise where T : unmanaged
    {
        var i = 0;
        if (sy == 1 && sa == 1 && sb == 1 && sc == 1)
            for (; i <= count - Lanes<T>.Count; i += Lanes<T>.Count)
            {
                var va = new Lanes<T>(Vector512.LoadUnsafe(ref a, (nuint)i));
                var vb = E.Inputs > 1 ? new Lanes<T>(Vector512.LoadUnsafe(ref b, (nuint)i)) : default;
                var vc = E.Inputs > 2 ? new Lanes<T>(Vector512.LoadUnsafe(ref c, (nuint)i)) : default;
                e.Apply(va, vb, vc).Value.StoreUnsafe(ref y, (nuint)i);
            }
        else if (sy == 1 && (uint)sa <= 1 && (uint)sb <= 1 && (uint)sc <= 1)    // or one value for the whole row
        {
            Vector512<T> oneA = Vector512.Create(a), oneB = Vector512.Create(b), oneC = Vector512.Create(c);
            for (; i <= count - Lanes<T>.Count; i += Lanes<T>.Count)
            {
                var va = new Lanes<T>(sa == 0 ? oneA : Vector512.LoadUnsafe(ref a, (nuint)i));
                var vb = E.Inputs > 1 ? new Lanes<T>(sb == 0 ? oneB : Vector512.LoadUnsafe(ref b, (nuint)i)) : default;
                var vc = E.Inputs > 2 ? new Lanes<T>(sc == 0 ? oneC : Vector512.LoadUnsafe(ref c, (nuint)i)) : default;
                e.Apply(va, vb, vc).Value.StoreUnsafe(ref y, (nuint)i);
            }
        }
        for (; i < count; i += Lanes<T>.Count)
        {
            var n = Math.Min(Lanes<T>.Count, count - i);
            var va = Load(ref Unsafe.Add(ref a, i * sa), sa, n);
            var vb = E.Inputs > 1 ? Load(ref Unsafe.Add(ref b, i * sb), sb, n) : default;
            var vc = E.Inputs > 2 ? Load(ref Unsafe.Add(ref c, i * sc), sc, n) : default;
            Store(e.Apply(va, vb, vc), ref Unsafe.Add(ref y, i * sy), sy, n);
        }
    }

    [MethodImpl(AggressiveInlining)]
    static Lanes<T> Load<T>(ref T p, int step, int n) where T : unmanaged =>
        step == 0 ? new(Vector512.Create(p)) : step == 1 && n == Lanes<T>.Count ? new(Vector512.LoadUnsafe(ref p))
            : LoadPart(ref p, step, n);

    static Lanes<T> LoadPart<T>(ref T p, int step, int n) where T : unmanaged
    {
        var padded = Vector512<T>.Zero;
        ref var first = ref Unsafe.As<Vector512<T>, T>(ref padded);
        for (var i = 0; i < n; i++) Unsafe.Add(ref first, i) = Unsafe.Add(ref p, i * step);
        return new(padded);
    }

    [MethodImpl(AggressiveInlining)]
    static void Store<T>(Lanes<T> value, ref T p, int step, int n) where T : unmanaged
    {
        if (step == 1 && n == Lanes<T>.Count) value.Value.StoreUnsafe(ref p);
        else
        {
            var lanes = value.Value;
            ref var first = ref Unsafe.As<Vector512<T>, T>(ref lanes);
            for (var i = 0; i < n; i++) Unsafe.Add(ref p, i * step) = Unsafe.Add(ref first, i);
        }
    }

    /// <summary>Integers, truth values, and predicates, whose results have another width than their operands.</summary>
    readonly struct OneByOne<E>(E e, Tensor a, Tensor b, Tensor c, Tensor y) : IForType where E : struct, IElementwise
    {
        void IForType.Run<V>()
        {
            if (y.DType == a.DType) Scalars<E, V, V>(e, a, b, c, y);
            else Scalars<E, V, B8>(e, a, b, c, y);
        }
    }

    static void Scalars<E, V, W>(E e, Tensor a, Tensor b, Tensor c, Tensor y)
        where E : struct, IElementwise where V : unmanaged, IScalar<V> where W : unmanaged, IScalar<W>
    {
        ref V pa = ref HostStorage.First<V>(a), pb = ref HostStorage.First<V>(b), pc = ref HostStorage.First<V>(c);
        ref var py = ref HostStorage.First<W>(y);
        var walk = new Walk(a.Layout, b.Layout, c.Layout, y.Layout);
        foreach (var at in walk.All)
            for (var i = 0; i < walk.Length; i++)
            {
                var result = e.Apply(Unsafe.Add(ref pa, at[0] + i * walk.Step(0)),
                    Unsafe.Add(ref pb, at[1] + i * walk.Step(1)), Unsafe.Add(ref pc, at[2] + i * walk.Step(2)));
                Unsafe.Add(ref py, at[3] + i * walk.Step(3)) =
                    typeof(V) == typeof(W) ? Unsafe.BitCast<V, W>(result) : W.Of(result.ToDouble());
            }
    }
}
