namespace Tensorlet.Nn;

/// <summary>
/// The base class of recurrent networks. A network consists of layers of recurrent cells, and each layer goes through
/// the sequences in one direction or in both directions. The input has the shape (L, N, in) and the output has the
/// shape (L, N, D·H); if the batch comes first, these shapes are (N, L, in) and (N, L, D·H). The states of all layers
/// and directions together have the shape (layers·D, N, H). Here, L is the number of steps, N is the number of
/// sequences, <c>in</c> is the size of the input, H is the size of a state, <c>layers</c> is the number of layers, and
/// D is the number of directions, 1 or 2.
/// </summary>
public abstract class Recurrent : Module
{
    readonly RecurrentCell[] cells;         // layer by layer; in each layer first forwards, then backwards
    readonly int inputSize, layers, ways;
    readonly bool batchFirst;
    readonly double dropout;

    private protected Recurrent(Func<int, RecurrentCell> cell, int inputSize, int hiddenSize, int numLayers,
        bool batchFirst, double dropout, bool bidirectional)
    {
        (this.inputSize, layers, ways) = (inputSize, numLayers.In(GetType().Name, 1), bidirectional ? 2 : 1);
        (this.batchFirst, this.dropout) = (batchFirst, dropout.In(GetType().Name, 0, 1));
        cells = [.. Enumerable.Range(0, layers * ways).Select(i => cell(i < ways ? inputSize : ways * hiddenSize))];
    }

    private protected override IEnumerable<(string Key, object Value)> Members() => cells.SelectMany((cell, i) =>
        cell.NamedParameters().Select(p => ($"{p.Name}_l{i / ways}{(i % ways == 1 ? "_reverse" : "")}",
            (object)p.Parameter)));

    /// <summary>Returns the outputs of the last layer at every step. The initial states are zeros.</summary>
    public sealed override Variable Forward(Variable x) => Run(x, null, null).Output;

    /// <summary>Runs the layers and the hooks of this module, and returns the outputs and the final states.</summary>
    private protected (Variable Output, Variable[] States) Run(Variable input, Variable[]? initial, Tensor? lengths)
    {
        Variable[] states = [];
        var output = Hooked(input, x => Through(x, initial, lengths, out states));
        return (output, states);
    }

    Variable Through(Variable x, Variable[]? initial, Tensor? lengths, out Variable[] states)
    {
        var name = GetType().Name;
        if (x.Given().Rank != 3 || x.Size(2) != inputSize || x.Size(batchFirst ? 1 : 0) == 0)
            throw new ShapeException($"{name}: takes ({(batchFirst ? "N, L" : "L, N")}, {inputSize}) of one step or " +
                $"more, not {x.Data.Layout}. Give a single sequence its batch axis with " +
                $"Unsqueeze({(batchFirst ? 0 : 1)}).");
        if (batchFirst) x = x.Transpose(0, 1);
        int steps = x.Size(0), n = x.Size(1);
        foreach (var state in initial ?? [])
            F.OfShape(name, "initial state", state.Given(), cells.Length, n, cells[0].HiddenSize).Data
                .OnlyType($"{name}: the initial state", x.DType);
        Tensor? living = null;
        if (lengths is not null)
        {
            if (lengths.Shape != (int[])[n] || lengths.DType != DType.Int64
                || lengths.ToArray<long>().Any(length => length < 1 || length > steps))
                throw new ShapeException($"{name}: lengths {lengths} must be one Int64 from 1 to {steps}, the steps, " +
                    $"for each of the {n} sequences ({n}).");
            living = Tensor.Arange(steps, DType.Int64, x.Device).Reshape(-1, 1, 1) < lengths.Reshape(1, -1, 1);
            x = x.MaskedFill(!living, 0);           // steps after the end are not read
        }
        var last = new Variable[cells.Length][];
        for (var layer = 0; layer < layers; layer++)
        {
            if (layer > 0) x = F.Dropout(x, dropout, Training);
            var outputs = new Variable[ways];
            for (var way = 0; way < ways; way++)
            {
                var i = layer * ways + way;
                var state = initial is null ? cells[i].Nothing(x, n) : Array.ConvertAll(initial, s => s.Select(0, i));
                var results = new Recurrence(cells[i], way == 1, living).Apply([x, .. cells[i].Own, .. state]);
                (outputs[way], last[i]) = (results[0], results[1..]);
            }
            x = ways == 1 ? outputs[0] : Variable.Cat(outputs, -1);
        }
        states = [.. last[0].Select((_, k) => Variable.Stack([.. last.Select(state => state[k])]))];
        return batchFirst ? x.Transpose(0, 1) : x;
    }

    /// <summary>Runs layers whose state is a single tensor.</summary>
    private protected (Variable Output, Variable State) RunOne(Variable x, Variable? state, Tensor? lengths)
    {
        var (output, states) = Run(x, state is null ? null : [state], lengths);
        return (output, states[0]);
    }

    /// <inheritdoc/>
    protected override string Arguments => $"{inputSize}, {cells[0].HiddenSize}" +
        (layers == 1 ? "" : $", num_layers={layers}") + (batchFirst ? ", batch_first=True" : "") +
        (dropout == 0 ? "" : $", dropout={Python.Show(dropout)}") + (ways == 1 ? "" : ", bidirectional=True");
}

/// <summary>A recurrent network whose layers consist of <see cref="RNNCell"/>.</summary>
/// <param name="inputSize">The size of the input at each step.</param>
/// <param name="hiddenSize">H, the size of a state.</param>
/// <param name="numLayers">The number of layers. Every layer after the first gets the outputs of the layer before
/// it.</param>
/// <param name="relu">If true, the cells use relu. If false, they use tanh.</param>
/// <param name="bias">Whether the cells have biases.</param>
/// <param name="batchFirst">If true, inputs and outputs have the shape (N, L, …). If false, they have the shape
/// (L, N, …). Here, N is the number of sequences, and L is the number of steps.</param>
/// <param name="dropout">The probability of dropout between the layers.</param>
/// <param name="bidirectional">If true, the network goes through the sequences in both directions. If false, it goes
/// from the first step to the last.</param>
public sealed class RNN(int inputSize, int hiddenSize, int numLayers = 1, bool relu = false, bool bias = true,
    bool batchFirst = false, double dropout = 0, bool bidirectional = false)
    : Recurrent(size => new RNNCell(size, hiddenSize, bias, relu), inputSize, hiddenSize, numLayers, batchFirst,
        dropout, bidirectional)
{
    /// <summary>Returns the outputs of the last layer at every step, and the final states of all layers.</summary>
    /// <param name="x">The sequences, of shape (L, N, in), or (N, L, in) if the batch comes first. Here, L is the
    /// number of steps, N is the number of sequences, and <c>in</c> is the size of the input.</param>
    /// <param name="state">The initial states, of shape (layers·D, N, H), where <c>layers</c> is the number of
    /// layers, D is the number of directions, and H is the size of a state. If they are not given, they are
    /// zeros.</param>
    /// <param name="lengths">The length of each sequence, from 1 to L, as Int64 of shape (N). If the lengths are
    /// not given, they are all L. The steps after the end of a sequence are not read, and the outputs for these
    /// steps are 0.</param>
    /// <exception cref="ShapeException">The shapes do not fit together, or a length is not between 1 and
    /// L.</exception>
    public (Variable Output, Variable State) Call(Variable x, Variable? state = null, Tensor? lengths = null) =>
        RunOne(x, state, lengths);
}

/// <summary>A recurrent network whose layers consist of <see cref="GRUCell"/>.</summary>
/// <inheritdoc cref="RNN"/>
public sealed class GRU(int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false,
    double dropout = 0, bool bidirectional = false)
    : Recurrent(size => new GRUCell(size, hiddenSize, bias), inputSize, hiddenSize, numLayers, batchFirst, dropout,
        bidirectional)
{
    /// <inheritdoc cref="RNN.Call(Variable, Variable?, Tensor?)"/>
    public (Variable Output, Variable State) Call(Variable x, Variable? state = null, Tensor? lengths = null) =>
        RunOne(x, state, lengths);
}

/// <summary>A recurrent network whose layers consist of <see cref="LSTMCell"/>.</summary>
/// <inheritdoc cref="RNN"/>
public sealed class LSTM(int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false,
    double dropout = 0, bool bidirectional = false)
    : Recurrent(size => new LSTMCell(size, hiddenSize, bias), inputSize, hiddenSize, numLayers, batchFirst, dropout,
        bidirectional)
{
    /// <inheritdoc cref="RNN.Call(Variable, Variable?, Tensor?)"/>
    public (Variable Output, (Variable H, Variable C) State) Call(Variable x,
        (Variable H, Variable C)? state = null, Tensor? lengths = null)
    {
        var (output, states) = Run(x, state is { } s ? [s.H, s.C] : null, lengths);
        return (output, (states[0], states[1]));
    }
}
