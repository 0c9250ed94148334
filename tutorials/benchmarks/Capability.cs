using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace Benchmarks;

/// <summary>
/// Which kernels libtorch uses. By default it uses scalar ones on some processors that have AVX-512, and a comparison
/// with those would mean nothing.
/// </summary>
static class Capability
{
    /// <summary>The environment variable that names the kernels. Native code sees it only if it is set before the
    /// process starts.</summary>
    public const string Variable = "ATEN_CPU_CAPABILITY";

    /// <summary>The capability of this processor, as the variable names it; null if there is nothing to name.</summary>
    public static string? Widest => Avx512F.IsSupported ? "avx512" : Avx2.IsSupported ? "avx2" : null;

    /// <summary>
    /// The environment variables with which libtorch is at its best, without those that are set already: its kernels;
    /// and, for the memory of the C library of Linux, that freed memory is kept for the next result. Otherwise large
    /// results are returned to the system and cleared again page by page, which takes up to ten times as long as a
    /// convolution.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Missing
    {
        get
        {
            Dictionary<string, string> best = [];
            if (Widest is { } widest) best[Variable] = widest;
            if (OperatingSystem.IsLinux()) (best["MALLOC_MMAP_MAX_"], best["MALLOC_TRIM_THRESHOLD_"]) = ("0", "-1");
            return best.Where(v => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(v.Key))).ToDictionary();
        }
    }

    /// <summary>The kernels that libtorch says it uses, as in <c>AVX512</c>; null if it cannot be asked.</summary>
    public static string? Reported()
    {
        // TorchSharp has no function for it, so libtorch itself is called: std::string at::get_cpu_capability(). In the
        // calling convention of Linux on x64 the caller gives the place of the result, whose first word points to text.
        const int sizeOfString = 32;
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) return null;
        torch.get_num_threads();                                                            // loads libtorch
        if (!NativeLibrary.TryLoad("libtorch_cpu", typeof(torch).Assembly, null, out var library)
            || !NativeLibrary.TryGetExport(library, "_ZN2at18get_cpu_capabilityB5cxx11Ev", out var function))
            return null;
        var result = Marshal.AllocHGlobal(sizeOfString);
        try
        {
            Marshal.GetDelegateForFunctionPointer<TextFunction>(function)(result);
            return Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(result));
        }
        finally
        {
            Marshal.FreeHGlobal(result);
        }
    }

    delegate nint TextFunction(nint result);

    /// <summary>Whether libtorch uses scalar kernels although the processor has better ones.</summary>
    public static bool IsTooLow(string? reported) => reported is "DEFAULT" or "NO AVX" && Avx2.IsSupported;
}
