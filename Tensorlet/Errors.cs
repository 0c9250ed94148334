namespace Tensorlet;

/// <summary>
/// Thrown when Tensorlet is asked for something that it cannot do. Every message names the operation, and says what was
/// given, why this is not possible, and what usually helps. A single operation that throws this exception has changed
/// nothing. Anything that consists of several operations, for example a backward pass or a network, may already have
/// done a part of its work.
/// </summary>
public class TensorletException(string message, Exception? inner = null) : Exception(message, inner)
{
    string? said;
    bool settled;

    /// <inheritdoc/>
    public override string Message => said ?? base.Message;

    /// <summary>
    /// The message begins with the name of an operation. This method replaces that name with
    /// <paramref name="operation"/>, the name of the operation that called the first operation. The method is
    /// called in the filter of a catch clause, and returns false, so that the clause catches nothing.
    /// </summary>
    internal bool By(string operation)
    {
        if (!settled) said = operation + Message[Math.Max(0, Message.IndexOf(':'))..];
        return false;
    }

    /// <summary>
    /// The message begins with the name of an operation. This method replaces that name with the name of
    /// <paramref name="module"/>, if the module belongs to the library. If modules are nested, only the innermost
    /// module is considered. If the innermost module is the user's own, the message keeps the name of the
    /// operation. The method is called in the filter of a catch clause, and returns false, so that the clause
    /// catches nothing.
    /// </summary>
    internal bool In(Type module)
    {
        if (module.Assembly == typeof(TensorletException).Assembly) By(module.Name);
        return !(settled = true);
    }
}

/// <summary>Operations that are composed of other operations.</summary>
static class Composed
{
    /// <summary>
    /// Makes a composed operation appear under a single name: errors from the operations that it consists of show
    /// this name, and so does the function that computed the result.
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

/// <summary>An operation does not accept the element type that it was given.</summary>
public sealed class DTypeException(string message) : TensorletException(message);

/// <summary>The operands are on different devices, or a device does not exist.</summary>
public sealed class DeviceException(string message, Exception? inner = null) : TensorletException(message, inner);

/// <summary>An index or an axis is out of range.</summary>
public sealed class IndexException(string message) : TensorletException(message);

/// <summary>
/// The tape (see <see cref="Autograd"/>) or an optimizer cannot do what it was asked to do. For example, there is no
/// graph, the graph has been freed, or a value has been changed after the tape saved it.
/// </summary>
public sealed class AutogradException(string message) : TensorletException(message);

/// <summary>
/// A matrix has no inverse, or cannot be factorized in the requested way: the matrix is singular or not positive
/// definite, or contains an infinite element or NaN.
/// </summary>
public sealed class LinAlgException(string message, Exception? inner = null) : TensorletException(message, inner);
