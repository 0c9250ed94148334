namespace Tensorlet.Nn;

/// <summary>
/// The base class of recurrent cells. A cell computes one step of a recurrent network: it computes the next state from
/// an input of shape (N, in) and the current state. A state consists of one or two tensors of shape (N, H). Here, N is
/// the number of sequences, <c>in</c> is the size of the input, and H is the size of the state. Initially, all
/// parameters are sampled uniformly from [−1/√H, 1/√H].
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">H is not positive.</exception>
public abstract class RecurrentCell(int gates, int states, int inputSize, int hiddenSize, bool bias) : Module
{
    readonly Variable weightIh = Uniform(hiddenSize.In(nameof(RecurrentCell), 1), gates * hiddenSize, inputSize);
    readonly Variable weightHh = Uniform(hiddenSize, gates * hiddenSize, hiddenSize);
    readonly Variable? biasIh = bias ? Uniform(hiddenSize, gates * hiddenSize) : null;
    readonly Variable? biasHh = bias ? Uniform(hiddenSize, gates * hiddenSize) : null;

    /// <summary>H, the size of the state.</summary>
    internal int HiddenSize => hiddenSize;
    /// <summary>The number of tensors that a state consists of.</summary>
    internal int States => states;

    /// <summary>
    /// The weights that project an input, of shape (gates·H, in); the weights that project a state, of shape
    /// (gates·H, H); and the two biases, of shape (gates·H), which consist of zeros if the cell has no biases. Here,
    /// <c>gates</c> is the number of parts of size H that a projection consists of.
    /// </summary>
    internal Variable[] Own => [weightIh, weightHh, .. ((Variable?[])[biasIh, biasHh]).Select(bias =>
        bias?.To(weightHh.DType) ?? Tensor.Zeros([weightHh.Size(0)], weightHh.DType, weightHh.Device))];

    /// <summary>
    /// Computes the next state from the projected input and the projected state, both of shape (N, gates·H), and
    /// from the state itself. Here, <c>gates</c> is the number of parts of size H that a projection consists of.
    /// </summary>
    internal abstract Variable[] Step(Variable x, Variable own, Variable[] state);

    /// <summary>For each sequence, the number of vectors of size H that a step keeps for its backward pass.</summary>
    internal virtual int Kept => 0;

    /// <summary>
    /// Computes the same step as <see cref="Step(Variable, Variable, Variable[])"/>, in as few passes over memory
    /// as possible, and without recording the step on the tape.
    /// </summary>
    /// <param name="x">The product of the input and its weights, of shape (gates, N, H). The step overwrites it with
    /// the gates.</param>
    /// <param name="own">The product of the state and its weights, of shape (gates, N, H).</param>
    /// <param name="bias">The result of <see cref="Bias"/>, repeated for each sequence, of shape (…, N, H).</param>
    /// <param name="state">The state.</param>
    /// <param name="kept">The tensor of shape (Kept, N, H) into which the step writes what else <see cref="Back"/>
    /// will read.</param>
    /// <param name="after">The tensors into which the step writes the next state.</param>
    internal abstract void Step(Tensor x, Tensor own, Tensor bias, Tensor[] state, Tensor kept, Tensor[] after);

    /// <summary>
    /// Returns what a step adds to the two products. This is the sum of the two biases; where a step needs the two
    /// products apart, both biases follow each other.
    /// </summary>
    internal virtual Tensor Bias(Tensor x, Tensor own) => x + own;

    /// <summary>
    /// Computes the backward pass of <see cref="Step(Tensor, Tensor, Tensor, Tensor[], Tensor, Tensor[])"/> from
    /// <paramref name="dy"/>, the gradients with respect to the next state. The method may overwrite
    /// <paramref name="dy"/>. It writes the gradient with respect to the projected input to <paramref name="dx"/>,
    /// and the gradient with respect to the projected state to <paramref name="dOwn"/>. If <see cref="IsSum"/> is
    /// true, <paramref name="dx"/> and <paramref name="dOwn"/> are the same memory.
    /// </summary>
    /// <returns>For each part of the state, the gradient that does not pass through the projection of the state, or
    /// null if there is no such gradient.</returns>
    internal abstract Tensor?[] Back(Tensor[] dy, Tensor gates, Tensor[] state, Tensor kept, Tensor[] after,
        Tensor dx, Tensor dOwn);

    /// <summary>Whether a step reads the projected input and the projected state only as their sum.</summary>
    internal virtual bool IsSum => true;

    /// <summary>
    /// Returns part <paramref name="i"/> of <paramref name="x"/>, which has the shape (parts, N, H).
    /// </summary>
    private protected static Tensor Part(Tensor x, int i) => x.Select(0, i);

    /// <summary>Returns the first two parts of <paramref name="x"/>.</summary>
    private protected static Tensor Two(Tensor x) => x.Narrow(0, 0, 2);

    /// <summary>Returns a state of zeros for <paramref name="n"/> sequences.</summary>
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
        return Named(() => Step(F.Linear(x, weightIh, biasIh), F.Linear(state[0], weightHh, biasHh), state),
            GetType().Name);
    }

    /// <summary>
    /// Computes one step from a state of zeros, and returns the next state. If the state consists of several
    /// tensors, only the first tensor is returned.
    /// </summary>
    public sealed override Variable Forward(Variable x) => From(x, null)[0];

    /// <inheritdoc/>
    protected override string Arguments => $"{weightIh.Size(1)}, {HiddenSize}{(biasIh is null ? ", bias=False" : "")}";
}

/// <summary>
/// Computes the next state h′ = tanh(W·x + b + U·h + c) from an input x and a state h (Elman 1990). Here, W and U
/// are the weights, and b and c are the biases. If <paramref name="relu"/> is true, relu is used instead of tanh.
/// </summary>
/// <param name="inputSize">The size of the input.</param>
/// <param name="hiddenSize">H, the size of the state.</param>
/// <param name="bias">Whether the cell has the biases b and c.</param>
/// <param name="relu">If true, the cell uses relu. If false, it uses tanh.</param>
public sealed class RNNCell(int inputSize, int hiddenSize, bool bias = true, bool relu = false)
    : RecurrentCell(1, 1, inputSize, hiddenSize, bias)
{
    internal override Variable[] Step(Variable x, Variable own, Variable[] state) =>
        [relu ? (x + own).Relu() : (x + own).Tanh()];

    internal override void Step(Tensor x, Tensor own, Tensor bias, Tensor[] state, Tensor kept, Tensor[] after) =>
        _ = relu ? after[0].Set(new Of3<ReluOfSum>(), Part(x, 0), Part(own, 0), Part(bias, 0))
            : after[0].Set(new Of3<TanhOfSum>(), Part(x, 0), Part(own, 0), Part(bias, 0));

    internal override Tensor?[] Back(Tensor[] dy, Tensor gates, Tensor[] state, Tensor kept, Tensor[] after,
        Tensor dx, Tensor dOwn)
    {
        if (relu) Part(dx, 0).Set(new Of2<Gate.Formula>(), dy[0], after[0]);
        else Part(dx, 0).Set(new Of2<TanhSlope>(), after[0], dy[0]);
        return [null];
    }

    /// <summary>
    /// Returns the next state, of shape (N, H), where N is the number of sequences and H is the size of the state.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    public Variable Call(Variable x, Variable state) => From(x, [state])[0];
}

/// <summary>
/// Computes the next state (h′, c′) from an input x and a state (h, c), where c′ = σ(f)·c + σ(i)·tanh g and h′ =
/// σ(o)·tanh c′ (Hochreiter and Schmidhuber 1997; Gers et al. 2000). Here, i, f, g and o are the four parts, each of
/// size H, of the vector W·x + b + U·h + d. W and U are the weights, b and d are the biases, and σ is the logistic
/// function. Products of two vectors, such as σ(f)·c, are computed element by element.
/// </summary>
/// <param name="inputSize">The size of the input.</param>
/// <param name="hiddenSize">H, the size of h and of c.</param>
/// <param name="bias">Whether the cell has the biases b and d.</param>
public sealed class LSTMCell(int inputSize, int hiddenSize, bool bias = true)
    : RecurrentCell(4, 2, inputSize, hiddenSize, bias)
{
    internal override Variable[] Step(Variable x, Variable own, Variable[] state)
    {
        var gates = (x + own).Chunk(4, -1);
        var (i, f, g, o) = (gates[0].Sigmoid(), gates[1].Sigmoid(), gates[2].Tanh(), gates[3].Sigmoid());
        var c = f * state[1] + i * g;
        return [o * c.Tanh(), c];
    }

    internal override int Kept => 1;        // tanh c′

    internal override void Step(Tensor x, Tensor own, Tensor bias, Tensor[] state, Tensor kept, Tensor[] after)
    {
        Tensor i = Part(x, 0), f = Part(x, 1), g = Part(x, 2), o = Part(x, 3), tanh = Part(kept, 0);
        Two(x).Set(new Of3<LogisticOfSum>(), Two(x), Two(own), Two(bias));
        g.Set(new Of3<TanhOfSum>(), g, Part(own, 2), Part(bias, 2));
        o.Set(new Of3<LogisticOfSum>(), o, Part(own, 3), Part(bias, 3));
        after[1].Set(new CellFormula(), f, state[1], i, g);
        tanh.Set(new Of1<TanhFormula>(), after[1]);
        after[0].Set(new Of2<Tensor.MultiplyFormula>(), o, tanh);
    }

    internal override Tensor?[] Back(Tensor[] dy, Tensor gates, Tensor[] state, Tensor kept, Tensor[] after,
        Tensor dx, Tensor dOwn)
    {
        Tensor i = Part(gates, 0), f = Part(gates, 1), g = Part(gates, 2), o = Part(gates, 3), tanh = Part(kept, 0);
        Part(dx, 3).Set(new Of3<LogisticProduct>(), dy[0], tanh, o);
        var dc = dy[1].Set(new CellSlope(), dy[1], dy[0], o, tanh);
        Part(dx, 0).Set(new Of3<LogisticProduct>(), dc, g, i);
        Part(dx, 1).Set(new Of3<LogisticProduct>(), dc, state[1], f);
        Part(dx, 2).Set(new Of3<TanhProduct>(), dc, i, g);
        return [null, dc.Mul_(f)];
    }

    /// <summary>
    /// Returns the next state (h, c). Both h and c have the shape (N, H), where N is the number of sequences and H is
    /// the hidden size of the cell. If <paramref name="state"/> is null, the step begins with a state of zeros.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    public (Variable H, Variable C) Call(Variable x, (Variable H, Variable C)? state) =>
        From(x, state is { } s ? [s.H, s.C] : null) is [var h, var c] ? (h, c) : default;
}


/// <summary>
/// Computes the next state h′ = (1 − z)·n + z·h from an input x and a state h (Cho et al. 2014). Here, r and z are
/// both computed as σ(W·x + b + U·h + c), where σ is the logistic function, and n is tanh(W·x + b + r·(U·h + c)).
/// Each of r, z and n has its own weights W and U, and its own biases b and c.
/// </summary>
/// <param name="inputSize">The size of the input.</param>
/// <param name="hiddenSize">H, the size of the state.</param>
/// <param name="bias">Whether the cell has the biases b and c.</param>
public sealed class GRUCell(int inputSize, int hiddenSize, bool bias = true)
    : RecurrentCell(3, 1, inputSize, hiddenSize, bias)
{
    internal override Variable[] Step(Variable x, Variable own, Variable[] state)
    {
        var (input, mine) = (x.Chunk(3, -1), own.Chunk(3, -1));
        var (r, z) = ((input[0] + mine[0]).Sigmoid(), (input[1] + mine[1]).Sigmoid());
        var n = input[2].Addcmul(r, mine[2]).Tanh();
        return [n.Lerp(state[0], z)];
    }

    internal override int Kept => 1;        // U·h + c of n
    internal override bool IsSum => false;

    internal override Tensor Bias(Tensor x, Tensor own)
    {
        var (b, c) = (x.Chunk(3), own.Chunk(3));
        return Tensor.Cat([b[0] + c[0], b[1] + c[1], b[2], c[2]]);
    }

    internal override void Step(Tensor x, Tensor own, Tensor bias, Tensor[] state, Tensor kept, Tensor[] after)
    {
        var (r, z, n) = (Part(x, 0), Part(x, 1), Part(x, 2));
        Two(x).Set(new Of3<LogisticOfSum>(), Two(x), Two(own), Two(bias));
        Part(kept, 0).Set(new Of2<Tensor.AddFormula>(), Part(own, 2), Part(bias, 3));
        n.Set(new ResetFormula(), n, Part(bias, 2), r, Part(kept, 0));
        after[0].Set(new Of3<LerpFormula>(), n, state[0], z);
    }

    internal override Tensor?[] Back(Tensor[] dy, Tensor gates, Tensor[] state, Tensor kept, Tensor[] after,
        Tensor dx, Tensor dOwn)
    {
        var (r, z, n, dn) = (Part(gates, 0), Part(gates, 1), Part(gates, 2), Part(dx, 2));
        dn.Set(new Of3<NewSlope>(), dy[0], z, n);
        Part(dx, 0).Set(new Of3<LogisticProduct>(), dn, Part(kept, 0), r);
        Part(dx, 1).Set(new UpdateSlope(), dy[0], state[0], n, z);
        Two(dOwn).Copy_(Two(dx));
        Part(dOwn, 2).Set(new Of2<Tensor.MultiplyFormula>(), dn, r);
        return [dy[0].Mul_(z)];
    }

    /// <summary>
    /// Returns the next state, of shape (N, H), where N is the number of sequences and H is the size of the state.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    public Variable Call(Variable x, Variable state) => From(x, [state])[0];
}
