namespace Tensorlet;

/// <summary>
/// What Tensorlet throws when it is asked for something that cannot be done. Every message names the operation, what
/// was given, what disagrees and what usually helps; nothing has been changed when it is thrown.
/// </summary>
public class TensorletException(string message, Exception? inner = null) : Exception(message, inner)
{
    string? said;
    bool settled;

    /// <inheritdoc/>
    public override string Message => said ?? base.Message;

    /// <summary>
    /// Names an operation in the place of one that it calls. As the filter of a catch clause it catches nothing.
    /// </summary>
    internal bool By(string operation)
    {
        if (!settled) said = operation + Message[Math.Max(0, Message.IndexOf(':'))..];
        return false;
    }

    /// <summary>Names a module of the library. The innermost module has the last word, the user's own too.</summary>
    internal bool In(Type module)
    {
        if (module.Assembly == typeof(TensorletException).Assembly) By(module.Name);
        return !(settled = true);
    }
}

/// <summary>Operations that are made of others.</summary>
static class Composed
{
    /// <summary>
    /// The result of a composition under the name of the whole: errors of its parts name it, and so does the function
    /// that gave the result.
    /// </summary>
    public static T Named<T>(Func<T> compose, [CallerMemberName] string name = "")
    {
        var before = Function.Created;
        try
        {
            var result = compose();
            if (result is Variable { GradFn: { } function } && function.Id > before) function.Operation = name;
            return result;
        }
        catch (TensorletException e) when (e.By(name)) { throw; }
    }
}

/// <summary>Sizes or axes that do not fit together.</summary>
public sealed class ShapeException(string message) : TensorletException(message);

/// <summary>An element type that the operation does not take.</summary>
public sealed class DTypeException(string message) : TensorletException(message);

/// <summary>Operands on different devices, or a device that is not there.</summary>
public sealed class DeviceException(string message, Exception? inner = null) : TensorletException(message, inner);

/// <summary>An index or axis outside of its range.</summary>
public sealed class IndexException(string message) : TensorletException(message);

/// <summary>
/// Something the tape cannot do: no graph, a graph already freed, a saved value that has changed since.
/// </summary>
public sealed class AutogradException(string message) : TensorletException(message);

/// <summary>A matrix that has no such inverse or factors: it is singular, not positive definite, not finite.</summary>
public sealed class LinAlgException(string message, Exception? inner = null) : TensorletException(message, inner);
