using Tensorlet;

namespace Tutorials.Chapter12;

/// <summary>What exercise 12 asks for: the gradients of a convolution with stride 1 and without padding.</summary>
public interface IConvolutionGradients
{
    /// <summary>By the bias, (O).</summary>
    Tensor ByBias(Tensor dy);

    /// <summary>By the filters, (O, C, KH, KW), from images (N, C, H, W) and dy (N, O, OH, OW).</summary>
    Tensor ByFilters(Tensor x, Tensor dy);

    /// <summary>By the images, (N, C, H, W), from filters (O, C, KH, KW) and dy (N, O, OH, OW).</summary>
    Tensor ByInput(Tensor w, Tensor dy);
}
