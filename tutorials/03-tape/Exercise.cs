using Tensorlet;

namespace Tutorials.Chapter03;

/// <summary>
/// Exercise 3: the gradient of an operand that was broadcast. On the way forward its elements were repeated along some
/// axes; on the way back, each element gets the sum of the gradients of its copies. It is
/// to be written with sums, and not left to the tape. Write to no tensor that is given to you.
/// </summary>
public sealed class Mine : IBroadcast
{
    /// <summary>Sums a gradient to the shape of the operand.</summary>
    /// <param name="gradient">The gradient with respect to the broadcast operand.</param>
    /// <param name="shape">
    /// The operand's shape before: it may have fewer axes, which are missing in front, and axes of size 1.
    /// </param>
    public Tensor Unbroadcast(Tensor gradient, int[] shape) =>
        throw new Todo("sum the gradient over the axes along which the operand was repeated");
}
