using ILGPU;
using ILGPU.Runtime;

namespace Tensorlet;

/// <summary>
/// A kernel whose threads are independent: thread i calls <see cref="At"/> with i. The fields of the kernel are its
/// operands. The same method is launched on a GPU and called in a loop on the host, where a debugger can step through
/// it. The code calls such a kernel flat.
/// </summary>
interface IKernel { void At(int i); }

/// <summary>
/// A kernel whose threads work in groups. The threads of a group share memory and wait for one another.
/// </summary>
interface IGroupKernel { void Run(); }

/// <summary>The two methods that ILGPU compiles. Each of them has a kernel as its type argument.</summary>
static class Kernels
{
    const int WorthThreads = 1 << 14;           // element operations

    public static void Flat<K>(Index1D i, K kernel) where K : struct, IKernel => kernel.At(i);

    public static void Grouped<K>(K kernel) where K : struct, IGroupKernel => kernel.Run();

    /// <summary>
    /// Calls <see cref="IKernel.At"/> for i = 0, …, count − 1. If there is enough work, several threads share the
    /// calls.
    /// </summary>
    /// <param name="count">The number of calls.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="cost">The cost of one call, in element operations; 0 if the kernel must not run on several
    /// threads.</param>
    public static void OnHost<K>(int count, K kernel, int cost) where K : struct, IKernel
    {
        if (cost == 0 || (long)count * cost <= WorthThreads) Part(kernel, 0, count);
        else
        {
            var length = Math.Max(1, WorthThreads / cost);
            CpuDevice.OnThreads((int)(((long)count + length - 1) / length), -1, p =>
                Part(kernel, p * length, Math.Min(count, (p + 1) * length)));
        }

        static void Part(K kernel, int from, int to)
        {
            for (var i = from; i < to; i++) kernel.At(i);
        }
    }
}

/// <summary>A conversion of numbers of one type to another type.</summary>
interface ICast<V, W> { static abstract W Of(V x); }

/// <summary>The conversion of a type to itself: there is nothing to do, and integers stay exact.</summary>
readonly struct Same<V> : ICast<V, V>
{ public static V Of(V x) => x; }

/// <summary>The conversion to a different type, by way of double.</summary>
readonly struct ByDouble<V, W> : ICast<V, W> where V : unmanaged, IScalar<V> where W : unmanaged, IScalar<W>
{ public static W Of(V x) => W.Of(x.ToDouble()); }
