using Tensorlet;

namespace Tutorials.Chapter09;

/// <summary>
/// Exercise 9: max pooling over windows of 2 × 2 that lie side by side. Images are (N, C, H, W), results (N, C, H/2,
/// W/2), rounded down: where H or W is odd, the last row or column is in no window. A window with a NaN gives NaN.
/// Results have the element type of the images. Write to no tensor that is given to you. The engine's
/// pooling and its tape are not to be used.
/// </summary>
public sealed class Mine : IMaxPool
{
    /// <summary>The maximum of each window.</summary>
    /// <param name="x">Images, (N, C, H, W).</param>
    public Tensor Forward(Tensor x) => throw new Todo("the largest of each window of 2 × 2");

    /// <summary>The gradient with respect to the images.</summary>
    /// <param name="x">The images as they were, (N, C, H, W).</param>
    /// <param name="dy">The gradient with respect to the result, (N, C, H/2, W/2).</param>
    /// <returns>
    /// (N, C, H, W): each window gives its gradient to the element that Forward took; of several equal ones to the
    /// first as one reads, row by row (of several NaNs to the first NaN). All others get 0.
    /// </returns>
    public Tensor Backward(Tensor x, Tensor dy) => throw new Todo("the gradient to where the largest was, 0 elsewhere");
}
