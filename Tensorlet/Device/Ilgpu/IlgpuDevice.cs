using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;

namespace Tensorlet;

using Buffer = MemoryBuffer1D<byte, Stride1D.Dense>;

/// <summary>
/// The primitives on an ILGPU accelerator: a GPU with CUDA or OpenCL, or a processor with OpenCL. The kernels are
/// flat: one thread computes one element of the result. Only in the matrix product on a GPU do groups of threads
/// share tiles. Without an accelerator, every flat kernel runs as a loop on the host, which calls the same method.
/// </summary>
/// <param name="accelerator">The accelerator that computes.</param>
/// <param name="name">The name of the device, such as <c>cuda:0</c>.</param>
/// <param name="inHostLoops">If true, the kernels run as loops on the host, over memory that the host can access. If
/// false, they run on the accelerator.</param>
sealed partial class IlgpuDevice(Accelerator accelerator, string name, bool inHostLoops) : Device
{
    const int MiB = 1 << 20;
    readonly ConcurrentDictionary<Type, Delegate> launchers = new();
    readonly Lock launching = new();            // with OpenCL, ILGPU's launches are not thread-safe

    public override string Name => name;
    public override string Description =>
        inHostLoops ? "kernels as loops on the host" : $"{accelerator.Name}, {accelerator.MemorySize / MiB:N0} MiB";

    internal override Pool<Buffer> Pool { get; } = IlgpuStorage.Pool(name, accelerator);

    internal override Storage AllocateCore(DType type, int count) => new IlgpuStorage(this, type, count, Pool);

    // ILGPU takes the address of the host's memory, and does not pin this memory.
    internal override unsafe void UploadCore(ReadOnlySpan<byte> bytes, Storage storage, int offset)
    {
        if (bytes.Length == 0) return;
        fixed (byte* pinned = bytes)
            lock (launching)
            {
                accelerator.Bind();
                Bytes(storage, offset, bytes.Length).CopyFromCPU(accelerator.DefaultStream, ref *pinned, bytes.Length);
            }
    }

    internal override unsafe void DownloadCore(Storage storage, int offset, Span<byte> bytes)
    {
        if (bytes.Length == 0) return;
        fixed (byte* pinned = bytes)
            lock (launching)
            {
                accelerator.Bind();
                Bytes(storage, offset, bytes.Length).CopyToCPU(accelerator.DefaultStream, ref *pinned, bytes.Length);
            }
    }

    static ArrayView<byte> Bytes(Storage storage, int offset, int length) =>
        ((IlgpuStorage)storage).Buffer.View.BaseView.SubView((long)offset * storage.DType.Size(), length);

    public override void Synchronize()
    {
        lock (launching)
        {
            accelerator.Bind();
            accelerator.Synchronize();
        }
    }

    /// <summary>
    /// Returns the whole memory of the storage of a tensor. The memory does not begin at the offset of the layout,
    /// because the elements of a reversed axis are before this offset; the offset is part of the
    /// <see cref="KernelAxes"/>.
    /// </summary>
    static ArrayView<V> MemoryOf<V>(Tensor x) where V : unmanaged =>
        ((IlgpuStorage)x.Storage).Buffer.View.BaseView.Cast<V>();

    static View<V> Of<V>(Tensor x) where V : unmanaged => new(MemoryOf<V>(x), new KernelAxes(x.Layout));

    /// <summary>
    /// Returns the tensor, or a contiguous copy of the tensor if one of its groups of axes has more axes than a
    /// kernel can take. <paramref name="cuts"/> are the axes at which a new group begins; without cuts, all axes
    /// are one group.
    /// </summary>
    static Tensor Fit(Tensor x, params ReadOnlySpan<int> cuts)
    {
        var from = 0;
        foreach (var cut in (int[])[.. cuts, x.Rank])
            if (!KernelAxes.Fit(x.Layout[from..(from = cut)])) return x.Clone();
        return x;
    }

    /// <summary>
    /// Performs the last step of a primitive that has written its result: if <see cref="Fit"/> returned a copy
    /// instead of y, the result in this copy is copied to y.
    /// </summary>
    void Finish(Tensor written, Tensor y) { if (!ReferenceEquals(written, y)) Copy(written, y); }

    /// <summary>Runs a flat kernel for i = 0, …, count − 1.</summary>
    void Launch<K>(int count, K kernel, int cost = 1) where K : struct, IKernel
    {
        if (count == 0) return;
        if (inHostLoops) { Kernels.OnHost(count, kernel, cost); return; }
        lock (launching)
        {
            accelerator.Bind();
            Loaded<K, Action<Index1D, K>>(() => accelerator.LoadAutoGroupedStreamKernel<Index1D, K>(Kernels.Flat))
                (count, kernel);
        }
    }

    /// <summary>Runs a kernel in groups of threads.</summary>
    void LaunchGroups<K>(int groups, int threads, K kernel) where K : struct, IGroupKernel
    {
        lock (launching)
        {
            accelerator.Bind();
            Loaded<K, Action<KernelConfig, K>>(() => accelerator.LoadStreamKernel<K>(Kernels.Grouped))
                ((groups, threads), kernel);
        }
    }

    /// <summary>
    /// Returns the function that launches a kernel. The kernel is compiled once, when it is first launched.
    /// </summary>
    L Loaded<K, L>(Func<L> load) where L : Delegate
    {
        if (launchers.TryGetValue(typeof(K), out var known)) return (L)known;
        Reachable.Check(name, typeof(K));
        try
        {
            return (L)(launchers[typeof(K)] = load());
        }
        catch (Exception e)
        {
            var said = e.GetBaseException().Message.TrimEnd('.');
            throw new DeviceException($"{name}: the kernel {Reachable.Show(typeof(K))} does not compile for this " +
                $"device: {said}. A scalar function may compute, compare and call the functions of its number; it " +
                "may not throw, allocate, or use strings and classes.", e);
        }
    }
}
