using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// Every kernel, with every scalar function of the library, compiles for NVIDIA's GPUs. No GPU is needed for that.
/// </summary>
public class PtxTests
{
    static readonly Type[] numbers = [typeof(B8), typeof(I64), typeof(F32), typeof(F64)],
        floats = [typeof(F32), typeof(F64)];

    /// <summary>
    /// Whether every function is compiled inside sums too, which takes as long as all the others, and not only one.
    /// What a kernel does around a function does not depend on the function.
    /// </summary>
    static readonly bool everywhere = Environment.GetEnvironmentVariable("TENSORLET_SECONDS") is not null;

    /// <summary>The sum of this one is the logarithm of a sum of exponentials.</summary>
    static readonly Type oneInSums = typeof(Of2<ExpOfDifference>);

    /// <summary>The kernels as they are launched, with type arguments.</summary>
    static IEnumerable<Type> Closed()
    {
        foreach (var v in floats)
        {
            foreach (var f in ScalarFunctions.Formulas)
            {
                var slope = typeof(Slope<>).MakeGenericType(f);
                yield return Elementwise(f, v, v);
                yield return Elementwise(slope, v, v);
                // in float64 too, if there is time; it calls what the slope calls
                if (ScalarFunctions.Inputs(f) < IFormula.Most - 1 && (everywhere || v == typeof(F32)))
                    yield return Elementwise(typeof(Slope<>).MakeGenericType(slope), v, v);
                if (v != typeof(F32) || !(everywhere || f == oneInSums)) continue;
                yield return Fold(f, typeof(Tensor.AddFormula), v, typeof(F64));
                yield return Fold(slope, typeof(Tensor.AddFormula), v, typeof(F64));
            }
            foreach (var r in ScalarFunctions.Of(typeof(IReduction)))
                yield return Fold(typeof(Of1<IdentityFormula>), r, v, typeof(F64));
            yield return typeof(TiledProduct<,>).MakeGenericType(v, typeof(Square16));
            yield return typeof(TiledProduct<,>).MakeGenericType(v, typeof(Strip16));
        }
        foreach (var f in ScalarFunctions.Of(typeof(ISequence)))
            yield return typeof(FillKernel<,>).MakeGenericType(f, typeof(F32));
        foreach (var v in numbers)
        {
            yield return typeof(FillKernel<,>).MakeGenericType(typeof(Tensor.Line), v);
            yield return Elementwise(typeof(Of1<Tensor.AffineFormula>), v, v);
            yield return Elementwise(typeof(Of2<Tensor.GreaterFormula>), v, typeof(B8));
            yield return Elementwise(typeof(Of3<Tensor.WhereFormula>), v, v);
            yield return typeof(CopyKernel<,,>).MakeGenericType(typeof(Same<>).MakeGenericType(v), v, v);
            foreach (var w in numbers) yield return typeof(CopyKernel<,,>).MakeGenericType(ByDouble(v, w), v, w);
            var sum = v == typeof(I64) ? v : typeof(F64);
            yield return Fold(typeof(Of1<IdentityFormula>), typeof(Tensor.AddFormula), v, sum);
            yield return typeof(BestKernel<>).MakeGenericType(v);
            yield return typeof(ProductKernel<,,,>).MakeGenericType(v, sum, Cast(v, sum), Cast(sum, v));
            yield return typeof(GatherKernel<>).MakeGenericType(v);
            yield return typeof(AddIntoKernel<>).MakeGenericType(v);
            yield return typeof(ScatterAddKernel<>).MakeGenericType(v);
        }
        yield return typeof(OutsideKernel);
    }

    static Type Elementwise(Type formula, Type v, Type w) => typeof(FormulaKernel<,,,>).MakeGenericType(
        formula, v == w ? typeof(Same<>).MakeGenericType(v) : ByDouble(v, w), v, w);

    static Type Fold(Type formula, Type r, Type v, Type sum) =>
        typeof(FoldKernel<,,,,,,>).MakeGenericType(formula, r, v, sum, v, Cast(v, sum), Cast(sum, v));

    /// <summary>Integers are summed as integers, all others in double.</summary>
    static Type Cast(Type v, Type w) => v == typeof(I64) ? typeof(Same<>).MakeGenericType(v) : ByDouble(v, w);

    static Type ByDouble(Type v, Type w) => typeof(ByDouble<,>).MakeGenericType(v, w);

    [Fact]
    public void Every_kernel_with_every_function_compiles_to_PTX()
    {
        List<string> failures = [];
        using var compiler = new Compiler();
        foreach (var kernel in Closed().Distinct())
        {
            var said = compiler.Try(kernel);
            if (said is not null) failures.Add($"{Reachable.Show(kernel)}: {said}");
        }
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Fact]
    public void No_kernel_is_left_out()
    {
        var kernels = typeof(Device).Assembly.GetTypes().Where(t =>
            t.IsValueType && (typeof(IKernel).IsAssignableFrom(t) || typeof(IGroupKernel).IsAssignableFrom(t)));
        var compiled = Closed().Select(t => t.IsGenericType ? t.GetGenericTypeDefinition() : t).ToHashSet();
        Assert.All(kernels, k => Assert.Contains(k, compiled));
    }

    [Fact]
    public void Every_scalar_function_can_be_reached_by_generated_code() =>
        Assert.All(ScalarFunctions.All, f => Assert.Null(Reachable.FindHidden(f)));

    /// <summary>
    /// ILGPU's compiler for an H100. After a failure it is created again, because its context can no longer be used.
    /// </summary>
    sealed class Compiler : IDisposable
    {
        Context? context;
        PTXBackend? backend;

        public string? Try(Type kernel)
        {
            context ??= Context.Create(b =>
                b.EnableAlgorithms().Optimize(OptimizationLevel.O2).CPU(d => d == CPUDevice.Default));
            backend ??= new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_90),
                CudaArchitecture.SM_90, CudaInstructionSet.ISA_84, null);
            var grouped = typeof(IGroupKernel).IsAssignableFrom(kernel);
            var method = typeof(Kernels).GetMethod(grouped ? nameof(Kernels.Grouped)
                : nameof(Kernels.Flat))!.MakeGenericMethod(kernel);
            try
            {
                var entry = grouped ? EntryPointDescription.FromExplicitlyGroupedKernel(method)
                    : EntryPointDescription.FromImplicitlyGroupedKernel(method);
                var ptx = ((PTXCompiledKernel)backend.Compile(entry, default(KernelSpecialization))).PTXAssembly;
                return ptx.Contains(".extern .func") ? "calls a function that nobody defines" : null;
            }
            catch (Exception e)
            {
                Dispose();
                return e.GetBaseException().Message;
            }
        }

        public void Dispose()
        {
            backend?.Dispose();
            context?.Dispose();
            (backend, context) = (null, null);
        }
    }
}
