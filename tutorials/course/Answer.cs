using System.Reflection;
using Tensorlet;
using Barrier = Tutorials.Chapter11.Barrier;

namespace Tutorials;

/// <summary>An answer threw an exception in its process.</summary>
sealed class AnswerException(string name, string message, int line) : Exception(message)
{
    /// <summary>The name of the exception's class.</summary>
    public string Name => name;
    /// <summary>The line of Exercise.cs; 0 where it is not known.</summary>
    public int Line => line;
}

/// <summary>
/// An answer in a process of its own. Graders talk to <see cref="Mine"/>, an object that sends each call there and
/// gives back what comes; so they run here, and no code of the answer does.
/// </summary>
sealed class Answer : IDisposable
{
    readonly Child child;
    readonly Compiled compiled;
    readonly Values values;
    readonly List<Delegate> functions = [];
    readonly Dictionary<Delegate, int> numbers = [];

    /// <summary>Starts the process and loads the answer.</summary>
    /// <exception cref="AnswerException">The answer's assembly cannot be loaded.</exception>
    /// <exception cref="LostException">The process ended.</exception>
    public Answer(Exercise exercise, Compiled compiled, Allowance allowance)
    {
        values = new(given: function =>
        {
            if (!numbers.TryGetValue(function, out var number))
            {
                numbers[function] = number = functions.Count;
                functions.Add(function);
            }
            return number;
        });
        this.compiled = compiled;
        child = new(typeof(Todo).Assembly.Location, allowance, alone: true);
        try
        {
            IsThere = Ask(Kind.Load, to =>
            {
                to.Write(exercise.Chapter.Space);
                to.Write(exercise.Asked.Name);
                foreach (var bytes in new[] { compiled.Assembly!, compiled.Symbols! })
                {
                    to.Write(bytes.Length);
                    to.Write(bytes);
                }
            }, from => from.ReadBoolean());
        }
        catch (Exception)
        {
            child.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is a class Mine with the exercise's interface.</summary>
    public bool IsThere { get; }

    /// <summary>Called with what the answer prints.</summary>
    public Action<string>? Printed { set => child.Printed = value; }

    /// <summary>How long the answer has worked since <see cref="Make"/>.</summary>
    public TimeSpan Worked => child.Worked;

    /// <summary>A new object of the answer's class, which has all of the time.</summary>
    public T Make<T>() where T : class
    {
        child.StartClock();
        functions.Clear();
        numbers.Clear();
        Ask(Kind.New, null, _ => true);
        var proxy = DispatchProxy.Create<T, Mine>();
        ((Mine)(object)proxy).Answer = this;
        return proxy;
    }

    /// <summary>The answer behind an object; null where the object is of this process.</summary>
    public static Answer? Of(object mine) => (mine as Mine)?.Answer;

    /// <summary>The types of formulas that a kernel could not reach.</summary>
    public IReadOnlyList<string> Hidden => compiled.Hidden;

    /// <summary>Stands for the object in the other process.</summary>
    public class Mine : DispatchProxy
    {
        internal Answer Answer { get; set; } = null!;

        /// <inheritdoc/>
        protected override object? Invoke(MethodInfo? method, object?[]? arguments) =>
            Answer.Call(method!, arguments ?? []);
    }

    object? Call(MethodInfo method, object?[] arguments)
    {
        var parameters = method.GetParameters();
        Variable[] by = [.. arguments.SelectMany(a => a is Variable v ? [v] : a as IEnumerable<Variable> ?? [])];
        return Ask(Kind.Call, to =>
        {
            to.Write(method.Name);
            foreach (var (parameter, argument) in parameters.Zip(arguments))
                values.Write(to, parameter.ParameterType, argument);
        }, from =>
        {
            object? given = null;
            if (method.ReturnType == typeof(Variable)) given = ReadVariable(from, by);
            else if (method.ReturnType == typeof(IEnumerable<Barrier>)) given = ReadSequence(from);
            else if (method.ReturnType != typeof(void)) given = values.Read(from, method.ReturnType);
            if (from.ReadBoolean())
                foreach (var (parameter, argument) in parameters.Zip(arguments))
                    values.Update(from, parameter.ParameterType, argument);
            return given;
        });
    }

    Variable? ReadVariable(BinaryReader from, Variable[] by)
    {
        if (values.Read(from, typeof(Tensor)) is not Tensor data) return null;
        var number = from.ReadInt32();
        return number < 0 ? new Variable(data) : new Recorded(this, number, data).Apply(by);
    }

    IEnumerable<Barrier>? ReadSequence(BinaryReader from)
    {
        var number = from.ReadInt32();
        return number < 0 ? null : Barriers();

        IEnumerable<Barrier> Barriers()
        {
            while (Ask(Kind.Next, to => to.Write(number), more => more.ReadBoolean())) yield return default;
        }
    }

    /// <summary>A variable that the answer has made: its gradients are those of the tape in its process.</summary>
    sealed class Recorded(Answer answer, int number, Tensor result) : Function
    {
        public override string Name => "Answer";

        protected override Tensor Forward()
        {
            Save();
            return result;
        }

        public override Variable?[] Backward(Variable gradient)
        {
            Variable[] by = [.. Enumerable.Range(0, NextFunctions.Count).Select(Input)];
            return answer.Ask(Kind.Gradient, to =>
            {
                to.Write(number);
                answer.values.Write(to, typeof(Tensor), gradient.Data);
            }, from => Array.ConvertAll(by, _ => answer.ReadVariable(from, [.. by, gradient])));
        }
    }

    /// <summary>Sends, answers what is asked meanwhile, and reads what comes back.</summary>
    T Ask<T>(Kind kind, Action<BinaryWriter>? write, Func<BinaryReader, T> read)
    {
        Exception? rejected = null;                     // by a function that the answer was given
        try
        {
            while (true)
            {
                var (got, from) = child.Ask(kind, write);
                if (got == Kind.Ask)
                {
                    try { (kind, write) = (Kind.Returned, rejected is null ? Function(from) : throw rejected); }
                    catch (Exception e) when (e is Rejected or TargetInvocationException)
                    {
                        rejected ??= e as Rejected ?? e.InnerException as Rejected;
                        (kind, write) = (Kind.Threw, to => to.Write(
                            $"What you were given cannot be called like this: {e.InnerException?.Message}"));
                    }
                    continue;
                }
                if (rejected is not null) throw rejected;
                if (got == Kind.Returned) return read(from);
                if (got != Kind.Threw) throw new InvalidDataException($"{got} is no reply.");
                var (name, message, line) = (from.ReadString(), from.ReadString(), from.ReadInt32());
                throw name switch
                {
                    nameof(Todo) => new Todo(message),
                    nameof(Rejected) => new Rejected(message),
                    nameof(OutOfMemoryException) => new Rejected(Child.OutOfMemory),
                    _ => new AnswerException(name, message, line),
                };
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException
            or OverflowException or ArgumentException or TensorletException)
        {
            child.Dispose();
            throw new LostException(Child.Disturbed);
        }
    }

    /// <summary>Calls a function that the answer asks for.</summary>
    Action<BinaryWriter> Function(BinaryReader from)
    {
        var number = from.ReadInt32();
        if (number < 0 || number >= functions.Count) throw new InvalidDataException($"There is no function {number}.");
        var function = functions[number];
        var method = function.GetType().GetMethod("Invoke")!;
        var arguments = Array.ConvertAll(method.GetParameters(), p => values.Read(from, p.ParameterType));
        var given = function.DynamicInvoke(arguments);
        return to =>
        {
            if (method.ReturnType != typeof(void)) values.Write(to, method.ReturnType, given);
        };
    }

    public void Dispose() => child.Dispose();
}
