namespace Tensorlet.Legacy;

/// <summary>
/// A layer with weights and a bias. Both are initially sampled uniformly from [−1/√n, 1/√n), where n is the number
/// of inputs on which one output depends.
/// </summary>
public abstract class Weighted : Module
{
    private protected readonly Parameter weight, bias;

    private protected Weighted(int[] shape)
    {
        var bound = 1 / Math.Sqrt(Layout.Product(shape.AsSpan(1)));
        weight = new(Tensor.Empty(shape).Uniform_(-bound, bound));
        bias = new(Tensor.Empty(shape[0]).Uniform_(-bound, bound));
    }

    /// <summary>The weights W. Each index of the first axis stands for one output.</summary>
    public Tensor Weight => weight.Weight;
    /// <summary>The bias b: one number for each output.</summary>
    public Tensor Bias => bias.Weight;
    /// <summary>The accumulated gradient with respect to the weights.</summary>
    public Tensor GradWeight => weight.Gradient;
    /// <summary>The accumulated gradient with respect to the bias.</summary>
    public Tensor GradBias => bias.Gradient;
    /// <inheritdoc/>
    public sealed override Parameter[] Parameters() => [weight, bias];
}

/// <summary>
/// A linear layer, which computes y = x·Wᵀ + b for N samples, where W are the weights and b is the bias. The input x
/// has the shape (N, in), the weights have the shape (out, in), and the output y has the shape (N, out). Here,
/// <c>in</c> and <c>out</c> are the numbers of inputs and outputs of each sample.
/// </summary>
/// <param name="inputSize">The number of inputs of each sample.</param>
/// <param name="outputSize">The number of outputs of each sample.</param>
public sealed class Linear(int inputSize, int outputSize) : Weighted([outputSize, inputSize])
{
    // y = x·Wᵀ + b     dx = dy·W     dW = dyᵀ·x     db = Σₙ dy
    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input) =>
        Output = Tensor.MatMul(Only(input, 2, inputSize), Weight.T) + Bias;

    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput) =>
        GradInput = Tensor.MatMul(Only(gradOutput, 2, outputSize), Weight);

    /// <inheritdoc/>
    public override void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1)
    {
        GradWeight.Add_(Tensor.MatMul(Only(gradOutput, 2, outputSize).T, Only(input, 2, inputSize)), scale);
        GradBias.Add_(gradOutput.Sum([0]), scale);
    }
}

/// <summary>
/// A convolution of N images with O filters. The input has the shape (N, C, H, W): N images of C channels, H rows
/// and W columns. The filters have the shape (O, C, kH, kW). The output has the shape (N, O, OH, OW), where
/// OH = ⌊(H + 2·padH − kH)/dH⌋ + 1 and OW = ⌊(W + 2·padW − kW)/dW⌋ + 1.
/// </summary>
/// <param name="nInputPlane">The number C of channels of an image.</param>
/// <param name="nOutputPlane">The number O of filters, which is also the number of channels of the output.</param>
/// <param name="kW">The width of a filter.</param>
/// <param name="kH">The height of a filter.</param>
/// <param name="dW">The horizontal distance between neighbouring windows.</param>
/// <param name="dH">The vertical distance between neighbouring windows.</param>
/// <param name="padW">The number of columns of zeros on each side of an image.</param>
/// <param name="padH">The number of rows of zeros above and below an image; <paramref name="padW"/> if not
/// given.</param>
public sealed class SpatialConvolution(int nInputPlane, int nOutputPlane, int kW, int kH, int dW = 1, int dH = 1,
    int padW = 0, int? padH = null) : Weighted([nOutputPlane, nInputPlane, kH, kW])
{
    readonly int[] pad = [padH ?? padW, padW];

    // y[n,o,i] = b[o] + Σ W[o,c,k]·x[n,c,i+k]     dx[n,c,i+k] += Σ W[o,c,k]·dy[n,o,i]     dW = Σ dy[n,o,i]·x[n,c,i+k]
    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input) => Output = Bias.View(nOutputPlane, 1, 1) +
        Tensor.Contract(Weight, Windows(Only(input, 4, nInputPlane).Framed(pad, pad, 0)), 0, 1, 3).Transpose(0, 1);

    /// <summary>
    /// Returns a view of all windows of N images. The images <paramref name="x"/> have the shape (N, C, H, W), and
    /// the view has the shape (C, kH, kW, N, OH, OW).
    /// </summary>
    Tensor Windows(Tensor x) => x.Windows(2, kH, dH).Windows(3, kW, dW).Permute(1, 4, 5, 0, 2, 3);

    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput)
    {
        var framed = Tensor.ZerosLike(Only(input, 4, nInputPlane)).Framed(pad, pad, 0);
        var shares = Tensor.Contract(Weight.Permute(1, 2, 3, 0),
            Only(gradOutput, 4, nOutputPlane).Transpose(0, 1), 0, 3, 3);
        framed.Device.AddInto(shares, Windows(framed));
        return GradInput = framed.Narrow(2, pad[0], input.Size(2)).Narrow(3, pad[1], input.Size(3));
    }

    /// <inheritdoc/>
    public override void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1)
    {
        var windows = Windows(Only(input, 4, nInputPlane).Framed(pad, pad, 0)).Permute(3, 4, 5, 0, 1, 2);
        GradWeight.Add_(Tensor.Contract(Only(gradOutput, 4, nOutputPlane).Transpose(0, 1), windows, 0, 1, 3), scale);
        GradBias.Add_(gradOutput.Sum([0, 2, 3]), scale);
    }
}

/// <summary>
/// The maximum of each window in each channel of an image. The input has the shape (N, C, H, W): N images of C
/// channels, H rows and W columns. The output has the shape (N, C, OH, OW), where OH is the number of windows from
/// top to bottom, and OW the number of windows from left to right. If several elements of a window are the maximum,
/// the first of them gets the gradient.
/// </summary>
/// <param name="kW">The width of a window.</param>
/// <param name="kH">The height of a window.</param>
/// <param name="dW">The horizontal distance between neighbouring windows; <paramref name="kW"/> if not given.</param>
/// <param name="dH">The vertical distance between neighbouring windows; <paramref name="kH"/> if not given.</param>
public sealed class SpatialMaxPooling(int kW, int kH, int? dW = null, int? dH = null) : Module
{
    Tensor? places;

    // y[i] = x[p], p = argmax x[i+k]     dx[p] += dy[i]
    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input)
    {
        input = Only(input, 4).Contiguous();
        var windows = input.Windows(2, kH, dH ?? kH).Windows(3, kW, dW ?? kW);
        places = input.NewEmpty(windows.Size()[..4], DType.Int64);
        input.Device.ArgReduce(true, windows, places, asOffset: true);
        return Output = input.View(-1).Gather(0, places.View(-1)).View(places.Size());
    }

    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput)
    {
        Layout.OnlySame("SpatialMaxPooling: output and gradient", Output.Layout, gradOutput.Given().Layout);
        if (places is null) throw new TensorletException("SpatialMaxPooling: it has computed no output yet.");
        var flat = Tensor.ZerosLike(Only(input, 4)).View(-1).ScatterAdd_(0, places.View(-1), gradOutput.Reshape(-1));
        return GradInput = flat.View(input.Size());
    }
}

/// <summary>
/// A layer that gives the elements of its input another shape. One of the sizes may be −1, for example in (−1, 120);
/// this size is then computed from the number of elements.
/// </summary>
public sealed class View(params int[] sizes) : Module // y = x     dx = dy
{
    readonly int[] sizes = sizes.Given();

    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input) => Output = input.Given().Reshape(sizes);
    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput) =>
        GradInput = gradOutput.Given().Reshape(input.Given().Size());
}
