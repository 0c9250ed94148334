using Tensorlet;

namespace Tutorials.Chapter09;

/// <summary>What exercise 9 asks for: max pooling over windows of 2 × 2 that lie side by side.</summary>
public interface IMaxPool
{
    /// <summary>Images (N, C, H, W) to the largest of each window, (N, C, H/2, W/2), rounded down.</summary>
    Tensor Forward(Tensor x);

    /// <summary>The gradient by the images (N, C, H, W), from that by the result.</summary>
    Tensor Backward(Tensor x, Tensor dy);
}
