using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter14;

static class Chapter
{
    public static IEnumerable<string> Run()
    {
        yield return "embedding";
        var table = new Embedding(numEmbeddings: 4, embeddingDim: 2);
        table.Weight.Data.Copy_(Tensor.From(new[,] { { 0f, 1 }, { 10, 11 }, { 20, 21 }, { 30, 31 } }));
        Console.WriteLine(table.Call(Tensor.From([2L, 0, 2])).Data);

        yield return "cell";
        Generator.ManualSeed(1);
        var cell = new RNNCell(inputSize: 3, hiddenSize: 4);
        if (cell.Parameters() is not [var w, var u, var b, var c]) yield break;
        Variable Step(Variable x, Variable h) => (F.Linear(x, w, b) + F.Linear(h, u, c)).Tanh();

        Variable[] inputs = [.. Enumerable.Range(0, 5).Select(_ => (Variable)Tensor.Randn(1, 3))];
        Variable h = Tensor.Zeros(1, 4), theirs = Tensor.Zeros(1, 4);
        foreach (var x in inputs) (h, theirs) = (Step(x, h), cell.Call(x, theirs));
        Console.WriteLine($"equal to 1e-6: {Differ(h, theirs) < 1e-6}");

        yield return "lstm";
        var lstm = new LSTM(inputSize: 3, hiddenSize: 4);
        if (lstm.Parameters() is not [var wx, var wh, var bx, var bh]) yield break;
        (Variable, Variable) Remember(Variable x, Variable h, Variable memory)
        {
            var gates = (F.Linear(x, wx, bx) + F.Linear(h, wh, bh)).Chunk(4, -1);
            var (add, stay, show) = (gates[0].Sigmoid(), gates[1].Sigmoid(), gates[3].Sigmoid());
            memory = stay * memory + add * gates[2].Tanh();
            return (show * memory.Tanh(), memory);
        }
        h = Tensor.Zeros(1, 4);
        Variable memory = Tensor.Zeros(1, 4);
        foreach (var x in inputs) (h, memory) = Remember(x, h, memory);
        var (outputs, _) = lstm.Call(Variable.Stack(inputs));
        Console.WriteLine($"equal to 1e-6: {Differ(h, outputs[^1]) < 1e-6}");

        yield return "vanish";
        double[] Norms(Func<Variable, Variable> step)
        {
            var states = new List<Variable> { new(Tensor.From(new[,] { { 1.0 }, { 0 } }), requiresGrad: true) };
            for (var t = 0; t < 50; t++) states.Add(step(states[^1]));
            return [.. Autograd.Grad([states[^1].Norm()], states).Select(g => g!.Norm().Item()).Reverse()];
        }
        var plot = new Plot("steps back in time", "log₁₀ of the norm");
        var steps = Enumerable.Range(0, 51).Select(t => (double)t).ToArray();
        foreach (var radius in new[] { 0.5, 0.9, 1, 1.1, 1.5 })
        {
            var (cos, sin) = (radius * Math.Cos(1), radius * Math.Sin(1));
            Variable turn = Tensor.From(new[,] { { cos, -sin }, { sin, cos } });
            var norms = Norms(turn.MatMul);
            Console.WriteLine($"{radius}: {norms[^1]:0.0e+0}");
            plot.Line($"{radius}", steps, norms.Select(Math.Log10));
        }
        Variable keep = Tensor.From([4.0]);
        var kept = Norms(memory => keep.Sigmoid() * memory);
        Console.WriteLine($"gate {keep.Sigmoid().Item():0.00}: {kept[^1]:0.00}");
        plot.Line("memory", steps, kept.Select(Math.Log10), dashed: true).Save("gradients.svg");

        yield return "text";
        var (letters, next) = Sums.Batch(n: 1, length: 40, new Generator(1));
        string Text(Tensor numbers) => string.Concat(numbers.ToArray<long>().Select(i => Sums.Alphabet[(int)i]));
        Console.WriteLine(Sums.Alphabet);
        Console.WriteLine(Text(letters[0]));
        Console.WriteLine(Text(next[0]));

        yield return "guess";
        Console.WriteLine($"each letter alike:    {Math.Log(Sums.Alphabet.Length):0.00}");
        Console.WriteLine($"a model that can add: {Sums.Entropy:0.00}");

        yield return "train";
        Generator.ManualSeed(1);
        var net = new LetterLstm(Sums.Alphabet.Length, size: 64);
        var (optimizer, texts, loss) = (new Adam(net.Parameters(), lr: 0.01), new Generator(2), 0.0);
        for (var step = 0; step < 100; step++)
        {
            (letters, next) = Sums.Batch(16, 32, texts);
            optimizer.ZeroGrad();
            var entropy = F.CrossEntropy(net.Call(letters).Flatten(0, 1), next.Reshape(-1));
            entropy.Backward();
            Utils.ClipGradNorm_(net.Parameters(), maxNorm: 1);
            optimizer.Step();
            loss = entropy.Item();
        }
        Console.WriteLine($"loss below 0.7: {loss < 0.7}");

        yield return "write";
        var (seen, generator) = ("seven and ", new Generator(3));
        using (Autograd.NoGrad()) while (seen.Length < 60)
        {
            var numbers = Tensor.From([.. seen.Select(letter => (long)Sums.Number(letter))], [1, seen.Length]);
            var chances = net.Call(numbers)[0, ^1].Softmax(0).Data.ToArray<double>();
            var (at, draw) = (0, generator.NextDouble());
            while (at < chances.Length - 1 && (draw -= chances[at]) > 0) at++;
            seen += Sums.Alphabet[at];
        }
        Console.WriteLine(seen);

        yield return "carried";
        var rnn = new RNN(inputSize: 3, hiddenSize: 4);
        void Train(int batches, bool detach)
        {
            Variable state = Tensor.Zeros(1, 1, 4);
            for (var batch = 0; batch < batches; batch++)
            {
                (var output, state) = rnn.Call(Tensor.Randn(5, 1, 3), detach ? state.Detach() : state);
                output.Sum().Backward();
            }
            Console.WriteLine($"{batches} batches, no complaint");
        }
        try { Train(batches: 2, detach: false); }
        catch (AutogradException e) { Console.WriteLine(e.Message); }
        Train(batches: 2, detach: true);

        yield return "repeated";
        table.Call(Tensor.From([2L, 0, 2])).Sum().Backward();
        Console.WriteLine(table.Weight.Grad!.Data);
    }

    static double Differ(Variable a, Variable b) => (a - b).Data.ToArray<double>().Max(Math.Abs);
}
