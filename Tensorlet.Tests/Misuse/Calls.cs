using System.Collections;
using System.Reflection;
using System.Reflection.Emit;

namespace Tensorlet.Tests.Misuse;

/// <summary>Calls members by reflection, also those with spans, which reflection alone cannot call.</summary>
static class Calls
{
    static readonly Dictionary<MethodBase, Func<object?, object?[], object?>> compiled = [];

    public static object? Invoke(MethodBase member, object? receiver, object?[] arguments)
    {
        var hasSpan = member.GetParameters().Any(p => p.ParameterType.IsByRefLike)
            || (member is MethodInfo { ReturnType.IsByRefLike: true });
        if (!hasSpan) return member is ConstructorInfo constructor
            ? constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null)
            : member.Invoke(receiver, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        if (!compiled.TryGetValue(member, out var call)) compiled[member] = call = Compile(member);
        return call(receiver, arguments);
    }

    /// <summary>An array replaces each span; a result that is a span is dropped.</summary>
    static Func<object?, object?[], object?> Compile(MethodBase member)
    {
        var method = new DynamicMethod("", typeof(object), [typeof(object), typeof(object[])], typeof(Calls), true);
        var code = method.GetILGenerator();
        if (!member.IsStatic && member is MethodInfo)
        {
            code.Emit(OpCodes.Ldarg_0);
            code.Emit(member.DeclaringType!.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, member.DeclaringType);
        }
        foreach (var (i, type) in member.GetParameters().Select(p => p.ParameterType).Index())
        {
            code.Emit(OpCodes.Ldarg_1);
            code.Emit(OpCodes.Ldc_I4, i);
            code.Emit(OpCodes.Ldelem_Ref);
            if (type.IsByRefLike)
            {
                var array = type.GetGenericArguments()[0].MakeArrayType();
                code.Emit(OpCodes.Castclass, array);
                code.Emit(OpCodes.Call, type.GetMethod("op_Implicit", [array])!);
            }
            else code.Emit(OpCodes.Unbox_Any, type);
        }
        if (member is ConstructorInfo constructor) code.Emit(OpCodes.Newobj, constructor);
        else code.Emit(member.IsStatic ? OpCodes.Call : OpCodes.Callvirt, (MethodInfo)member);
        var result = (member as MethodInfo)?.ReturnType ?? member.DeclaringType!;
        if (result.IsByRefLike) code.Emit(OpCodes.Pop);
        if (result.IsByRefLike || result == typeof(void)) code.Emit(OpCodes.Ldnull);
        else code.Emit(OpCodes.Box, result);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object?, object?[], object?>>();
    }

    /// <summary>Enumerates the result of a call, because lazy results fail only then, and releases it.</summary>
    public static void Consume(object? result)
    {
        if (result is IEnumerable items and not string && result is not Array)
            foreach (var _ in items.Cast<object?>().Take(20)) { }
        else if (result is IEnumerator all)
            for (var i = 0; i < 20 && all.MoveNext(); i++) { }
        (result as IDisposable)?.Dispose();
    }
}
