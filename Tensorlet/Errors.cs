namespace Tensorlet;

/// <summary>
/// Thrown when Tensorlet is asked for something that it cannot do. Every message names the operation, what was given,
/// what does not agree, and what usually helps. Nothing has changed when it is thrown.
/// </summary>
public class TensorletException(string message, Exception? inner = null) : Exception(message, inner)
{
    string? said;
    bool settled;

    /// <inheritdoc/>
    public override string Message => said ?? base.Message;

    /// <summary>
    /// Replaces the name of an operation in the message by that of the operation that called it. It is used as the
    /// filter of a catch clause, and catches nothing.
    /// </summary>
    internal bool By(string operation)
    {
        if (!settled) said = operation + Message[Math.Max(0, Message.IndexOf(':'))..];
        return false;
    }

    /// <summary>
    /// Puts the name of a module of the library before the message. If modules are nested, the innermost one is named,
    /// also if it is the user's own.
    /// </summary>
    internal bool In(Type module)
    {
        if (module.Assembly == typeof(TensorletException).Assembly) By(module.Name);
        return !(settled = true);
    }
}

/// <summary>Operations that are composed of others.</summary>
static class Composed
{
    /// <summary>
    /// Gives the result of a composed operation the name of the whole: errors of its parts show this name, and so does
    /// the function that computed the result.
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

/// <summary>Sizes or axes do not fit together.</summary>
public sealed class ShapeException(string message) : TensorletException(message);

/// <summary>The operation does not accept this element type.</summary>
public sealed class DTypeException(string message) : TensorletException(message);

/// <summary>The operands are on different devices, or a device does not exist.</summary>
public sealed class DeviceException(string message, Exception? inner = null) : TensorletException(message, inner);

/// <summary>An index or an axis is out of range.</summary>
public sealed class IndexException(string message) : TensorletException(message);

/// <summary>
/// Something that the tape cannot do: there is no graph, the graph has been freed, or a saved value has changed since.
/// </summary>
public sealed class AutogradException(string message) : TensorletException(message);

/// <summary>A matrix has no inverse or no such factors: it is singular, not positive definite, or not finite.</summary>
public sealed class LinAlgException(string message, Exception? inner = null) : TensorletException(message, inner);
