namespace Tensorlet;

/// <summary>
/// What Tensorlet throws when it is asked for something that cannot be done. Every message names the operation, what
/// was given, what disagrees and what usually helps; nothing has been changed when it is thrown.
/// </summary>
public class TensorletException(string message, Exception? inner = null) : Exception(message, inner);

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
