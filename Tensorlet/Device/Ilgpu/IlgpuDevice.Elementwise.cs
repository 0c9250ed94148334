namespace Tensorlet;

/// <summary>y[i] = f(i)</summary>
readonly struct FillKernel<F, V>(F f, View<V> y) : IKernel where F : struct, ISequence where V : unmanaged, IScalar<V>
{ public void At(int i) => y[i] = V.Of(f.At(i)); }

/// <summary>y[i] = x[i]</summary>
readonly struct CopyKernel<C, V, W>(View<V> x, View<W> y) : IKernel
    where C : struct, ICast<V, W> where V : unmanaged where W : unmanaged
{ public void At(int i) => y[i] = C.Of(x[i]); }

/// <summary>y[i] = e(a[i], b[i], c[i])</summary>
readonly struct ElementwiseKernel<E, C, V, W>(E e, View<V> a, View<V> b, View<V> c, View<W> y) : IKernel
    where E : struct, IElementwise where C : struct, ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged
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

    internal override void FillCore<F>(F f, Tensor y)
    {
        var to = Fit(y);
        y.DType.Run(new Filling<F>(this, f, to));
        Finish(to, y);
    }

    readonly struct Filling<F>(IlgpuDevice device, F f, Tensor y) : IForType where F : struct, ISequence
    { void IForType.Run<V>() => device.Launch(y.Numel, new FillKernel<F, V>(f, Of<V>(y)), Formula); }

    internal override void CopyCore(Tensor x, Tensor y)
    {
        if (!Axes.Fit(x.Layout) || !Axes.Fit(y.Layout))         // slice by slice, along the first axis
            for (var i = 0; i < x.Shape[0]; i++) Copy(x.Select(0, i), y.Select(0, i));
        else if (x.DType == y.DType) x.DType.Run(new Moving(this, x, y));
        else x.DType.Run(new ConvertingFrom(this, x, y));
    }

    readonly struct Moving(IlgpuDevice device, Tensor x, Tensor y) : IForType
    { void IForType.Run<V>() => device.Launch(y.Numel, new CopyKernel<Same<V>, V, V>(Of<V>(x), Of<V>(y))); }

    readonly struct ConvertingFrom(IlgpuDevice device, Tensor x, Tensor y) : IForType
    { void IForType.Run<V>() => y.DType.Run(new ConvertingTo<V>(device, x, y)); }

    readonly struct ConvertingTo<V>(IlgpuDevice device, Tensor x, Tensor y) : IForType where V : unmanaged, IScalar<V>
    { void IForType.Run<W>() => device.Launch(y.Numel, new CopyKernel<ByDouble<V, W>, V, W>(Of<V>(x), Of<W>(y))); }

    internal override void ApplyCore<E>(E e, Tensor a, Tensor b, Tensor c, Tensor y)
    {
        var (first, second, third, to) = (Fit(a), Fit(b), Fit(c), Fit(y));
        a.DType.Run(new Applying<E>(this, e, first, second, third, to));
        KeepAlive(first, second, third);
        Finish(to, y);
    }

    readonly struct Applying<E>(IlgpuDevice device, E e, Tensor a, Tensor b, Tensor c, Tensor y) : IForType
        where E : struct, IElementwise
    {
        void IForType.Run<V>()
        {
            if (a.DType == y.DType) To<Same<V>, V, V>();
            else To<ByDouble<V, B8>, V, B8>();
        }

        void To<C, V, W>() where C : struct, ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged
        {
            var kernel = new ElementwiseKernel<E, C, V, W>(e, Of<V>(a), Of<V>(b), Of<V>(c), Of<W>(y));
            device.Launch(y.Numel, kernel, Formula);
        }
    }
}
