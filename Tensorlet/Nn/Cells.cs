namespace Tensorlet.Nn;

/// <summary>
/// One step of a recurrent network: from an input (N, in) and a state (N, H) to the next state. All parameters start
/// uniform in ±1/√H.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">H is not positive.</exception>
public abstract class RecurrentCell(int gates, int states, int inputSize, int hiddenSize, bool bias) : Module
{
    readonly Variable weightIh = Uniform(hiddenSize.In(nameof(RecurrentCell), 1), gates * hiddenSize, inputSize);
    readonly Variable weightHh = Uniform(hiddenSize, gates * hiddenSize, hiddenSize);
    readonly Variable? biasIh = bias ? Uniform(hiddenSize, gates * hiddenSize) : null;
    readonly Variable? biasHh = bias ? Uniform(hiddenSize, gates * hiddenSize) : null;

    /// <summary>H</summary>
    internal int HiddenSize => hiddenSize;
    /// <summary>The number of tensors that a state consists of.</summary>
    internal int States => states;

    /// <summary>The projection of the input: of all steps (…, in) in one product.</summary>
    internal Variable Project(Variable x) => F.Linear(x, weightIh, biasIh);

    /// <summary>The projection of a state: weights (gates·H, H), and a bias or 0.</summary>
    internal Variable[] Own => [weightHh,
        biasHh?.To(weightHh.DType) ?? Tensor.Zeros([weightHh.Size(0)], weightHh.DType, weightHh.Device)];

    /// <summary>The next state, given the projected input and state, (N, gates·H) each, and the state.</summary>
    internal abstract Variable[] Step(Variable x, Variable own, Variable[] state);

    /// <summary>A state of zeros for N sequences.</summary>
    internal Variable[] Nothing(Variable x, int n) =>
        [.. Enumerable.Range(0, States).Select(_ => (Variable)Tensor.Zeros([n, HiddenSize], x.DType, x.Device))];

    private protected Variable[] From(Variable x, Variable[]? state)
    {
        if (x.Given().Rank != 2 || x.Size(1) != weightIh.Size(1))
            throw new ShapeException($"{GetType().Name}: takes (N, {weightIh.Size(1)}), not {x.Data.Layout}.");
        foreach (var h in state ?? [])
            F.OfShape(GetType().Name, "state", h.Given(nameof(state)), x.Size(0), HiddenSize).Data
                .OnlyType($"{GetType().Name}: the state", x.DType);
        state ??= Nothing(x, x.Size(0));
        return Named(() => Step(Project(x), F.Linear(state[0], weightHh, biasHh), state), GetType().Name);
    }

    /// <summary>The next state after a state of zeros.</summary>
    public sealed override Variable Forward(Variable x) => From(x, null)[0];

    /// <inheritdoc/>
    protected override string Arguments => $"{weightIh.Size(1)}, {HiddenSize}{(biasIh is null ? ", bias=False" : "")}";
}

/// <summary>h′ = tanh(W·x + b + U·h + c), or with relu instead of tanh (Elman 1990).</summary>
/// <param name="inputSize">The size of the input.</param>
/// <param name="hiddenSize">H, the size of the state.</param>
/// <param name="bias">Whether there are b and c.</param>
/// <param name="relu">Whether to use relu instead of tanh.</param>
public sealed class RNNCell(int inputSize, int hiddenSize, bool bias = true, bool relu = false)
    : RecurrentCell(1, 1, inputSize, hiddenSize, bias)
{
    internal override Variable[] Step(Variable x, Variable own, Variable[] state) =>
        [relu ? (x + own).Relu() : (x + own).Tanh()];

    /// <summary>The next state (N, H).</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Variable Call(Variable x, Variable state) => From(x, [state])[0];
}

/// <summary>
/// c′ = σ(f)·c + σ(i)·tanh g and h′ = σ(o)·tanh c′, where (i, f, g, o) = W·x + b + U·h + c (Hochreiter and Schmidhuber
/// 1997; Gers et al. 2000).
/// </summary>
/// <param name="inputSize">The size of the input.</param>
/// <param name="hiddenSize">H, the size of h and c.</param>
/// <param name="bias">Whether there are b and c.</param>
public sealed class LSTMCell(int inputSize, int hiddenSize, bool bias = true)
    : RecurrentCell(4, 2, inputSize, hiddenSize, bias)
{
    internal override Variable[] Step(Variable x, Variable own, Variable[] state)
    {
        var gates = (x + own).Chunk(4, -1);
        var (i, f, g, o) = (gates[0].Gate(), gates[1].Gate(), gates[2].Tanh(), gates[3].Gate());
        var c = Variable.Apply(new CellFormula(), "Cell", f, state[1], i, g);
        return [o * c.Tanh(), c];
    }

    /// <summary>The next state (h, c), (N, H) each.</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public (Variable H, Variable C) Call(Variable x, (Variable H, Variable C)? state) =>
        From(x, state is { } s ? [s.H, s.C] : null) is [var h, var c] ? (h, c) : default;
}

readonly struct CellFormula : IFormula // f·c + i·g
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V f, V c, V i, V g, V x4, V x5, V x6, V x7) => f * c + i * g;
}

/// <summary>
/// h′ = (1 − z)·n + z·h, where r and z are σ of W·x + b + U·h + c, and n = tanh(W·x + b + r·(U·h + c)) (Cho et al.
/// 2014).
/// </summary>
/// <param name="inputSize">The size of the input.</param>
/// <param name="hiddenSize">H, the size of the state.</param>
/// <param name="bias">Whether there are b and c.</param>
public sealed class GRUCell(int inputSize, int hiddenSize, bool bias = true)
    : RecurrentCell(3, 1, inputSize, hiddenSize, bias)
{
    internal override Variable[] Step(Variable x, Variable own, Variable[] state)
    {
        var (input, mine) = (x.Chunk(3, -1), own.Chunk(3, -1));
        var (r, z) = ((input[0] + mine[0]).Gate(), (input[1] + mine[1]).Gate());
        var n = input[2].Addcmul(r, mine[2]).Tanh();
        return [n.Lerp(state[0], z)];
    }

    /// <summary>The next state (N, H).</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Variable Call(Variable x, Variable state) => From(x, [state])[0];
}
