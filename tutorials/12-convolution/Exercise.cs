using Tensorlet;

namespace Tutorials.Chapter12;

/// <summary>
/// Exercise 12: the three gradients of a convolution y[n,o,i,j] = b[o] + Σ w[o,c,k,l]·x[n,c,i+k,j+l], with stride 1 and
/// without padding. Images x are (N, C, H, W), filters w (O, C, KH, KW), results y and their gradients dy (N, O, OH,
/// OW), where OH = H − KH + 1 and OW = W − KW + 1. All have the same element type, and so have the gradients. Do not
/// write to the tensors that you are given.
/// </summary>
public sealed class Mine : IConvolutionGradients
{
    /// <summary>The gradient with respect to the bias, (O).</summary>
    /// <param name="dy">The gradient with respect to the result, (N, O, OH, OW).</param>
    public Tensor ByBias(Tensor dy) =>
        throw new Todo("sum over everything in which one number of the bias was used");

    /// <summary>The gradient with respect to the filters, (O, C, KH, KW).</summary>
    /// <param name="x">The images, (N, C, H, W).</param>
    /// <param name="dy">The gradient with respect to the result, (N, O, OH, OW).</param>
    public Tensor ByFilters(Tensor x, Tensor dy) =>
        throw new Todo("contract the windows of the images with the gradient");

    /// <summary>The gradient with respect to the images, (N, C, H, W).</summary>
    /// <param name="w">The filters, (O, C, KH, KW).</param>
    /// <param name="dy">The gradient with respect to the result, (N, O, OH, OW).</param>
    public Tensor ByInput(Tensor w, Tensor dy) =>
        throw new Todo("give each pixel the gradients of all windows that it was in");
}
