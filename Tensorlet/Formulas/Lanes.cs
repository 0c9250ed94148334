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

    /// <summary>
    /// Computes eᵃ. In double, the runtime's exp is used for every a except 0, because for 0 the runtime's exp
    /// returns the next number above 1.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Exp(Lanes<T> a) => IsFloat ? new(FloatFunctions.Exp(a.Value.AsSingle()).As<float, T>())
        : IfEqual(a, Of(0), Of(1), new(RuntimeFunctions.Exp(a.Value.AsDouble()).As<double, T>()));

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Log(Lanes<T> a) => new(IsFloat
        ? FloatFunctions.Log(a.Value.AsSingle()).As<float, T>()
        : RuntimeFunctions.Log(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Sin(Lanes<T> a) => new(IsFloat
        ? RuntimeFunctions.Sin(a.Value.AsSingle()).As<float, T>()
        : RuntimeFunctions.Sin(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Cos(Lanes<T> a) => new(IsFloat
        ? RuntimeFunctions.Cos(a.Value.AsSingle()).As<float, T>()
        : RuntimeFunctions.Cos(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Floor(Lanes<T> a) => new(IsFloat
        ? Vector512.Floor(a.Value.AsSingle()).As<float, T>() : Vector512.Floor(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static Lanes<T> Call<F>(F f, Lanes<T> a) where F : struct, ISmooth =>
        IsFloat && typeof(F) == typeof(ErfFormula) ? new(FloatFunctions.Erf(a.Value.AsSingle()).As<float, T>())
            : f.Apply(a);

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
