using Tensorlet;

namespace Tutorials.Chapter14;

/// <summary>
/// Exercise 14: an embedding, forward and backward. Forward looks rows of a table up by their numbers. Backward adds
/// the gradient of each row that was looked up to that row's gradient, as often as it was looked up. The engine's
/// embedding and its tape are not to be used. Results have the type of the table, or of the gradient.
/// </summary>
public sealed class Mine : IEmbedding
{
    /// <summary>Looks rows up.</summary>
    /// <param name="index">Row numbers, Int64, of any shape: (L), (N, L), …</param>
    /// <param name="table">(V, D): V rows of D numbers.</param>
    /// <returns>The shape of the index, and behind it D: (L, D), (N, L, D), …</returns>
    public Tensor Forward(Tensor index, Tensor table) => throw new Todo("the row of each number");

    /// <summary>The gradient with respect to the table.</summary>
    /// <param name="index">The argument of forward.</param>
    /// <param name="dy">The gradient with respect to what forward gave, of its shape. It is not to be changed.</param>
    /// <param name="rows">V, the number of rows of the table.</param>
    /// <param name="padding">A row that gets no gradient, if given: it is used where a text has ended.</param>
    /// <returns>(V, D)</returns>
    public Tensor Backward(Tensor index, Tensor dy, int rows, int? padding) =>
        throw new Todo("for each row of the table, the sum of its gradients");
}
