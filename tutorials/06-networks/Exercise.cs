using Tensorlet;

namespace Tutorials.Chapter06;

/// <summary>
/// Exercise 6: cross-entropy, forward and backward, written by hand. Scores have shape (N, C), a row for each sample
/// and a column for each class; targets have shape (N), the number of the right class of each sample as Int64. A
/// tensor has no logarithm: make it a variable, as in <c>new Variable(x).Log().Data</c>. Do without
/// <c>Softmax</c>, <c>LogSoftmax</c>, <c>LogSumExp</c> and <c>F.CrossEntropy</c>, which are what is to be written, and
/// without the tape.
/// </summary>
public sealed class Mine : ICrossEntropy
{
    /// <summary>x − ln Σ eˣ, the sum along each row, for scores as large as ±1000.</summary>
    /// <param name="scores">(N, C).</param>
    /// <returns>Logarithms of probabilities, (N, C).</returns>
    public Tensor LogSoftmax(Tensor scores) =>
        throw new Todo("the logarithm of the softmax of each row");

    /// <summary>The mean over the rows of −ln softmax at the right class.</summary>
    /// <param name="scores">(N, C).</param>
    /// <param name="targets">(N), Int64.</param>
    /// <returns>One number.</returns>
    public double Loss(Tensor scores, Tensor targets) =>
        throw new Todo("the mean of minus the logarithm of the right class's probability");

    /// <summary>The gradient of <see cref="Loss"/> with respect to the scores.</summary>
    /// <param name="scores">(N, C).</param>
    /// <param name="targets">(N), Int64.</param>
    /// <returns>(N, C).</returns>
    public Tensor Gradient(Tensor scores, Tensor targets) =>
        throw new Todo("the gradient of the loss by the scores");
}
