using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tensorlet;

namespace Tutorials.Chapter10;

// Public, because the code that is made for a GPU has to reach the functions that are nested in it.
public static class Chapter
{
    #region bump
    public readonly struct Bump(double width) : IMap // y = exp(−(x/w)²)
    {
        V IMap.Apply<V>(V x)
        {
            var u = x / V.Of(width);
            return V.Exp(-u * u);
        }
    }
    #endregion

    #region witness
    readonly struct Witness : IMap // y = x, and it notes what V was
    {
        public static readonly List<Type> Seen = [];
        V IMap.Apply<V>(V x)
        {
            Seen.Add(typeof(V));
            return x;
        }
    }
    #endregion

    #region bell
    sealed class Bell(double width) : Function // y = exp(−(x/w)²)     dx = −2·x/w²·y·dy
    {
        protected override Tensor Forward() { Save(X); return SaveResult(X.Data.Map(new Bump(width))); }
        public override Variable[] Backward(Variable dy) => [-2 / (width * width) * X * Y * dy];
    }
    #endregion

    #region tracer
    readonly struct Tracer : IMap // y = x, and it notes who called
    {
        public static string Calls = "";
        [MethodImpl(MethodImplOptions.NoInlining)]
        V IMap.Apply<V>(V x)
        {
            Calls = new StackTrace().ToString();
            return x;
        }
    }
    #endregion

    #region relus
    public readonly struct Relu : IMap // 0 where 0 > x, else x
    { V IMap.Apply<V>(V x) => V.IfGreater(V.Of(0), x, V.Of(0), x); }
    readonly struct Swallowing : IMap // x where x > 0, else 0
    { V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), x, V.Of(0)); }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "first";
        var x = Tensor.From([-2f, -1, 0, 1, 2]);
        Console.WriteLine(x.Map(new Bump(width: 1)));
        Console.WriteLine(x.Map(new Bump(width: 2)));

        yield return "machines";
        Device[] machines = [Device.Reference, Device.Cpu, Device.Simulated];
        foreach (var machine in machines) Console.WriteLine(x.To(machine).Map(new Bump(1)));

        yield return "who";
        foreach (var type in new[] { DType.Float32, DType.Float64 })
            foreach (var machine in machines)
            {
                Witness.Seen.Clear();
                Tensor.Arange(20, type, machine).Map(new Witness());
                var v = Witness.Seen[0];
                var name = v.IsGenericType ? $"Lanes<{v.GetGenericArguments()[0].Name}>" : v.Name;
                Console.WriteLine($"{type} {machine,-9}  {Witness.Seen.Count,2} calls with V = {name}");
            }

        yield return "agree";
        var many = Tensor.Randn([1000], generator: new(1));
        float[] On(Device machine) => many.To(machine).Map(new Bump(1)).ToArray<float>();
        int Bits(float y) => BitConverter.SingleToInt32Bits(y);
        var reference = On(Device.Reference);
        foreach (var machine in machines[1..])
        {
            var worst = On(machine).Zip(reference, (a, b) => Math.Abs(Bits(a) - Bits(b))).Max();
            Console.WriteLine($"{machine}: within 3 units of the last place: {worst <= 3}");
        }

        yield return "place";
        var (values, places) = (new HashSet<float>(), 0);
        for (var length = 1; length <= 40; length++)
        {
            values.UnionWith(Tensor.Full([length], 0.3).Map(new Bump(1)).ToArray<float>());
            places += length;
        }
        Console.WriteLine($"{values.Count} value in {places} places");

        yield return "slope";
        Tensor[] at = [Tensor.Linspace(-2, 2, 9, DType.Float64)];
        Console.WriteLine(GradCheck.Run(v => new Bell(0.5).Apply(v[0]), at).Passed);

        yield return "dual";
        var bell = new Variable(at[0], requiresGrad: true);
        var first = Autograd.Grad(bell.Map(new Bump(0.5)).Sum(), bell, createGraph: true)!;
        var second = Autograd.Grad(first.Sum(), bell)!;
        Console.WriteLine(first.Data);
        Console.WriteLine(second.Data);

        yield return "trace";
        Tensor.Ones([1], device: Device.Simulated).Map(new Tracer());
        Console.WriteLine(Tracer.Calls.TrimEnd());

        yield return "nan";
        var numbers = Tensor.From([-1f, 0, 2, float.NaN]);
        Console.WriteLine(numbers.Map(new Relu()));
        Console.WriteLine(numbers.Map(new Swallowing()));

        yield return "figures";
        Tensor Steps(int steps, int numbers, Func<int, int> stepOf) => Tensor.From([.. Enumerable.Range(0, steps)
            .SelectMany(step => Enumerable.Range(0, numbers).Select(i => stepOf(i) != step ? 0 : i < 20 ? 1 : -0.5))],
            [steps, numbers]);
        new Squares(side: 11, columns: 3)
            .Add("a loop", Steps(20, 20, i => i))
            .Add("registers of sixteen floats", Steps(2, 32, i => i / 16))
            .Add("the threads of a GPU", Steps(1, 20, i => 0))
            .Save("steps.svg");
    }
}
