using System.Diagnostics;
using System.Globalization;
using System.Text;
using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials;

/// <summary>Networks learn to write sums in words, letter by letter, and are judged by what they write.</summary>
static class WriteSums
{
    const int Context = 64, Batch = 32;

    /// <summary>An LSTM, or a GPT of two layers.</summary>
    public static int Run(string model, bool quick)
    {
        Generator.ManualSeed(1);
        Module net = model == "lstm" ? new LetterLstm(Sums.Alphabet.Length, 128)
            : new Gpt(Sums.Alphabet.Length, Context, layers: 2, heads: 4, size: 64);
        var steps = quick ? 250 : 1500;
        Console.WriteLine($"{net}\n{net.Parameters().Sum(p => p.Numel):#,0} parameters, {steps} steps of {Batch} " +
            $"texts of {Context} letters\n");
        var loss = Learn(net, steps);
        var text = Write(net, 500);
        var (right, all) = Sums.Judge(text);
        Console.WriteLine($"\n{text}\n");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loss on new texts {loss:0.000}, and no model " +
            $"can have less than {Sums.Entropy:0.000}; {right} of {all} sums are right"));
        return 0;
    }

    static double Learn(Module net, int steps)
    {
        var optimizer = new Adam(net.Parameters(), lr: 3e-3);
        var (texts, watch) = (new Generator(2), Stopwatch.StartNew());
        for (var step = 1; step <= steps; step++)
        {
            optimizer.Lr = 4e-3 * Math.Min(step / 50.0, 1 - (step - 1.0) / steps);
            optimizer.ZeroGrad();
            var loss = Loss(net, texts);
            loss.Backward();
            Utils.ClipGradNorm_(net.Parameters(), 1);
            optimizer.Step();
            if (step % Math.Max(1, steps / 10) == 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"step {step,5}  loss {loss.Item():0.000}  {step / watch.Elapsed.TotalSeconds:0.0} steps/s"));
        }
        net.Eval();
        using var _ = Autograd.NoGrad();
        return Enumerable.Range(0, 8).Average(_ => Loss(net, texts).Item());
    }

    static Variable Loss(Module net, Generator texts)
    {
        var (letters, next) = Sums.Batch(Batch, Context, texts);
        return F.CrossEntropy(net.Call(letters).Flatten(0, 1), next.Reshape(-1));
    }

    /// <summary>
    /// Samples letter after letter from the network's own probabilities, beginning as the training texts do.
    /// </summary>
    static string Write(Module net, int length)
    {
        using var _ = Autograd.NoGrad();
        var (text, generator) = (new StringBuilder(), new Generator(3));
        var seen = "";
        while (text.Length < length)
        {
            if (seen.Length == 0) seen = $"{"zero one two three four five six seven eight nine".Split(' ')[
                generator.Next(10)]}";
            if (text.Length == 0) text.Append(seen);
            var letters = Tensor.From([.. seen.Select(c => (long)Sums.Number(c))], [1, seen.Length]);
            var scores = net.Call(letters)[0, ^1].Softmax(0).Data.ToArray<double>();
            var (at, draw) = (0, generator.NextDouble());
            while (at < scores.Length - 1 && (draw -= scores[at]) > 0) at++;
            text.Append(Sums.Alphabet[at]);
            seen += Sums.Alphabet[at];
            // its context begins with a sentence, as the training texts do
            if (seen.Length >= Context) seen = seen.Split(". ", 2) is [_, var rest] ? rest : "";
        }
        return text.ToString();
    }
}
