using Tensorlet;

namespace Tutorials.Chapter12;

/// <summary>What exercise 12 asks for: the gradients of a convolution.</summary>
public interface IConvolutionGradients
{
    /// <summary>By the bias, (O).</summary>
    Tensor ByBias(Tensor dy);

    /// <summary>By the filters, (O, C, KH, KW), from images (N, C, H, W) and dy (N, O, OH, OW).</summary>
    Tensor ByFilters(Tensor x, Tensor dy, int stride = 1, int padding = 0);

    /// <summary>By the images, (N, C, H, W), from filters (O, C, KH, KW) and dy (N, O, OH, OW).</summary>
    Tensor ByInput(Tensor w, Tensor dy, int stride = 1, int padding = 0);
}
