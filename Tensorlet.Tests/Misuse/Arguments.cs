using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Module = Tensorlet.Nn.Module;

namespace Tensorlet.Tests.Misuse;

/// <summary>
/// Arguments of any type that a public member takes: sensible ones, random but fixed by a seed, and malicious ones. All
/// files that they name are in one folder.
/// </summary>
sealed class Arguments(string folder)
{
    /// <summary>One network for all arguments of a call, so that an optimizer has the model's parameters.</summary>
    readonly ConditionalWeakTable<Random, Shared> nets = [];

    sealed class Shared { public Nn.Linear Net { get; } = new(2, 2); }

    static readonly Type[] types = [.. typeof(Tensor).Assembly.GetExportedTypes()
        .Concat(typeof(Arguments).GetNestedTypes(BindingFlags.NonPublic))];

    public readonly struct Doubled : ISmooth, IZip, IZip3, ISequence, IReduction, IFormula
    {
        static int IFormula.Inputs => 1;
        V IMap.Apply<V>(V x) => x + x;
        V ISmooth.Slope<V>(V x, V y) => V.Of(2);
        V IZip.Apply<V>(V a, V b) => a + b;
        V IZip3.Apply<V>(V a, V b, V c) => a + b;
        V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => a + a;
        double ISequence.At(long i) => 2.0 * i;
        double IReduction.Start => 0;
        V IReduction.Take<V>(V x) => x;
        V IReduction.Apply<V>(V a, V b) => a + b;
        V IReduction.Finish<V>(V y) => y;
    }

    sealed class Twice : Function
    {
        protected override Tensor Forward() => X.Data * 2;
        public override Variable[] Backward(Variable dy) => [dy * 2];
    }

    sealed class Both : MultiFunction
    {
        protected override Tensor[] ForwardAll() => [X.Data * 2, X.Data * 3];
        protected override Variable[] Backward(Variable[] dy) => [dy[0] * 2 + dy[1] * 3];
    }

    sealed class Once : OnceDifferentiable
    {
        protected override Tensor Forward() => X.Data * 2;
        protected override Tensor[] Backward(Tensor dy) => [dy * 2];
    }

    sealed class Stream : IterableDataset
    {
        public override IEnumerable<Tensor[]> Samples(Generator random) => [[Tensor.Ones(2)], [Tensor.Ones(2)]];
    }

    static readonly Func<Random, Tensor>[] tensors =
    [
        _ => Tensor.From(new[,] { { 0.1f, 0.9f }, { 0.7f, 0.3f } }), _ => Tensor.From([0.2f, 0.8f]),
        _ => Tensor.From([0L, 1]), _ => Tensor.From([0L, 1, 1, 0], [2, 2]), _ => Tensor.From([true, false]),
        _ => Tensor.From([true, true, false, true], [2, 2]), _ => Tensor.Scalar(0.5), _ => Tensor.From([1L], []),
        r => Tensor.Rand([2, 2, 2], generator: new Generator(r.Next())),
        r => Tensor.Rand([1, 2, 4, 4], generator: new Generator(r.Next())),
        _ => Tensor.Ones([1, 1, 2, 4, 4]), _ => Tensor.From([0.5, 2], [2]), _ => Tensor.Ones([3, 4, 4]),
        _ => Tensor.Zeros([1, 2, 1, 1]), _ => Tensor.Ones([2, 2, 2, 2]),
        _ => Tensor.From(new[,] { { 2f, 1 }, { 1, 2 } }), _ => Tensor.From([1, 0.5, 0.5, 2], [2, 2]),
    ];

    static readonly Func<Tensor>[] hostileTensors =
    [
        () => Tensor.Empty([0]), () => Tensor.Empty([0, 2]), () => Tensor.Empty([2, 0, 2, 2]), () => Tensor.Scalar(-1),
        () => Tensor.From([float.NaN, float.PositiveInfinity, float.NegativeInfinity, -1], [2, 2]),
        () => Tensor.From([double.NaN, double.MaxValue]), () => Tensor.From([long.MaxValue, long.MinValue]),
        () => Tensor.From([-1L, 7, 1L << 40, 0], [2, 2]), () => Tensor.From([false, false]),
        () => Tensor.From<long>([], [0]), () => Tensor.From<bool>([], [2, 0]), () => Tensor.Ones([2, 1]).Expand(2, 3),
        () => Tensor.Ones([1, 1, 1, 1, 1, 1, 1, 1, 2]), () => Tensor.Ones([2, 2], device: Device.Reference),
        () => Tensor.Ones([1 << 12]),
    ];

    static readonly double[] numbers =
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 0, double.MaxValue, double.Epsilon, 1e18];
    static readonly int[] wholes = [-1, 0, int.MinValue, int.MaxValue, Large, 3];
    const int Large = 1 << 9;

    /// <summary>The files for members that read them, in their original state.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(Path.Combine(folder, "images", "cat"));
        File.WriteAllBytes(Path.Combine(folder, "images", "cat", "1.png"), [1]);
        SafeTensors.Save(In("a.safetensors"), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones(2) });
        Checkpoint.Save(In("b.safetensors"), ("a", new Counter(1)));
        Npy.Save(In("a.npy"), Tensor.Ones(2));
        Npz.Save(In("a.npz"), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones(2) });
        File.WriteAllText(In("a.csv"), "a,b\n1,2\n3,4\n");
    }

    string In(string name) => Path.Combine(folder, name);

    static bool IsPath(string name) => name is "path" or "root";

    Func<Random, Tensor> shape = tensors[0];
    int size = 1;

    /// <summary>
    /// Sensible arguments, after a receiver if the member has one. Tensors often have the same shape, and optional
    /// arguments are often left out.
    /// </summary>
    public object?[] Good(MethodBase member, int seed)
    {
        var random = new Random(seed);
        (shape, size) = (tensors[random.Next(tensors.Length)], random.Next(1, 3));
        var parameters = member.GetParameters();
        if (member.IsStatic || member is ConstructorInfo) return [.. parameters.Select(p => Good(p, random))];
        var receiver = Good(member.DeclaringType!, "this", random);
        if (receiver is Tensorlet.Legacy.Module layer)            // its backward comes after its forward
        {
            try { layer.Forward(shape(random)); }
            catch (TensorletException) { }
            if (parameters is [{ Name: "input" }, { Name: "gradOutput" }, ..])
                return [layer, shape(random), Tensor.OnesLike(layer.Output),
                    .. parameters[2..].Select(p => Good(p, random))];
        }
        return [receiver, .. parameters.Select(p => p.ParameterType == typeof(IReadOnlyDictionary<string, Tensor>)
            && receiver!.GetType().GetMethod("StateDict") is { } own ? own.Invoke(receiver, null) : Good(p, random))];
    }

    object? Good(ParameterInfo p, Random random) => p.HasDefaultValue && random.Next(3) > 0
        ? p.DefaultValue ?? (p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)
        : Good(p.ParameterType, p.Name!, random);

    /// <summary>A sensible argument.</summary>
    public object? Good(Type type, string name, Random random)
    {
        T Any<T>(params T[] all) => all[random.Next(all.Length)];
        object? Next(Type t) => Good(t, name, random);
        if (Nullable.GetUnderlyingType(type) is { } value) return random.Next(2) == 0 ? null : Next(value);
        Tensor Drawn() => (random.Next(3) > 0 ? shape : Any(tensors))(random);
        if (type == typeof(Tensor)) return Drawn();
        if (type == typeof(Variable))
            return Drawn() is var x && x.DType.IsFloat() ? new Variable(x, random.Next(3) > 0) : new Variable(x);
        if (type == typeof(int))
            return name is "axis" or "dim" or "dim0" or "dim1" or "dim2" or "startDim" or "endDim" or "b" ?
                Any(0, 1, -1) : Any(size, size, size, 1, 2, 0, 4);
        if (type == typeof(long)) return Any(1L, 2, 0);
        if (type == typeof(byte)) return (byte)1;
        if (type == typeof(char)) return ',';
        if (type == typeof(bool)) return Any(true, false);
        if (type == typeof(float)) return 0.5f;
        if (type == typeof(double)) return Any(0.5, 0.5, 1, 2);
        if (type == typeof(Number)) return (Number)Any(0.5, 1);
        if (type == typeof(string))
            return IsPath(name) ? In(Any("a.safetensors", "b.safetensors", "a.npy", "a.npz", "a.csv", "images", "new"))
                : name == "equation" ? "ij,jk->ik" : Any("a", "weight", "lr", "a,b\n1,2", "0");
        if (type == typeof(Device)) return Device.Cpu;
        if (type == typeof(CpuDevice)) return new CpuDevice();
        if (type == typeof(Generator)) return new Generator(1);
        if (type == typeof(Storage)) return Any(tensors)(random).Storage;
        if (type == typeof(Shape)) return Drawn().Shape;
        if (type == typeof(Layout)) return Any(tensors)(random).Layout;
        if (type == typeof(TimeSpan)) return TimeSpan.FromMilliseconds(1);
        if (type == typeof(CancellationToken)) return default(CancellationToken);
        if (type == typeof(Range)) return 0..1;
        if (type == typeof(Index)) return (Index)0;
        if (type == typeof(TensorIndex)) return Any<TensorIndex>(0, .., ^1, TensorIndex.NewAxis);
        if (type == typeof(TextWriter)) return TextWriter.Null;
        if (type == typeof(object)) return 1;
        if (type == typeof(Array)) return new[,] { { 1f, 2 }, { 3, 4 } };
        if (type == typeof(Delegate)) return () => random.Next(); // not a static method: no process is started
        if (type == typeof(Exception)) return new IOException();
        if (type == typeof(IterableDataset)) return new Stream();
        if (type == typeof(Profile)) return Autograd.Profile();
        if (type == typeof(IStateful)) return new Counter(1);
        if (type == typeof(Dataset)) return new TensorDataset(Tensor.Rand([4, 2]), Tensor.From([0L, 1, 0, 1]));
        if (type == typeof(Module)) return Any<Module>(nets.GetOrCreateValue(random).Net, new ReLU(), new Dropout(0.5));
        if (type == typeof(Optimizer))
            return new SGD(nets.GetOrCreateValue(random).Net.Parameters(), 0.1, momentum: 0.9);
        if (type == typeof(ParamGroup))
            return new SGD([new Variable(Tensor.Ones(2), true)], 0.1, momentum: 0.9).ParamGroups[0];
        if (type == typeof(RNN)) return new RNN(2, 2, 2);                   // for which (2, 2, 2) is anything
        if (type == typeof(GRU)) return new GRU(2, 2, 2);
        if (type == typeof(LSTM)) return new LSTM(2, 2, 2);
        if (type == typeof(LSTMCell)) return new LSTMCell(2, 2);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(random.Next(Enum.GetValues(type).Length));
        if (type.IsArray) return Items(type.GetElementType()!);
        if (typeof(Delegate).IsAssignableFrom(type)) return Delegated(type, random);
        if (type.IsGenericType)
        {
            var (open, of) = (type.GetGenericTypeDefinition(), type.GetGenericArguments());
            if (open == typeof(ReadOnlySpan<>) || open == typeof(Span<>)) return Items(of[0]);
            if (typeof(IEnumerable).IsAssignableFrom(type) && type.Namespace!.StartsWith("System"))
                return of.Length == 2 ? Table(of[1]) : Items(of[0]);
            if (type.FullName!.StartsWith("System.ValueTuple")) return Activator.CreateInstance(type,
                [.. of.Select(Next)]);
        }
        if (type.IsByRef) return type.GetElementType()!.IsValueType ? Next(type.GetElementType()!) : null;
        if (type.IsAbstract)
            return Next(Any([.. types.Where(t =>
                t.IsSubclassOf(type) && !t.IsAbstract && !t.ContainsGenericParameters)]));
        var constructors = type.GetConstructors();
        if (type.IsValueType && (constructors.Length == 0 || random.Next(4) == 0))
            return Activator.CreateInstance(type);
        if (constructors.Length == 0) throw new NotSupportedException($"no argument of type {type}");
        var constructor = Any(constructors);
        return Calls.Invoke(constructor, null, [.. constructor.GetParameters().Select(p => Good(p, random))]);

        Array Items(Type of)
        {
            var items = Array.CreateInstance(of, random.Next(1, 3));
            for (var i = 0; i < items.Length; i++) items.SetValue(Next(of), i);
            return items;
        }

        IDictionary Table(Type of)
        {
            var type = typeof(Dictionary<,>).MakeGenericType(typeof(string), of);
            var table = (IDictionary)Activator.CreateInstance(type)!;
            table.Add(Any("a", "value"), Next(of));
            return table;
        }
    }

    Delegate Delegated(Type type, Random random)
    {
        var invoke = type.GetMethod("Invoke")!;
        ParameterExpression[] parameters =
            [.. invoke.GetParameters().Select(p => Expression.Parameter(p.ParameterType))];
        var result = invoke.ReturnType;
        Expression constant = result == typeof(void) ? Expression.Empty()
            : Expression.Constant(Good(result, "result", random), result);
        var body =
            parameters.FirstOrDefault(p => p.Type == result) is { } same ? same
            : parameters.FirstOrDefault(p => p.Type.IsArray && p.Type.GetElementType() == result) is { } all
                ? Expression.Condition(Expression.Equal(Expression.ArrayLength(all), Expression.Constant(0)), constant,
                    Expression.ArrayIndex(all, Expression.Constant(0))) : constant;
        return Expression.Lambda(type, body, parameters).Compile(preferInterpretation: true);
    }

    /// <summary>Malicious arguments instead of a sensible one.</summary>
    public IEnumerable<object?> Hostile(Type type, string name, Random random)
    {
        if (Nullable.GetUnderlyingType(type) is { } value) return Hostile(value, name, random);
        if (type == typeof(Tensor)) return hostileTensors.Select(make => make());
        if (type == typeof(Variable))
            return hostileTensors.Select(make => make()).Select(x => new Variable(x, x.DType.IsFloat()));
        // as many layers as it says are made, one by one
        if (type == typeof(int)) return wholes.Where(n => !name.EndsWith("Layers") || n < Large).Cast<object>();
        if (type == typeof(long)) return [-1L, 0L, long.MinValue, long.MaxValue];
        if (type == typeof(byte)) return [(byte)0, (byte)255];
        if (type == typeof(char)) return ['\0', '"'];
        if (type == typeof(bool)) return [true, false];
        if (type == typeof(double)) return numbers.Cast<object>();
        if (type == typeof(Number))
            return [.. numbers.Select(x => (object)(Number)x), (Number)0L,
                (Number)long.MinValue, (Number)long.MaxValue];
        if (type == typeof(string)) return IsPath(name)
            ? ["", "\0", In(" "), folder, In("none/there"), In(new('x', 5000))]
            : ["", " ", "\0", new string('x', 5000), "i", "i,,->", "…->"];
        if (type == typeof(Range)) return [(5..), (..^9), (1..0), (int.MaxValue..)];
        if (type == typeof(Index)) return [^9, (Index)int.MaxValue];
        if (type == typeof(TensorIndex))
            return [(TensorIndex)int.MaxValue, (TensorIndex)int.MinValue, (TensorIndex)(^9), (TensorIndex)(5..),
                (TensorIndex)new[] { -9 }, (TensorIndex)Array.Empty<bool>(), default(TensorIndex)];
        if (type == typeof(Array)) return [Array.Empty<float>(), new string[1], new float[0, 3], Array.CreateInstance(
            typeof(float), [2], [1])];
        if (type.IsEnum) return [Enum.ToObject(type, 99), Enum.ToObject(type, -1)];
        if (type.IsArray) return Arrays(type.GetElementType()!);
        if (type == typeof(TimeSpan)) return [TimeSpan.Zero, TimeSpan.MinValue];
        if (type.IsGenericType && !typeof(Delegate).IsAssignableFrom(type))
        {
            var (open, of) = (type.GetGenericTypeDefinition(), type.GetGenericArguments());
            if (open == typeof(ReadOnlySpan<>) || open == typeof(Span<>)) return Arrays(of[0]);
            if (typeof(IEnumerable).IsAssignableFrom(type) && type.Namespace!.StartsWith("System"))
                return of.Length == 1 ? Arrays(of[0])
                    : [Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(of))];
            if (type.FullName!.StartsWith("System.ValueTuple")) return
                [.. Enumerable.Range(0, of.Length).SelectMany(i => Hostile(of[i], name, random).Select(hostile =>
                {
                    object?[] items = [.. of.Select(t => Good(t, name, random))];
                    items[i] = hostile;
                    return Activator.CreateInstance(type, items);
                }))];
        }
        if (type.Assembly == typeof(Tensor).Assembly && type.IsValueType
            && type.GetConstructors() is [var constructor, ..])
            return [Activator.CreateInstance(type), .. constructor.GetParameters().SelectMany((p, i) =>
                Hostile(p.ParameterType, p.Name!, random).Select(hostile =>
                {
                    object?[] items = [.. constructor.GetParameters().Select(q =>
                        Good(q.ParameterType, q.Name!, random))];
                    items[i] = hostile;
                    return constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, items, null);
                }))];
        return [];

        IEnumerable<object?> Arrays(Type of)
        {
            yield return Array.CreateInstance(of, 0);
            if (!of.IsValueType) yield return Array.CreateInstance(of, 1);      // with a null in it
            foreach (var item in Hostile(of, name, random).Append(Good(of, name, random)))
                for (var length = 1; length < 10; length += length == 1 ? 1 : 7)
                {
                    var items = Array.CreateInstance(of, length);
                    for (var i = 0; i < length; i++) items.SetValue(item, i);
                    yield return items;
                }
        }
    }
}
