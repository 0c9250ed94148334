namespace Tensorlet.Nn;

/// <summary>
/// Runs a recurrent cell over all steps, as one operation. The inputs of the operation are the sequences, of shape
/// (L, N, in); the weights and the biases of the cell, in the order of <see cref="RecurrentCell.Own"/>; and the
/// tensors of the initial state, each of shape (N, H). The results are the outputs, of shape (L, N, H), and the final
/// state. Here, L is the number of steps, N is the number of sequences, <c>in</c> is the size of the input, and H is
/// the size of the state.
/// </summary>
/// <remarks>
/// The inputs of all steps are projected in one product, and so are the gradients with respect to the weights. The
/// sequences do not depend on each other, so they are divided among the threads. Each step writes its result to the
/// memory from which the next step reads. In memory, each gate of a step is contiguous, so that a step of the cell
/// consists of a few passes over contiguous numbers.
/// </remarks>
/// <param name="cell">The cell.</param>
/// <param name="backwards">If true, the cell goes from the last step to the first. If false, it goes from the first
/// step to the last.</param>
/// <param name="living">A mask of shape (L, N, 1), which is false after the end of a sequence. After the end, the
/// state of the sequence no longer changes, and the output is 0.</param>
sealed class Recurrence(RecurrentCell cell, bool backwards, Tensor? living) : MultiFunction
{
    const int Least = 8;                // sequences that are worth a thread of their own
    Tensor[] states = [];               // each part of the state, before and after each step: (L + 1, N, H)
    Tensor? gates, kept;                // for each step: the gates, (gates, N, H), and what else the cell keeps

    protected override Tensor[] ForwardAll()
    {
        Save();
        foreach (var input in Inputs) F.FitsWeights(Name, X, input, null);
        var (x, weight) = (X.Data, Input(2).Data);
        var records = Autograd.Enabled && Inputs.Any(input => input.RequiresGrad);
        int steps = x.Size(0), n = x.Size(1), h = cell.HiddenSize, parts = weight.Size(0) / h;
        states = Array.ConvertAll(Inputs[^cell.States..], _ => x.NewEmpty([steps + 1, n, h]));
        foreach (var (k, state) in At(states, Before(Order(steps).First())).Index()) state.Copy_(Input(5 + k).Data);
        (gates, kept) = (x.NewEmpty([steps, parts, n, h]), x.NewEmpty([records ? steps : 1, cell.Kept, n, h]));
        x.Device.Contract(x, Input(1).Data.T.Unflatten(1, [parts, h]), gates.Transpose(1, 2), 0, 2, 2);
        var (across, bias) = (weight.T.Contiguous().Unflatten(1, [parts, h]), cell.Bias(Input(3).Data, Input(4).Data));
        Apart(x, (count, of) =>
        {
            var (ours, own) = (Array.ConvertAll(states, of), x.NewEmpty([parts, count, h]));
            // a copy of the bias for each sequence, so that all operands of a step are contiguous
            var added = bias.Unflatten(0, [-1, 1, h]) + Tensor.Zeros([1, count, 1], x.DType, x.Device);
            foreach (var t in Order(steps))
            {
                var (state, after) = (At(ours, Before(t)), At(ours, After(t)));
                x.Device.Contract(state[0], across, own.Transpose(0, 1), 0, 1, 2);
                cell.Step(of(gates.Select(0, t)), own, added, state, of(kept.Select(0, records ? t : 0)), after);
                for (var k = 0; k < after.Length && living is not null; k++)
                    after[k].Set(new Of3<Tensor.WhereFormula>(), of(living).Select(0, t), after[k], state[k]);
            }
        });
        if (living is not null) Keep(living);
        if (records) Keep([.. states, gates, kept]);
        var outputs = states[0].Narrow(0, After(0), steps);
        return [living is null ? outputs : Tensor.Where(living, outputs, 0),
            .. At(states, After(Order(steps).Last())).Select(state => state.Clone())];
    }

    /// <summary>
    /// Runs a computation that can be done separately for each sequence, on several threads if this pays. The
    /// computation is given the number of its sequences, and a function that cuts them out of a tensor.
    /// </summary>
    static void Apart(Tensor x, Action<int, Converter<Tensor, Tensor>> part) =>
        x.Device.Apart(x.Size(1), Least, (from, to) => part(to - from, t =>
            to - from == x.Size(1) ? t : t.Narrow(-2, from, to - from)));

    int Before(int t) => backwards ? t + 1 : t;
    int After(int t) => backwards ? t : t + 1;
    static Tensor[] At(Tensor[] states, int i) => Array.ConvertAll(states, state => state.Select(0, i));
    IEnumerable<int> Order(int steps) => Enumerable.Range(0, steps).Select(t => backwards ? steps - 1 - t : t);

    internal override void Free()
    {
        base.Free();
        (states, gates, kept) = ([], null, null);
    }

    protected override Variable?[] Backward(Variable[] gradients)
    {
        if (Autograd.Enabled) return Autograd.Within(Composed(), gradients, next, create: true);
        var (x, weight) = (X.Data, Input(2).Data);
        int steps = x.Size(0), h = cell.HiddenSize;
        var (perGate, dx) = (weight.Unflatten(0, [-1, h]), Tensor.EmptyLike(gates!));
        var dOwn = cell.IsSum ? dx : Tensor.EmptyLike(gates!);
        var dStates = Array.ConvertAll(gradients[1..], gradient => gradient.Data.Clone());
        Apart(x, (_, of) =>
        {
            var (ours, first) = (Array.ConvertAll(states, of), Array.ConvertAll(dStates, of));
            var (dy, ended) = (first, (Tensor[])[]);
            var through = Tensor.EmptyLike(dy[0]);
            foreach (var t in Order(steps).Reverse())
            {
                var output = of(gradients[0].Data).Select(0, t);
                if (living is not null)
                {
                    var on = of(living).Select(0, t);
                    ended = Array.ConvertAll(dy, d => Tensor.Where(on, 0, d));
                    dy = Array.ConvertAll(dy, d => Tensor.Where(on, d, 0));
                    output = Tensor.Where(on, output, 0);
                }
                dy[0].Add_(output);
                var own = of(dOwn.Select(0, t));
                var passed = cell.Back(dy, of(gates!.Select(0, t)), At(ours, Before(t)), of(kept!.Select(0, t)),
                    At(ours, After(t)), of(dx.Select(0, t)), own);
                x.Device.Contract(own.Transpose(0, 1), perGate, through, 0, 1, 1);
                dy = [passed[0] is { } direct ? direct.Add_(through) : through, .. passed[1..]!];
                for (var k = 0; k < ended.Length; k++) dy[k].Add_(ended[k]);
            }
            foreach (var (k, d) in dy.Index()) if (!ReferenceEquals(d, first[k])) first[k].Copy_(d);
        });
        Variable? db = Needs(3) || Needs(4) ? Bias(dx) : null;
        var before = states[0].Narrow(0, Before(0), steps);
        return [Needs(0) ? Tensor.Contract(dx.Transpose(1, 2), Input(1).Data.Unflatten(0, [-1, h]), 0, 2, 1) : null,
            Needs(1) ? Weights(x, dx) : null, Needs(2) ? Weights(before, dOwn) : null,
            db, cell.IsSum || !Needs(4) ? db : Bias(dOwn), .. dStates.Select(d => (Variable)d)];

        static Tensor Weights(Tensor x, Tensor d) =>
            Tensor.Contract(x.Permute(2, 0, 1), d.Transpose(1, 2), 0, 1, 2).Flatten(1, 2).T.Contiguous();
        static Tensor Bias(Tensor d) => d.Sum([0, 2]).Flatten();
    }

    /// <summary>
    /// Computes the results of <see cref="ForwardAll"/> with operations that are recorded one by one.
    /// </summary>
    Variable[] Composed()
    {
        var (x, state) = (F.Linear(X, Input(1), Input(3)).Unbind(), Inputs[^cell.States..]);
        var outputs = new Variable[x.Length];
        foreach (var t in Order(x.Length))
        {
            var next = cell.Step(x[t], F.Linear(state[0], Input(2), Input(4)), state);
            outputs[t] = next[0];
            if (living?.Select(0, t) is { } on)
            {
                outputs[t] = next[0].MaskedFill(!on, 0);
                next = [.. next.Zip(state, (after, before) => Variable.Where(on, after, before))];
            }
            state = next;
        }
        return [Variable.Stack(outputs), .. state];
    }
}
