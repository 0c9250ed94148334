namespace Tensorlet.Nn;

/// <summary>
/// A variable that is trained. Each <see cref="Parameter"/> in a field or an automatic property of a module is a
/// parameter of this module. The same is true for each <see cref="Variable"/> that was created with <c>requiresGrad:
/// true</c>.
/// </summary>
/// <param name="data">The initial values.</param>
/// <exception cref="DTypeException">The values are integers or Booleans.</exception>
public sealed class Parameter(Tensor data) : Variable(data, requiresGrad: true);
