using System.Diagnostics;
using System.Reflection;
using Tensorlet;
using Barrier = Tutorials.Chapter11.Barrier;

namespace Tutorials;

/// <summary>
/// The side of the answer: it makes an object of the class <c>Mine</c>, calls its methods with what the grader sends,
/// and sends back what they give.
/// </summary>
sealed class Answering
{
    readonly Link link;
    readonly Printer printer;
    readonly Values values;
    readonly List<(Variable Given, Variable[] By)> variables = [];
    readonly List<IEnumerator<Barrier>> sequences = [];
    Type? asked, answer;
    object? mine;

    public Answering(Link link, Printer printer) =>
        (this.link, this.printer, values) = (link, printer, new Values(call: Ask));

    /// <summary>Does what is asked for until nobody asks any more.</summary>
    public void Run()
    {
        while (link.Receive() is var (kind, from)) Do(kind, from);
    }

    void Do(Kind kind, BinaryReader from)
    {
        try
        {
            var reply = kind switch
            {
                Kind.Load => Load(from.ReadString(), from.ReadString(), Bytes(from), Bytes(from)),
                Kind.New => New(),
                Kind.Call => Call(asked!.GetMethod(from.ReadString())!, from),
                Kind.Next => Next(from.ReadInt32()),
                Kind.Gradient => Gradient(from.ReadInt32(), (Tensor)values.Read(from, typeof(Tensor))!),
                _ => throw new InvalidOperationException($"{kind} is nothing that an answer is asked for."),
            };
            printer.EndLine();
            link.Send(Kind.Returned, reply);
        }
        catch (Exception e)
        {
            printer.EndLine();
            link.Send(Kind.Threw, to => Report(e, to));
        }
    }

    static byte[] Bytes(BinaryReader from) => from.ReadBytes(from.ReadInt32());

    Action<BinaryWriter> Load(string space, string name, byte[] assembly, byte[] symbols)
    {
        asked = typeof(Answering).Assembly.GetType($"{space}.{name}", throwOnError: true);
        answer = Assembly.Load(assembly, symbols).GetType($"{space}.Mine");
        var there = asked!.IsAssignableFrom(answer);
        return to => to.Write(there);
    }

    Action<BinaryWriter> New()
    {
        printer.Begin();
        variables.Clear();
        sequences.Clear();
        mine = Activator.CreateInstance(answer!, BindingFlags.Instance | BindingFlags.Public
            | BindingFlags.DoNotWrapExceptions, null, null, null);
        return _ => { };
    }

    /// <summary>What the method gives, and what its arguments are afterwards if that is something else.</summary>
    Action<BinaryWriter> Call(MethodInfo method, BinaryReader from)
    {
        var parameters = method.GetParameters();
        var arguments = Array.ConvertAll(parameters, p => values.Read(from, p.ParameterType));
        byte[] All()
        {
            using var bytes = new MemoryStream();
            using var to = new BinaryWriter(bytes);
            foreach (var (parameter, argument) in parameters.Zip(arguments))
                values.Write(to, parameter.ParameterType, argument);
            return bytes.ToArray();
        }
        Variable[] by = [.. arguments.SelectMany(a => a is Variable v ? [v] : a as IEnumerable<Variable> ?? [])];
        var before = All();
        var given = method.Invoke(mine, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        var after = All();
        return to =>
        {
            if (method.ReturnType == typeof(Variable)) Write(to, (Variable?)given, by);
            else if (method.ReturnType == typeof(IEnumerable<Barrier>)) Write(to, (IEnumerable<Barrier>?)given);
            else if (method.ReturnType != typeof(void)) values.Write(to, method.ReturnType, given);
            var changed = !before.AsSpan().SequenceEqual(after);
            to.Write(changed);
            if (changed) to.Write(after);
        };
    }

    /// <summary>A variable: its numbers, and where it is on the tape by the number under which it is kept.</summary>
    void Write(BinaryWriter to, Variable? variable, Variable[] by)
    {
        values.Write(to, typeof(Tensor), variable?.Data);
        if (variable is null) return;
        to.Write(variable.RequiresGrad ? variables.Count : -1);
        if (variable.RequiresGrad) variables.Add((variable, by));
    }

    void Write(BinaryWriter to, IEnumerable<Barrier>? sequence)
    {
        to.Write(sequence is null ? -1 : sequences.Count);
        if (sequence is not null) sequences.Add(sequence.GetEnumerator());
    }

    Action<BinaryWriter> Next(int sequence)
    {
        var more = sequences[sequence].MoveNext();
        return to => to.Write(more);
    }

    /// <summary>The gradients of a variable by those that it was made of, which have gradients themselves.</summary>
    Action<BinaryWriter> Gradient(int number, Tensor gradient)
    {
        var (given, by) = variables[number];
        var incoming = new Variable(gradient, requiresGrad: true);
        Variable[] needed = [.. by.Where(x => x.RequiresGrad)];
        var gradients = Autograd.Grad([given], needed, [incoming], createGraph: true);
        return to =>
        {
            foreach (var x in by)
                Write(to, x.RequiresGrad ? gradients[Array.IndexOf(needed, x)] : null, [.. by, incoming]);
        };
    }

    /// <summary>Calls a function that the grader gave.</summary>
    object? Ask(int number, MethodInfo method, object?[] arguments)
    {
        link.Send(Kind.Ask, to =>
        {
            to.Write(number);
            foreach (var (parameter, argument) in method.GetParameters().Zip(arguments))
                values.Write(to, parameter.ParameterType, argument);
        });
        if (link.Receive() is not var (kind, from)) throw new EndOfStreamException("The grader has ended.");
        return kind != Kind.Returned ? throw new Rejected(from.ReadString())
            : method.ReturnType == typeof(void) ? null : values.Read(from, method.ReturnType);
    }

    /// <summary>What was thrown, and in which line of the answer.</summary>
    static void Report(Exception thrown, BinaryWriter to)
    {
        var e = thrown;
        while (e is TypeInitializationException or TargetInvocationException && e.InnerException is { } inner)
            e = inner;
        var place = new StackTrace(e, fNeedFileInfo: true).GetFrames()
            .FirstOrDefault(f => Path.GetFileName(f.GetFileName()) == "Exercise.cs");
        string message;
        try { message = e.Message; }
        catch (Exception) { message = "(its message cannot be read)"; }
        to.Write(e is Todo ? nameof(Todo) : e is OutOfMemoryException || e.InnerException is OutOfMemoryException
            ? nameof(OutOfMemoryException) : e.GetType().Name);
        to.Write(message.Length > 4000 ? message[..4000] + "…" : message);
        to.Write(place?.GetFileLineNumber() ?? 0);
    }
}
