namespace Tensorlet;

/// <summary>y[i] = f(i)</summary>
readonly struct FillKernel<F, V>(F f, View<V> y) : IKernel where F : struct, ISequence where V : unmanaged, IScalar<V>
{ public void At(int i) => y[i] = V.Of(f.At(i)); }

/// <summary>y[i] = x[i], converted from V to W</summary>
readonly struct CopyKernel<C, V, W>(View<V> x, View<W> y) : IKernel
    where C : struct, ICast<V, W> where V : unmanaged where W : unmanaged
{ public void At(int i) => y[i] = C.Of(x[i]); }

/// <summary>y[i] = f(a[i], b[i], …). Operands that the formula does not take are not read.</summary>
readonly struct FormulaKernel<F, C, V, W>(F formula, View<V> a, View<V> b, View<V> c, View<V> d, View<V> e, View<V> f,
    View<V> g, View<V> h, View<W> y) : IKernel
    where F : struct, IFormula where C : struct, ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged
{
    public void At(int i)
    {
        var x = a[i];
        y[i] = C.Of(formula.Apply(x, F.Inputs > 1 ? b[i] : x, F.Inputs > 2 ? c[i] : x, F.Inputs > 3 ? d[i] : x,
            F.Inputs > 4 ? e[i] : x, F.Inputs > 5 ? f[i] : x, F.Inputs > 6 ? g[i] : x, F.Inputs > 7 ? h[i] : x));
    }
}

sealed partial class IlgpuDevice
{
    const int Formula = 4;                      // the rough cost of a scalar function, in additions

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
        if (!KernelAxes.Fit(x.Layout) || !KernelAxes.Fit(y.Layout))         // slice by slice, along the first axis
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

    internal override void ApplyCore<F>(F f, ReadOnlySpan<Tensor> x, Tensor y)
    {
        var (from, to) = (Array.ConvertAll(Alike(x), operand => Fit(operand)), Fit(y));
        TypeOf(x).Run(new Applying<F>(this, f, from, to));
        KeepAlive(from);
        Finish(to, y);
    }

    readonly struct Applying<F>(IlgpuDevice device, F f, Tensor[] x, Tensor y) : IForType where F : struct, IFormula
    {
        void IForType.Run<V>()
        {
            if (x[0].DType == y.DType) To<Same<V>, V, V>();
            else To<ByDouble<V, B8>, V, B8>();
        }

        void To<C, V, W>() where C : struct, ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged =>
            device.Launch(y.Numel, new FormulaKernel<F, C, V, W>(f, At<V>(0), At<V>(1), At<V>(2), At<V>(3), At<V>(4),
                At<V>(5), At<V>(6), At<V>(7), Of<W>(y)), Formula);

        View<V> At<V>(int input) where V : unmanaged => Of<V>(x[Math.Min(input, x.Length - 1)]);
    }
}
