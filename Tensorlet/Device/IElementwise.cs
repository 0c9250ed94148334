namespace Tensorlet;

/// <summary>
/// A scalar function of one, two or three numbers, as devices run it; those it does not take are never read.
/// </summary>
interface IElementwise
{
    /// <summary>How many numbers it takes.</summary>
    static abstract int Inputs { get; }
    V Apply<V>(V a, V b, V c) where V : struct, INumeric<V>;
}

readonly struct Of1<F>(F f) : IElementwise where F : struct, IMap
{
    public static int Inputs => 1;
    [MethodImpl(AggressiveInlining)] V IElementwise.Apply<V>(V a, V b, V c) => f.Apply(a);
}

readonly struct Of2<F>(F f) : IElementwise where F : struct, IZip
{
    public static int Inputs => 2;
    [MethodImpl(AggressiveInlining)] V IElementwise.Apply<V>(V a, V b, V c) => f.Apply(a, b);
}

readonly struct Of3<F>(F f) : IElementwise where F : struct, IZip3
{
    public static int Inputs => 3;
    [MethodImpl(AggressiveInlining)] V IElementwise.Apply<V>(V a, V b, V c) => f.Apply(a, b, c);
}
