namespace Tensorlet;

/// <summary>y[i] = f(i)</summary>
readonly struct FillKernel<F, V, P>(F f, View<V, P> y) : IKernel
    where F : struct, ISequence where V : unmanaged, IScalar<V> where P : struct, IPlaces
{
    public void At(int i) => y[i] = V.Of(f.At(i));
}

/// <summary>y[i] = x[i]</summary>
readonly struct CopyKernel<C, V, W, P>(View<V, P> x, View<W, P> y) : IKernel
    where C : struct, ICast<V, W> where V : unmanaged where W : unmanaged where P : struct, IPlaces
{
    public void At(int i) => y[i] = C.Of(x[i]);
}

/// <summary>y[i] = e(a[i], b[i], c[i])</summary>
readonly struct ElementwiseKernel<E, C, V, W, P>(E e, View<V, P> a, View<V, P> b, View<V, P> c, View<W, P> y) : IKernel
    where E : struct, IElementwise where C : struct, ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged
        where P : struct, IPlaces
{
    public void At(int i)
    {
        var first = a[i];
        y[i] = C.Of(e.Apply(first, E.Inputs > 1 ? b[i] : first, E.Inputs > 2 ? c[i] : first));
    }
}

sealed partial class IlgpuDevice
{
    const int Formula = 4;                      // what a scalar function costs, in additions, roughly

    public override void Fill<F>(F f, Tensor y)
    {
        var to = Fit(y);
        switch (y.DType)
        {
            case DType.Bool: Fill<F, B8>(f, to); break;
            case DType.Int64: Fill<F, I64>(f, to); break;
            case DType.Float32: Fill<F, F32>(f, to); break;
            default: Fill<F, F64>(f, to); break;
        }
        Finish(to, y);
    }

    void Fill<F, V>(F f, Tensor y) where F : struct, ISequence where V : unmanaged, IScalar<V>
    {
        if (y.IsContiguous) Launch(y.Numel, new FillKernel<F, V, Dense>(f, Flat<V>(y)), Formula);
        else Launch(y.Numel, new FillKernel<F, V, Axes>(f, Strided<V>(y)), Formula);
    }

    public override void Copy(Tensor x, Tensor y)
    {
        if (y.Numel == 0) return;
        if (!Axes.Fit(x.Layout) || !Axes.Fit(y.Layout))         // slice by slice, along the first axis
        {
            for (var i = 0; i < x.Layout.shape[0]; i++)
                Copy(x.With(x.Layout.Slice(0, i, 1, 1).Remove(0)), y.With(y.Layout.Slice(0, i, 1, 1).Remove(0)));
            return;
        }
        switch (x.DType, y.DType)
        {
            case (DType.Bool, DType.Bool): Copy<Same<B8>, B8, B8>(x, y); break;
            case (DType.Int64, DType.Int64): Copy<Same<I64>, I64, I64>(x, y); break;
            case (DType.Float32, DType.Float32): Copy<Same<F32>, F32, F32>(x, y); break;
            case (DType.Float64, DType.Float64): Copy<Same<F64>, F64, F64>(x, y); break;
            case (DType.Bool, _): Convert<B8>(x, y); break;
            case (DType.Int64, _): Convert<I64>(x, y); break;
            case (DType.Float32, _): Convert<F32>(x, y); break;
            default: Convert<F64>(x, y); break;
        }
        KeepAlive(x, y);
    }

    void Convert<V>(Tensor x, Tensor y) where V : unmanaged, IScalar<V>
    {
        switch (y.DType)
        {
            case DType.Bool: Copy<ByDouble<V, B8>, V, B8>(x, y); break;
            case DType.Int64: Copy<ByDouble<V, I64>, V, I64>(x, y); break;
            case DType.Float32: Copy<ByDouble<V, F32>, V, F32>(x, y); break;
            default: Copy<ByDouble<V, F64>, V, F64>(x, y); break;
        }
    }

    void Copy<C, V, W>(Tensor x, Tensor y) where C : struct, ICast<V, W> where V : unmanaged where W : unmanaged
    {
        if (x.IsContiguous && y.IsContiguous) Launch(y.Numel, new CopyKernel<C, V, W, Dense>(Flat<V>(x), Flat<W>(y)));
        else Launch(y.Numel, new CopyKernel<C, V, W, Axes>(Strided<V>(x), Strided<W>(y)));
    }

    private protected override void Apply<E>(E e, Tensor a, Tensor b, Tensor c, Tensor y)
    {
        var (first, second, third, to) = (Fit(a), Fit(b), Fit(c), Fit(y));
        switch (a.DType, y.DType)
        {
            case (DType.Bool, _): Run<E, Same<B8>, B8, B8>(e, first, second, third, to); break;
            case (DType.Int64, DType.Bool): Run<E, ByDouble<I64, B8>, I64, B8>(e, first, second, third, to); break;
            case (DType.Int64, _): Run<E, Same<I64>, I64, I64>(e, first, second, third, to); break;
            case (DType.Float32, DType.Bool): Run<E, ByDouble<F32, B8>, F32, B8>(e, first, second, third, to); break;
            case (DType.Float32, _): Run<E, Same<F32>, F32, F32>(e, first, second, third, to); break;
            case (_, DType.Bool): Run<E, ByDouble<F64, B8>, F64, B8>(e, first, second, third, to); break;
            default: Run<E, Same<F64>, F64, F64>(e, first, second, third, to); break;
        }
        KeepAlive(first, second, third);
        Finish(to, y);
    }

    void Run<E, C, V, W>(E e, Tensor a, Tensor b, Tensor c, Tensor y)
        where E : struct, IElementwise where C : struct, ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged
    {
        if (a.IsContiguous && b.IsContiguous && c.IsContiguous && y.IsContiguous)
            Launch(y.Numel, new ElementwiseKernel<E, C, V, W,
                Dense>(e, Flat<V>(a), Flat<V>(b), Flat<V>(c), Flat<W>(y)), Formula);
        else Launch(y.Numel, new ElementwiseKernel<E, C, V, W,
            Axes>(e, Strided<V>(a), Strided<V>(b), Strided<V>(c), Strided<W>(y)), Formula);
    }
}
