using System.Reflection;
using System.Reflection.Emit;
using Tensorlet.Tests.Devices;
using Module = Tensorlet.Nn.Module;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Everything that can be differentiated is in the table: each public operation, layer, function of the tape and scalar
/// function is reached from a row, and each row is run.
/// </summary>
public class CoverageTests
{
    static readonly Assembly library = typeof(Variable).Assembly;

    /// <summary>What rows reach: the methods that they call, and all that these call in turn.</summary>
    static readonly Reach reached = Reach.From(typeof(OpTable));

    /// <summary>Operations without a derivative of their own, or with tests of their own, and why.</summary>
    static readonly Dictionary<string, string> others = new()
    {
        ["Variable.op_Implicit"] = "a constant of the graph; TapeTests",
        ["Variable.Contiguous"] = "Clone, where that is needed; TransferTests",
        ["Variable.RequiresGrad_"] = "no operation; TransferTests",
        ["Variable.Detach"] = "gives no gradient; TapeTests",
        ["Variable.Map"] = "a formula of the user's own; FormulaTests",
        ["Variable.Zip"] = "a formula of the user's own; FormulaTests",
        ["Variable.Cpu"] = "To, by another name",
        ["Variable.Cuda"] = "To, by another name",
        ["Variable.Float"] = "To, by another name; OperandTests",
        ["Variable.Double"] = "To, by another name; OperandTests",
        ["F.MaxPool2dWithIndices"] = "ImageTests",
        ["Variable.Apply"] = "a formula of the user's own; FormulaTests",
    };

    /// <summary>CheckpointTests and TapeTests; and methods that fill or search, and have no derivative.</summary>
    static readonly string[] withoutRow =
    [
        nameof(CheckpointFunction), "NotAgain", nameof(Tensor.Line), nameof(Tensor.Span), nameof(Tensor.BetterFormula),
    ];

    static bool IsResult(Type type) => type == typeof(Variable) || type == typeof(Variable[])
        || (type.IsGenericType && type.FullName!.StartsWith("System.ValueTuple")
            && type.GetGenericArguments().Any(IsResult));

    [Fact]
    public void Every_public_operation_is_reached_from_a_row()
    {
        var called = reached.Methods.Select(Name).ToHashSet();
        var missing = new[] { typeof(Variable), typeof(F) }.SelectMany(type => type.GetMethods(BindingFlags.Public
                | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => IsResult(method.ReturnType) && !method.Name.StartsWith("get_Grad")
                && TwinOf(method) is null)
            .Select(Name).Distinct().Where(name => !called.Contains(name) && !others.ContainsKey(name)).ToList();
        Assert.True(missing.Count == 0, $"no row of the table reaches {string.Join(", ", missing)}");

        static string Name(MethodBase method) => $"{method.DeclaringType!.Name}.{method.Name}";
    }

    /// <summary>The operation of a variable that a function of F is another name of, if it is.</summary>
    static MethodInfo? TwinOf(MethodInfo f) => f.DeclaringType != typeof(F) ? null : typeof(Variable).GetMethod(f.Name,
        BindingFlags.Public | BindingFlags.Instance, [.. f.GetParameters().Skip(1).Select(p => p.ParameterType)]);

    [Fact]
    public void Functions_of_F_that_variables_have_too_are_the_same()
    {
        var x = new Variable(Tensor.From(new[,] { { 0.3, -1.7 }, { 2.1, -0.2 } }));
        object?[] Arguments(MethodInfo m, int first) => [.. m.GetParameters().Skip(first).Select(p =>
            p.HasDefaultValue ? p.DefaultValue : p.ParameterType == typeof(int) ? -1
            : p.ParameterType == typeof(Variable) ? (object)(Variable)Tensor.From([0.25]) : (Number)0.5)];
        var twins = typeof(F).GetMethods().Select(f => (F: f, Variable: TwinOf(f)))
            .Where(twin => twin.Variable is not null).ToList();
        Assert.True(twins.Count >= 25);
        foreach (var (f, twin) in twins)
            Assert.True(((Variable)f.Invoke(null, [x, .. Arguments(f, 1)])!).Equal(
                (Variable)twin!.Invoke(x, Arguments(twin, 0))!), f.Name);
    }

    [Fact]
    public void Every_layer_is_made_by_a_row()
    {
        var made = reached.Direct.OfType<ConstructorInfo>().Select(maker => Open(maker.DeclaringType!)).ToHashSet();
        // these hold others
        string[] containers = ["Sequential", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList"];
        var missing = library.GetTypes().Where(type => type.IsPublic && !type.IsAbstract
            && type.IsSubclassOf(typeof(Module)) && !made.Contains(type) && !containers.Contains(type.Name));
        Assert.Empty(missing.Select(type => type.Name));
    }

    [Fact]
    public void Every_function_and_every_scalar_function_is_reached_from_a_row()
    {
        var functions = library.GetTypes().Where(type => type.IsSubclassOf(typeof(Function)) && !type.IsAbstract);
        var missing = functions.Concat(ScalarFunctions.All).Select(Open)
            .Where(type => !reached.Types.Contains(type) && !withoutRow.Contains(type.Name)
                && type.Namespace != "Tensorlet.Optim")      // these have no derivative; TraceTests
            .ToList();
        Assert.True(missing.Count == 0, string.Join(", ", missing.Select(type => type.FullName)));
    }

    [Fact]
    public void Every_verb_of_a_device_is_in_the_table_of_verbs()
    {
        var called = Reach.From(typeof(Verbs)).Direct.Select(method => method.Name).ToHashSet();
        var verbs = typeof(Device).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.GetParameters().Any(p => p.ParameterType == typeof(Tensor)));
        Assert.DoesNotContain(verbs, method => !called.Contains(method.Name));
    }

    [Theory, InlineData(typeof(OnCpu)), InlineData(typeof(OnReference)), InlineData(typeof(OnSimulated)),
        InlineData(typeof(OnOpenCL))]
    public void Every_row_is_run_once_on_every_device(Type device)
    {
        var run = typeof(CoverageTests).Assembly.GetTypes().Where(type => type.IsSubclassOf(device))
            .SelectMany(type => OpTable.All.Where(op => type.Name.StartsWith(op.Family + "On",
                StringComparison.OrdinalIgnoreCase)))
            .Select(op => op.Name).Order();
        Assert.Equal(OpTable.All.Select(op => op.Name).Order(), run);
    }

    static Type Open(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    /// <summary>Follows calls, from one method's code to the next.</summary>
    sealed class Reach
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static
            | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        static readonly Dictionary<short, OpCode> codes = typeof(OpCodes).GetFields().Select(field =>
            (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

        public HashSet<MethodBase> Methods { get; } = [];
        readonly Stack<MethodBase> left = [];
        public HashSet<Type> Types { get; } = [];
        public List<MethodBase> Direct { get; } = [];

        public static Reach From(Type table)
        {
            var reach = new Reach();
            foreach (var type in table.GetNestedTypes(Own).Prepend(table))
                foreach (var method in MethodsOf(type))
                    foreach (var member in Members(method))
                    {
                        if (member is MethodBase call && call.Module.Assembly == library) reach.Direct.Add(call);
                        reach.Add(member);
                    }
            while (reach.left.TryPop(out var next)) foreach (var member in Members(next)) reach.Add(member);
            return reach;
        }

        static IEnumerable<MethodBase> MethodsOf(Type type) =>
            [.. type.GetMethods(Own), .. type.GetConstructors(Own)];

        void Add(MemberInfo member)
        {
            if (member is MethodBase method)
            {
                if (method is MethodInfo { IsGenericMethod: true } generic)
                {
                    foreach (var argument in generic.GetGenericArguments()) Add(argument);
                    method = generic.GetGenericMethodDefinition();
                }
                if (method.DeclaringType is { } owner) Add(owner);
                if (method.Module.Assembly == library && Methods.Add(method)) left.Push(method);
            }
            else if (member is FieldInfo field) Add(field.DeclaringType!);
            else if (member is Type type)
            {
                foreach (var argument in type.GetGenericArguments()) Add(argument);
                var open = Open(type);
                if (type.IsGenericParameter || open.Assembly != library || !Types.Add(open)) return;
                // what is called through a base class or an interface
                if (typeof(Function).IsAssignableFrom(open) || typeof(Module).IsAssignableFrom(open)
                    || open.IsValueType || open.Name.StartsWith('<'))
                    foreach (var one in MethodsOf(open)) Add(one);
            }
        }

        /// <summary>The members that a method's code names.</summary>
        static IEnumerable<MemberInfo> Members(MethodBase method)
        {
            var body = method.GetMethodBody();
            if (body?.GetILAsByteArray() is not { } code) yield break;
            foreach (var local in body.LocalVariables) yield return local.LocalType;
            var ofType = method.DeclaringType is { IsGenericType: true } t ? t.GetGenericArguments() : null;
            var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
            for (var i = 0; i < code.Length;)
            {
                var value = code[i] == 0xFE ? unchecked((short)(0xFE00 | code[i + 1])) : code[i];
                i += code[i] == 0xFE ? 2 : 1;
                var kind = codes[value].OperandType;
                if (kind is OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType
                    or OperandType.InlineField)
                    yield return method.Module.ResolveMember(BitConverter.ToInt32(code, i), ofType, ofMethod)!;
                i += kind switch
                {
                    OperandType.InlineNone => 0,
                    OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                    OperandType.InlineVar => 2,
                    OperandType.InlineI8 or OperandType.InlineR => 8,
                    OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, i),
                    _ => 4,
                };
            }
        }
    }
}
