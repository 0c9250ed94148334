using Tensorlet;

namespace Tutorials.Chapter12;

/// <summary>
/// Exercise 12: the three gradients of a convolution y[n,o,i,j] = b[o] + Σ w[o,c,k,l]·x[n,c,S·i+k−P,S·j+l−P], with
/// stride S and padding P: x counts as 0 outside of the image. Begin with S = 1 and P = 0, which the first steps ask
/// for. Images x are (N, C, H, W), filters w (O, C, KH, KW), results y and their gradients dy (N, O, OH, OW), where
/// OH = (H + 2·P − KH)/S + 1 and OW = (W + 2·P − KW)/S + 1; here these divisions leave no remainder. All have one
/// element type, which the gradients have too. Write to no tensor that is given to you. The engine's convolutions, its
/// <c>Unfold</c> and its tape are not to be used.
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
    /// <param name="stride">S, at least 1.</param>
    /// <param name="padding">P, at least 0.</param>
    public Tensor ByFilters(Tensor x, Tensor dy, int stride, int padding) =>
        throw new Todo("contract the windows of the images with the gradient");

    /// <summary>The gradient with respect to the images, (N, C, H, W).</summary>
    /// <param name="w">The filters, (O, C, KH, KW).</param>
    /// <param name="dy">The gradient with respect to the result, (N, O, OH, OW).</param>
    /// <param name="stride">S, at least 1.</param>
    /// <param name="padding">P, at least 0.</param>
    public Tensor ByInput(Tensor w, Tensor dy, int stride, int padding) =>
        throw new Todo("give each pixel the gradients of all windows that it was in");
}
