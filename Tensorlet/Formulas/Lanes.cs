namespace Tensorlet;

/// <summary>
/// A register full of floats or doubles, treated as one number. The loops of the CPU compute with such registers.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
readonly struct Lanes<T>(Vector512<T> value) : INumeric<Lanes<T>> where T : unmanaged
{
    public readonly Vector512<T> Value = value;
    public static int Count => Vector512<T>.Count;
    public static bool HasSlope => false;
    static bool IsFloat { [MethodImpl(AggressiveInlining)] get => typeof(T) == typeof(float); }

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> operator +(Lanes<T> a, Lanes<T> b) => new(a.Value + b.Value);
    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> operator -(Lanes<T> a, Lanes<T> b) => new(a.Value - b.Value);
    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> operator *(Lanes<T> a, Lanes<T> b) => new(a.Value * b.Value);
    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> operator /(Lanes<T> a, Lanes<T> b) => new(a.Value / b.Value);
    [MethodImpl(AggressiveInlining)] public static Lanes<T> operator -(Lanes<T> a) => new(-a.Value);

    /// <summary>
    /// Returns a register in which every element is the constant. If the constant were converted to float directly,
    /// each iteration of a loop would wait for the iteration before, because the instruction that converts to float
    /// also reads the register to which it writes. The constant is therefore first multiplied by 2 and by 0.5. This
    /// does not change the constant, but gives the instruction a register of its own. For a literal, nothing is
    /// computed at run time.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Of(double constant) => new(IsFloat
        ? Vector512.Create((float)(constant * 2 * 0.5)).As<float, T>() : Vector512.Create(constant).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> IfGreater(Lanes<T> a, Lanes<T> b, Lanes<T> then, Lanes<T> otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> IfEqual(Lanes<T> a, Lanes<T> b, Lanes<T> then, Lanes<T> otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(AggressiveInlining)] public static Lanes<T> Abs(Lanes<T> a) => new(Vector512.Abs(a.Value));
    [MethodImpl(AggressiveInlining)] public static Lanes<T> Sqrt(Lanes<T> a) => new(Vector512.Sqrt(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Exp(Lanes<T> a) => new(IsFloat
        ? FloatFunctions.Exp(a.Value.AsSingle()).As<float, T>()
        : DoubleFunctions.Exp(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Log(Lanes<T> a) => new(IsFloat
        ? FloatFunctions.Log(a.Value.AsSingle()).As<float, T>()
        : DoubleFunctions.Log(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Sin(Lanes<T> a) => new(IsFloat
        ? WideFunctions.Sin(a.Value.AsSingle()).As<float, T>()
        : DoubleFunctions.Sin(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Cos(Lanes<T> a) => new(IsFloat
        ? WideFunctions.Cos(a.Value.AsSingle()).As<float, T>()
        : DoubleFunctions.Cos(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Floor(Lanes<T> a) => new(IsFloat
        ? Vector512.Floor(a.Value.AsSingle()).As<float, T>() : Vector512.Floor(a.Value.AsDouble()).As<double, T>());

    /// <summary>
    /// Returns f(a). In float, some functions are computed in another way, which is faster or, for
    /// <see cref="ErfinvFormula"/>, more accurate.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Call<F>(F f, Lanes<T> a) where F : struct, ISmooth
    {
        if (!IsFloat) return f.Apply(a);
        if (f is ErfinvFormula) return new(WideFunctions.Of(f, a.Value.AsSingle()).As<float, T>());
        if (f is ErfFormula) return new(FloatFunctions.Erf(a.Value.AsSingle()).As<float, T>());
        if (f is not LogOfBaseFormula log) return f.Apply(a);
        return new(WideFunctions.LogOfBase(a.Value.AsSingle(), log.LnOfBase).As<float, T>());
    }

    /// <summary>
    /// Returns a register with the first n elements of this register, and a constant in all other elements.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public Lanes<T> First(int n, double otherwise) => new(Vector512.ConditionalSelect(IsFloat
        ? Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(n)).As<int, T>()
        : Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)n)).As<long, T>(),
        Value, Of(otherwise).Value));

    /// <summary>Computes aᵇ. In double, it is computed element by element.</summary>
    public static Lanes<T> Pow(Lanes<T> a, Lanes<T> b) => IsFloat
        ? new(WideFunctions.Pow(a.Value.AsSingle(), b.Value.AsSingle()).As<float, T>()) : Each(a, b, Math.Pow);

    /// <summary>Computes the remainder of a/b. In double, it is computed element by element.</summary>
    public static Lanes<T> operator %(Lanes<T> a, Lanes<T> b) => IsFloat
        ? new(WideFunctions.Remainder(a.Value.AsSingle(), b.Value.AsSingle()).As<float, T>())
        : Each(a, b, static (x, y) => x % y);

    static Lanes<T> Each(Lanes<T> a, Lanes<T> b, Func<double, double, double> f)
    {
        var result = Vector512<double>.Zero;
        for (var i = 0; i < Count; i++)
            result = result.WithElement(i, f(a.Value.AsDouble()[i], b.Value.AsDouble()[i]));
        return new(result.As<double, T>());
    }
}
