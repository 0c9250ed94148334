namespace Tensorlet.Legacy;

/// <summary>
/// A layer with weights and a bias, both of which start uniform in ±1/√(number of inputs of one output).
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

    /// <summary>W, with the outputs as first axis.</summary>
    public Tensor Weight => weight.Weight;
    /// <summary>b, one number for each output.</summary>
    public Tensor Bias => bias.Weight;
    /// <summary>The gradient with respect to the weights.</summary>
    public Tensor GradWeight => weight.Gradient;
    /// <summary>The gradient with respect to the bias.</summary>
    public Tensor GradBias => bias.Gradient;
    /// <inheritdoc/>
    public sealed override Parameter[] Parameters() => [weight, bias];
}

/// <summary>(N, in) to (N, out), with weights (out, in).</summary>
/// <param name="inputSize">in</param>
/// <param name="outputSize">out</param>
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
/// A convolution with filters (O, C, kH, kW) over images: (N, C, H, W) to (N, O, OH, OW), where OH = ⌊(H + 2·padH −
/// kH)/dH⌋ + 1.
/// </summary>
/// <param name="nInputPlane">C</param>
/// <param name="nOutputPlane">O</param>
/// <param name="kW">The width of a filter.</param>
/// <param name="kH">The height of a filter.</param>
/// <param name="dW">The horizontal distance between neighbouring windows.</param>
/// <param name="dH">Their vertical distance.</param>
/// <param name="padW">Zeros on the left and on the right.</param>
/// <param name="padH">Zeros above and below; the same number if not given.</param>
public sealed class SpatialConvolution(int nInputPlane, int nOutputPlane, int kW, int kH, int dW = 1, int dH = 1,
    int padW = 0, int? padH = null) : Weighted([nOutputPlane, nInputPlane, kH, kW])
{
    readonly int[] pad = [padH ?? padW, padW];

    // y[n,o,i] = b[o] + Σ W[o,c,k]·x[n,c,i+k]     dx[n,c,i+k] += Σ W[o,c,k]·dy[n,o,i]     dW = Σ dy[n,o,i]·x[n,c,i+k]
    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input) => Output = Bias.View(nOutputPlane, 1, 1) +
        Tensor.Contract(Weight, Windows(Only(input, 4, nInputPlane).Framed(pad, pad, 0)), 0, 1, 3).Transpose(0, 1);

    /// <summary>The windows of (N, C, H, W) as (C, kH, kW, N, OH, OW): a view.</summary>
    Tensor Windows(Tensor x) => x.Windows(2, kH, dH).Windows(3, kW, dW).Permute(1, 4, 5, 0, 2, 3);

    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput)
    {
        var framed = Only(input, 4, nInputPlane).ZerosLike().Framed(pad, pad, 0);
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

/// <summary>The maximum of each window, the first of equal elements: (N, C, H, W) to (N, C, OH, OW).</summary>
/// <param name="kW">The width of a window.</param>
/// <param name="kH">The height of a window.</param>
/// <param name="dW">The horizontal distance between neighbouring windows; their width if not given.</param>
/// <param name="dH">Their vertical distance; their height if not given.</param>
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
        var flat = Only(input, 4).ZerosLike().View(-1).ScatterAdd_(0, places.View(-1), gradOutput.Reshape(-1));
        return GradInput = flat.View(input.Size());
    }
}

/// <summary>The same numbers in another shape, one size of which may be −1, as in (−1, 120).</summary>
public sealed class View(params int[] sizes) : Module // y = x     dx = dy
{
    readonly int[] sizes = sizes.Given();

    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input) => Output = input.Given().Reshape(sizes);
    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput) =>
        GradInput = gradOutput.Given().Reshape(input.Given().Size());
}
