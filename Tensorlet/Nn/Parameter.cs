namespace Tensorlet.Nn;

/// <summary>
/// A variable that is trained. The parameters of a module are its fields and properties of this type. A
/// <see cref="Variable"/> that requires a gradient is a parameter, too.
/// </summary>
/// <param name="data">The initial values.</param>
/// <exception cref="DTypeException">The values are integers or Booleans.</exception>
public sealed class Parameter(Tensor data) : Variable(data, requiresGrad: true);
