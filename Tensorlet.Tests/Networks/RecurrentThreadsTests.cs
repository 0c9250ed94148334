using System.Runtime.InteropServices;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Networks;

/// <summary>
/// The sequences of a recurrent network are divided among the threads. Outputs, states and gradients must have the
/// same bits for any number of threads, and <see cref="Module.Summary"/> must count the same multiply-adds.
/// </summary>
public class RecurrentThreadsTests
{
    const int Steps = 5, Sequences = 37, Inputs = 6, Hidden = 40;

    [Theory]
    [InlineData("LSTM", false), InlineData("LSTM", true), InlineData("GRU", false), InlineData("GRU", true)]
    [InlineData("RNN", false), InlineData("RNN", true)]
    public void Any_number_of_threads_gives_the_same_bits(string kind, bool withLengths)
    {
        var expected = Run(kind, withLengths, 1);
        foreach (var threads in (int[])[2, 3, 4, 16]) Assert.Equal(expected, Run(kind, withLengths, threads));
    }

    static string[] Run(string kind, bool withLengths, int threads)
    {
        var (device, random) = (new CpuDevice { Threads = threads }, new Generator(3));
        Recurrent net = kind switch
        {
            "LSTM" => new LSTM(Inputs, Hidden, 2, bidirectional: true),
            "GRU" => new GRU(Inputs, Hidden, 2, bidirectional: true),
            _ => new RNN(Inputs, Hidden, 2, bidirectional: true),
        };
        foreach (var p in net.Parameters()) p.Data.Uniform_(-0.2, 0.2, random);     // not from the default generator
        net.To(device);
        var x = new Variable(Random(Steps, Sequences, Inputs), requiresGrad: true);
        var h = new Variable(Random(4, Sequences, Hidden), requiresGrad: true);
        var c = new Variable(Random(4, Sequences, Hidden), requiresGrad: true);
        var lengths = withLengths ? Tensor.RandInt(1, Steps + 1, [Sequences], generator: random).To(device) : null;
        Variable[] results;
        if (net is LSTM lstm)
        {
            var (y, (lastH, lastC)) = lstm.Call(x, (h, c), lengths);
            results = [y, lastH, lastC];
        }
        else
        {
            var (y, last) = net is GRU gru ? gru.Call(x, h, lengths) : ((RNN)net).Call(x, h, lengths);
            results = [y, last];
        }
        var loss = results.Select(y => (y * y).Sum()).Aggregate((a, b) => a + b);
        loss.Backward();
        var seen = results.Select(y => y.Data).Concat(net.Parameters().Append(x).Append(h).Append(net is LSTM ? c : h)
            .Select(p => p.Grad!.Data));
        return [.. seen.Select(t => Convert.ToHexString(MemoryMarshal.AsBytes<float>(t.ToArray<float>()))),
            net.Summary(x.Data)];

        Tensor Random(params int[] shape) => Tensor.Randn(shape, generator: random).To(device);
    }
}
