using System.Reflection;
using Module = Tensorlet.Nn.Module;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Public operations and layers are called with random operands, axes and sizes, most of which do not fit. Each error
/// names the operation that was called, and not one that works inside it.
/// </summary>
public class NameTests
{
    const int Draws = 250;

    public static TheoryData<string> Operations => [.. new[] { typeof(Variable), typeof(Tensor), typeof(F) }
        .SelectMany(Methods, (type, method) => $"{type.Name}.{method.Name}").Distinct()];

    static IEnumerable<MethodInfo> Methods(Type type) => type.GetMethods(BindingFlags.Public | BindingFlags.Static
        | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(method => !method.IsGenericMethodDefinition
        && method.ReturnType != typeof(void) && (method.Name is "get_T" || !method.IsSpecialName
            || method.GetParameters().Length > 0)
        && method.Name is not ("Cuda" or "ToString" or "op_Implicit" or "op_Equality" or "op_Inequality" or "Equals"
            or "GetHashCode" or "RegisterHook"));

    [Theory, MemberData(nameof(Operations))]
    public void An_error_names_the_operation(string operation)
    {
        var name = operation.Split('.')[1];
        var type = typeof(Variable).Assembly.GetType($"Tensorlet.{operation.Split('.')[0]}")!;
        foreach (var method in Methods(type).Where(method => method.Name == name))
        {
            var random = new Random(7);
            for (var i = 0; i < Draws; i++)
            {
                var self = method.IsStatic ? null : Drawn(method.DeclaringType!, random, "this");
                object?[] given = [.. method.GetParameters().Select(p => Drawn(p, random))];
                Check(() => method.Invoke(self, given), Names(name), $"{method}({string.Join("; ", given)})");
            }
        }
    }

    public static TheoryData<string> Layers => [.. typeof(Module).Assembly.GetTypes().Where(type => !type.IsAbstract
        && type.IsPublic && type.IsSubclassOf(typeof(Module)) && type.Name is not ("Sequential" or "ModuleList"
        or "ModuleDict" or "ParameterList")).Select(type => type.FullName!)];

    [Theory, MemberData(nameof(Layers))]
    public void An_error_names_the_layer(string name)
    {
        var (random, made) = (new Random(7), 0);
        foreach (var constructor in typeof(Module).Assembly.GetType(name)!.GetConstructors())
            for (var i = 0; i < Draws; i++)
            {
                Module layer;
                object?[] sizes = [.. constructor.GetParameters().Select(p => Size(p, random))];
                try { layer = (Module)constructor.Invoke(sizes); }
                catch (TargetInvocationException e) when (e.InnerException is TensorletException or ArgumentException)
                { continue; }
                made++;
                var x = (Variable)Drawn(typeof(Variable), random, "")!;
                string[] names = [.. layer.Modules().Select(module => module.GetType().Name)];
                var said = Check(() => layer.Call(x), names, $"{layer}({x.DType} {x.Data.Layout})");
                if (said is not DTypeException || layer.Parameters().Count == 0) continue;
                Assert.Contains(layer is Nn.Embedding ? ".To(DType.Int64)" : ".To(DType.Float32)", said.Message);
                Assert.Contains($"{x.DType}", said.Message);
                if (x.DType == DType.Float64 && layer is not Nn.Embedding)
                    Assert.Contains("the input is Float64", said.Message);
            }
        Assert.True(made > Draws / 10, $"{made} were made.");
    }

    /// <summary>The exception of a call, which begins with one of the names; null if the call succeeds.</summary>
    static Exception? Check(Func<object?> call, string[] names, string shown)
    {
        Exception? error = null;
        try { call(); }
        catch (TargetInvocationException e) { error = e.InnerException; }
        catch (TensorletException e) { error = e; }
        if (error is null) return null;
        Assert.True(error is TensorletException or ArgumentException, $"{shown}: {error}");
        Assert.True(Array.Exists(names, name => error.Message.StartsWith($"{name}:")
            || error.Message.StartsWith($"{name}_:")), $"{shown} says: {error.Message}");
        return error;
    }

    /// <summary>
    /// The names of a method in errors: its name, its symbol, or the name of the layer that calls the function.
    /// </summary>
    static string[] Names(string method) => method switch
    {
        "op_Addition" => ["+", "Add"],
        "op_Subtraction" => ["-", "Sub", "Subtract"],
        "op_Multiply" => ["*", "Mul"],
        "op_Division" => ["/", "Div"],
        "op_UnaryNegation" => ["−"],
        "op_OnesComplement" => ["~"],
        "op_GreaterThan" => [">"],
        "op_LessThan" => ["<"],
        "op_GreaterThanOrEqual" => [">="],
        "op_LessThanOrEqual" => ["<="],
        "op_BitwiseAnd" => ["&"],
        "op_BitwiseOr" => ["|"],
        "op_ExclusiveOr" => ["^"],
        "op_Modulus" => ["Remainder"],
        "op_Explicit" => ["Item"],
        "get_Part" => ["Indexing"],
        "get_T" => ["Transpose"],
        "MseLoss" => ["MSELoss"],
        "NllLoss" => ["NLLLoss"],
        "KlDiv" => ["KLDivLoss"],
        "GaussianNllLoss" => ["GaussianNLLLoss"],
        "PoissonNllLoss" => ["PoissonNLLLoss"],
        "CtcLoss" => ["CTCLoss"],
        "BinaryCrossEntropy" => ["BCELoss"],
        "BinaryCrossEntropyWithLogits" => ["BCEWithLogitsLoss"],
        "RmsNorm" => ["RMSNorm"],
        _ => [method.TrimEnd('_')],
    };

    static object? Drawn(ParameterInfo p, Random random) =>
        !p.HasDefaultValue || random.Next(3) == 0
            ? Drawn(Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType, random, p.Name!) : Default(p);

    static object? Default(ParameterInfo p) =>
        p.ParameterType.IsEnum ? Enum.ToObject(p.ParameterType, p.DefaultValue!) : p.DefaultValue;

    /// <summary>An argument of a layer: a size from 1 to 4, or its default.</summary>
    static object? Size(ParameterInfo p, Random random) =>
        p.HasDefaultValue ? p.ParameterType == typeof(Pair) || p.ParameterType == typeof(Triple)
            ? Activator.CreateInstance(p.ParameterType) : Default(p)
        : p.ParameterType == typeof(int) ? random.Next(1, 5) : p.ParameterType == typeof(Pair) ? new Pair(2, 2)
        : p.ParameterType == typeof(Triple) ? new Triple(1, 1, 1) : p.ParameterType == typeof(int[]) ? new[] { 3 }
        : Drawn(p.ParameterType, random, p.Name!);

    static T Pick<T>(Random random, params T[] all) => all[random.Next(all.Length)];

    static Tensor Operand(Random random, bool index)
    {
        var shape = Pick<int[]>(random, [], [3], [2, 3], [2, 3], [3, 3], [3, 2], [0], [0, 3], [2, 3, 4], [2, 4, 4, 4],
            [2, 2, 2, 2, 2], [7]);
        var (generator, type) = (new Generator(random.Next()), Pick(random, DType.Float32, DType.Float32,
            DType.Float32, DType.Float64, DType.Int64, DType.Bool));
        var x = index && random.Next(2) == 0
            ? Tensor.RandInt(random.Next(3) - 1, Pick(random, 3, 9), shape, generator: generator)
            : Tensor.Rand(shape, generator: generator).To(type);
        return random.Next(12) == 0 ? x.To(Device.Reference) : x;
    }

    static object? Drawn(Type type, Random random, string name)
    {
        if (type == typeof(Variable))
        {
            var x = Operand(random, name is "index" or "target");
            return new Variable(x, x.DType.IsFloat() && random.Next(2) == 0);
        }
        if (type == typeof(Tensor)) return Operand(random, name is "index" or "target");
        if (type == typeof(int)) return Pick(random, 0, 1, 2, -1, -2, 3, 99, -99);
        if (type == typeof(long)) return Pick<long>(random, 0, 1, 2, -1, -2, 3, 99, -99);
        if (type == typeof(double)) return Pick(random, 0, 1, 2, -1, 0.5, double.NaN, double.PositiveInfinity);
        if (type == typeof(bool)) return random.Next(2) == 0;
        if (type == typeof(int[]))
            return Pick<int[]>(random, [], [0], [1], [-1], [2, 3], [0, 1], [1, 0], [99], [-99], [3], [-1, 0], [-1, -1],
                [2, -5], [1 << 20, 1 << 20], [1, 1, 1], [2, 2, 2, 2]);
        if (type == typeof(Axes)) return (Axes)(int[])Drawn(typeof(int[]), random, name)!;
        if (type == typeof(Array)) return Pick<Array>(random, new[,] { { 1, 2 }, { 3, 4 } }, new[] { 1.5 },
            new[] { "a" }, new[] { new[] { 1f }, new[] { 1f, 2 } }, new[] { new[] { true }, new[] { false } },
            Array.Empty<double>());
        if (type == typeof(Pair)) return (Pair)Pick(random, 1, 2, 0, -1, 3, 9);
        if (type == typeof(Triple)) return (Triple)Pick(random, 1, 2, 0, -1, 3, 9);
        if (type == typeof(Number)) return (Number)Pick(random, 0.5, 1, -2);
        if (type == typeof(DType)) return Pick(random, Enum.GetValues<DType>());
        if (type == typeof(Device)) return Pick(random, Device.Cpu, Device.Reference);
        if (type == typeof(string))
            return Pick(random, "ij,jk->ik", "ii->i", "i,i->", "ij->ji", "...ij->...ji", "ab", "i,j", "i2");
        if (type == typeof(Generator)) return new Generator(3);
        if (type == typeof(Func<Nn.TransformerEncoderLayer>)) return () => new Nn.TransformerEncoderLayer(4, 2, 8);
        if (type == typeof(Func<Nn.TransformerDecoderLayer>)) return () => new Nn.TransformerDecoderLayer(4, 2, 8);
        if (type.IsEnum) return Pick(random, [.. Enum.GetValues(type).Cast<object>()]);
        if (typeof(IReadOnlyList<Variable>).IsAssignableFrom(type) || type == typeof(IReadOnlyList<Variable>))
            return Enumerable.Range(0, random.Next(4)).Select(_ => (Variable)Drawn(typeof(Variable), random, "")!)
                .ToArray();
        if (typeof(IReadOnlyList<Tensor>).IsAssignableFrom(type)) return Enumerable.Range(0, random.Next(4)).Select(_ =>
            Operand(random, false)).ToArray();
        if (type == typeof(TensorIndex[])) return Enumerable.Range(0, random.Next(4)).Select(_ => Pick<TensorIndex>(
            random, 0, 1, -1, 99, .., 1.., Operand(random, true), TensorIndex.NewAxis)).ToArray();
        throw new NotSupportedException($"There is no {type.Name} for '{name}'.");
    }
}
