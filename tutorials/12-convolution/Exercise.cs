using Tensorlet;

namespace Tutorials.Chapter12;

/// <summary>
/// Exercise 12: the three gradients of a convolution y[n,o,i,j] = b[o] + Σ w[o,c,k,l]·x[n,c,i+k,j+l], with stride 1 and
/// without padding. Images x are (N, C, H, W), filters w (O, C, KH, KW), results y and their gradients dy (N, O, OH,
/// OW), where OH = H − KH + 1 and OW = W − KW + 1. All have one element type, which the gradients have too. Write to no
/// tensor that is given to you. The engine's convolutions, its <c>Unfold</c> and its tape are not to be used.
/// </summary>
public sealed class Mine : IConvolutionGradients
{
    /// <summary>The gradient by the bias, (O).</summary>
    /// <param name="dy">The gradient by the result, (N, O, OH, OW).</param>
    public Tensor ByBias(Tensor dy) =>
        throw new Todo("sum over everything in which one number of the bias was used");

    /// <summary>The gradient by the filters, (O, C, KH, KW).</summary>
    /// <param name="x">The images, (N, C, H, W).</param>
    /// <param name="dy">The gradient by the result, (N, O, OH, OW).</param>
    public Tensor ByFilters(Tensor x, Tensor dy) =>
        throw new Todo("contract the windows of the images with the gradient");

    /// <summary>The gradient by the images, (N, C, H, W).</summary>
    /// <param name="w">The filters, (O, C, KH, KW).</param>
    /// <param name="dy">The gradient by the result, (N, O, OH, OW).</param>
    public Tensor ByInput(Tensor w, Tensor dy) =>
        throw new Todo("give each pixel the gradients of all windows that it was in");
}
