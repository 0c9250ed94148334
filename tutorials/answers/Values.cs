using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tensorlet;

namespace Tutorials;

/// <summary>
/// Values as bytes, by the types that an exercise's interface declares: numbers, arrays, tensors, variables, functions,
/// and classes and tuples made of these. A function is sent as a number, and is called where it came from.
/// </summary>
/// <param name="given">Takes a function in, and says its number.</param>
/// <param name="call">Calls a function of the other side by its number.</param>
sealed class Values(Func<Delegate, int>? given = null, Func<int, MethodInfo, object?[], object?>? call = null)
{
    /// <summary>The parts of a class: what its constructor takes, and what can be set besides. A tuple has no
    /// constructor here: all of it can be set.</summary>
    sealed record Parts(ConstructorInfo? Constructor, PropertyInfo[] Taken, FieldInfo[] Besides);

    static readonly ConcurrentDictionary<Type, Parts> known = new();
    const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    static Parts Of(Type type) => known.GetOrAdd(type, type =>
    {
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public);
        if (type.IsValueType && type.IsAssignableTo(typeof(ITuple))) return new(null, [], fields);
        var constructor = type.GetConstructors(Any).Where(c => !c.GetParameters().Any(p => p.ParameterType == type))
            .MaxBy(c => c.GetParameters().Length)!;
        return new(constructor, [.. constructor.GetParameters().Select(p => type.GetProperties(Any).Single(property =>
            property.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)))], fields);
    });

    /// <summary>What a sequence that is read by index has as elements; null for other types.</summary>
    static Type? Element(Type type) => type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
            ? type.GetGenericArguments()[0] : null;

    static bool IsFunction(Type type) => type.IsSubclassOf(typeof(Delegate));

    /// <summary>Writes a value.</summary>
    public void Write(BinaryWriter to, Type type, object? value)
    {
        if (Nullable.GetUnderlyingType(type) is { } plain)
        {
            to.Write(value is not null);
            if (value is not null) Write(to, plain, value);
            return;
        }
        if (!type.IsValueType)
        {
            to.Write(value is not null);
            if (value is null) return;
        }
        switch (value)
        {
            case int x: to.Write(x); break;
            case double x: to.Write(x); break;
            case float x: to.Write(x); break;
            case bool x: to.Write(x); break;
            case int[] x: to.Write(x.Length); to.Write(MemoryMarshal.AsBytes<int>(x)); break;
            case double[] x: to.Write(x.Length); to.Write(MemoryMarshal.AsBytes<double>(x)); break;
            case Tensor x: Write(to, x); break;
            case Variable x:
                to.Write(x.RequiresGrad && Autograd.Enabled);
                Write(to, x.Data);
                Write(to, typeof(Tensor), x.Grad?.Data);
                break;
            case Delegate { Target: Source source }:
                to.Write(-1);
                to.Write(source.Seed);
                Write(to, typeof(int[]), source.Asked.ToArray());
                break;
            case Delegate function: to.Write(given?.Invoke(function) ?? 0); break;
            case System.Collections.ICollection list when Element(type) is { } element:
                to.Write(list.Count);
                foreach (var item in list) Write(to, element, item);
                break;
            default:
                var parts = Of(type);
                foreach (var part in parts.Taken) Write(to, part.PropertyType, part.GetValue(value));
                foreach (var part in parts.Besides) Write(to, part.FieldType, part.GetValue(value));
                break;
        }
    }

    /// <summary>Reads a value.</summary>
    public object? Read(BinaryReader from, Type type) => Update(from, type, null);

    /// <summary>Reads a value into what was sent, so that what was written to it there has been written here.</summary>
    /// <returns>The same, or something new where it does not fit.</returns>
    /// <exception cref="IOException">The bytes are no such value.</exception>
    public object? Update(BinaryReader from, Type type, object? old)
    {
        if (Nullable.GetUnderlyingType(type) is { } plain) return from.ReadBoolean() ? Update(from, plain, null) : null;
        if (!type.IsValueType && !from.ReadBoolean()) return null;
        if (type == typeof(int)) return from.ReadInt32();
        if (type == typeof(double)) return from.ReadDouble();
        if (type == typeof(float)) return from.ReadSingle();
        if (type == typeof(bool)) return from.ReadBoolean();
        if (type == typeof(Tensor)) return ReadTensor(from, old as Tensor);
        if (type == typeof(Variable))
        {
            var requires = from.ReadBoolean();
            var variable = old as Variable;
            var data = ReadTensor(from, variable?.Data);
            var gradient = (Tensor?)Update(from, typeof(Tensor), null);
            variable ??= new Variable(data, requires);
            if (gradient is null || variable.Grad is null || !Same(gradient, variable.Grad.Data))
                variable.Grad = gradient is null ? null : new(gradient);
            return variable;
        }
        if (IsFunction(type)) return ReadFunction(from, type, old as Delegate);
        if (Element(type) is { } element) return ReadList(from, element, old);
        var parts = Of(type);
        object?[] taken = [.. parts.Taken.Select(part =>
            Update(from, part.PropertyType, old is null ? null : part.GetValue(old)))];
        old ??= parts.Constructor?.Invoke(taken) ?? Activator.CreateInstance(type)!;
        foreach (var part in parts.Besides)
            part.SetValue(old, Update(from, part.FieldType, parts.Constructor is null ? part.GetValue(old) : null));
        return old;
    }

    object ReadList(BinaryReader from, Type element, object? old)
    {
        var count = Count(from, from.ReadInt32());
        var list = old is Array array && array.Length == count ? array
            : (old as System.Collections.IList)?.Count == count ? null : Array.CreateInstance(element, count);
        switch (list)
        {
            case int[] x: Fill(MemoryMarshal.AsBytes(x.AsSpan())); break;
            case double[] x: Fill(MemoryMarshal.AsBytes(x.AsSpan())); break;
            case null:                                              // a list that nobody can write to, of what one can
                foreach (var item in (System.Collections.IEnumerable)old!) Update(from, element, item);
                return old;
            default:
                for (var i = 0; i < count; i++) list.SetValue(Update(from, element, list.GetValue(i)), i);
                break;
        }
        return list;

        void Fill(Span<byte> bytes) => from.BaseStream.ReadExactly(bytes);
    }

    Delegate? ReadFunction(BinaryReader from, Type type, Delegate? old)
    {
        var number = from.ReadInt32();
        if (number == -1)
        {
            var source = old?.Target as Source ?? new Source(from.ReadInt64());
            if (old is not null) from.ReadInt64();
            var asked = (int[])Read(from, typeof(int[]))!;
            if (source.Asked.Count < asked.Length) source.Asked.AddRange(asked[source.Asked.Count..]);
            return old ?? source.Next;
        }
        if (old is not null || call is null) return old;
        var method = type.GetMethod("Invoke")!;
        ParameterExpression[] parameters = [.. method.GetParameters()
            .Select(p => Expression.Parameter(p.ParameterType))];
        var body = Expression.Invoke(Expression.Constant(call), Expression.Constant(number),
            Expression.Constant(method), Expression.NewArrayInit(typeof(object), parameters
                .Select(p => Expression.Convert(p, typeof(object)))));
        return Expression.Lambda(type, method.ReturnType == typeof(void) ? body
            : Expression.Convert(body, method.ReturnType), parameters).Compile();
    }

    /// <summary>A count of elements, of which each has a byte at least.</summary>
    static int Count(BinaryReader from, long count) => count >= 0
        && count <= from.BaseStream.Length - from.BaseStream.Position ? (int)count
        : throw new InvalidDataException($"{count} elements were announced, and are not there.");

    /// <summary>
    /// A tensor with the order that its elements have in memory, so that a view arrives as a view: its axes by falling
    /// stride, of those that only repeat one element.
    /// </summary>
    static void Write(BinaryWriter to, Tensor x)
    {
        var (order, kept) = Memory(x);
        to.Write((byte)x.DType);
        to.Write(x.Device.Name);
        to.Write((byte)x.Rank);
        for (var i = 0; i < order.Length; i++)
        {
            to.Write((byte)order[i]);
            to.Write(x.Size(i));
            to.Write(kept.Size(i));
        }
        kept = kept.Permute(order).Cpu();
        to.Write(x.DType switch
        {
            DType.Bool => MemoryMarshal.AsBytes<bool>(kept.ToArray<bool>()),
            DType.Int64 => MemoryMarshal.AsBytes<long>(kept.ToArray<long>()),
            DType.Float32 => MemoryMarshal.AsBytes<float>(kept.ToArray<float>()),
            _ => MemoryMarshal.AsBytes<double>(kept.ToArray<double>()),
        });
    }

    /// <summary>The axes by falling stride, and the elements that are in memory.</summary>
    static (int[] Order, Tensor Kept) Memory(Tensor x)
    {
        var strides = x.Layout.Strides.ToArray();
        int[] order = [.. Enumerable.Range(0, x.Rank).OrderByDescending(a => strides[a])];
        for (var axis = 0; axis < x.Rank; axis++)
            if (strides[axis] == 0 && x.Size(axis) > 1) x = x.Narrow(axis, 0, 1);
        return (order, x);
    }

    static Tensor ReadTensor(BinaryReader from, Tensor? old)
    {
        var type = (DType)from.ReadByte();
        var device = from.ReadString();
        var rank = from.ReadByte();
        if (!Enum.IsDefined(type) || rank > 16) throw new InvalidDataException($"{type}, {rank} axes: no tensor.");
        int[] order = new int[rank], shape = new int[rank], sizes = new int[rank];
        for (var i = 0; i < rank; i++)
            (order[i], shape[i], sizes[i]) = (from.ReadByte(), from.ReadInt32(), from.ReadInt32());
        if (!order.Order().SequenceEqual(Enumerable.Range(0, rank))
            || shape.Zip(sizes).Any(s => s.First < 0 || (s.Second != s.First && s.Second != 1)))
            throw new InvalidDataException($"({string.Join(", ", shape)}): no shape.");
        var count = Count(from, sizes.Aggregate(1L, (a, b) => checked(a * b)) * type.Size()) / type.Size();
        int[] inMemory = [.. order.Select(axis => sizes[axis])], back = new int[rank];
        for (var i = 0; i < rank; i++) back[order[i]] = i;
        var kept = type switch
        {
            DType.Bool => Tensor.From(Elements<bool>(), inMemory),
            DType.Int64 => Tensor.From(Elements<long>(), inMemory),
            DType.Float32 => Tensor.From(Elements<float>(), inMemory),
            _ => Tensor.From(Elements<double>(), inMemory),
        };
        if (old is null)
            return kept.To(device switch
            {
                "cpu" => Device.Cpu,
                "reference" => Device.Reference,
                _ => Device.Simulated,
            }).Permute(back).Expand(shape);
        var written = Memory(old).Kept;
        kept = kept.Permute(back);
        if (kept.Shape.SequenceEqual(written.Shape) && !Same(kept, written)) written.Copy_(kept.To(written.Device));
        return old;

        T[] Elements<T>() where T : unmanaged
        {
            var elements = new T[count];
            from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(elements.AsSpan()));
            return elements;
        }
    }

    static bool Same(Tensor a, Tensor b) => a.DType == b.DType && a.Shape.SequenceEqual(b.Shape)
        && a.Cpu().ToArray<double>().SequenceEqual(b.Cpu().ToArray<double>());
}
