namespace Tensorlet.Nn;

/// <summary>
/// A cell through all steps, as one operation: of projected inputs (L, N, gates·H), what the state is projected by, and
/// a state (N, H), …, to outputs (L, N, H) and the state at the end. Going back, each step is recorded alone; the
/// gradients of the weights are those of one product over all steps.
/// </summary>
/// <param name="cell">The cell.</param>
/// <param name="backwards">From the last step to the first.</param>
/// <param name="living">(L, N, 1): false where a sequence has ended; there its state stays, and its output is 0.</param>
sealed class Recurrence(RecurrentCell cell, bool backwards, Tensor? living) : MultiFunction
{
    Tensor[] before = [];       // what the states were, (L, N, H) each
    Tensor? projected;          // the states before each step, projected, (L, N, gates·H)

    protected override Tensor[] ForwardAll()
    {
        Save();
        using var _ = Autograd.NoGrad();
        var (x, states) = (X.Data, Inputs[^cell.States..]);
        var outputs = x.NewEmpty([x.Size(0), x.Size(1), cell.HiddenSize]);
        (projected, before) = (x.EmptyLike(), Array.ConvertAll(states, _ => outputs.EmptyLike()));
        foreach (var t in Steps(x.Size(0)))
        {
            var own = Project(states[0]);
            projected.Select(0, t).Copy_(own.Data);
            for (var k = 0; k < states.Length; k++) before[k].Select(0, t).Copy_(states[k].Data);
            (var output, states) = Step(x.Select(0, t), own, states, t);
            outputs.Select(0, t).Copy_(output.Data);
        }
        return [outputs, .. states.Select(state => state.Data)];
    }

    IEnumerable<int> Steps(int count) =>
        Enumerable.Range(0, count).Select(step => backwards ? count - 1 - step : step);

    Variable Project(Variable state) => F.Linear(state, Input(1), cell.Own.Length > 1 ? Input(2) : null);

    (Variable Output, Variable[] States) Step(Variable x, Variable own, Variable[] states, int t)
    {
        var next = cell.Step(x, own, states);
        if (living is null) return (next[0], next);
        var on = living.Select(0, t);
        return (next[0].MaskedFill(!on, 0), [.. next.Zip(states, (after, now) => Variable.Where(on, after, now))]);
    }

    protected override Variable?[] Backward(Variable[] gradients)
    {
        if (Autograd.Enabled)
        {
            var found = Autograd.Gradients(Composed(), gradients, next.OfType<Function>(), true, true);
            return Array.ConvertAll(next, function => function is null ? null : found[function]);
        }
        var (x, weight, states) = (X.Data, Input(1).Data, Array.ConvertAll(gradients[1..], g => g.Data));
        Tensor dx = x.EmptyLike(), own = x.EmptyLike();
        foreach (var t in Steps(x.Size(0)).Reverse())
        {
            Variable[] leaves = [.. new[] { x, projected! }.Concat(before).Select(all =>
                new Variable(all.Select(0, t), requiresGrad: true))];
            (Variable Output, Variable[] States) to;
            using (Autograd.EnableGrad()) to = Step(leaves[0], leaves[1], leaves[2..], t);
            var found = Autograd.Grad([to.Output, .. to.States], leaves, [gradients[0].Select(0, t), .. states
                .Select(g => (Variable)g)]);
            dx.Select(0, t).Copy_(found[0]!.Data);
            own.Select(0, t).Copy_(found[1]!.Data);
            states = Array.ConvertAll(found[2..], g => g?.Data ?? states[0].ZerosLike());
            states[0] = states[0] + Tensor.MatMul(found[1]!.Data, weight);
        }
        var dw = Tensor.MatMul(own.Reshape(-1, weight.Size(0)).T, before[0].Reshape(-1, cell.HiddenSize));
        return [dx, dw, .. cell.Own.Length > 1 ? [(Variable)own.Sum([0, 1])] : Array.Empty<Variable>(),
            .. states.Select(g => (Variable)g)];
    }

    /// <summary>The same, of operations that are recorded one by one.</summary>
    Variable[] Composed()
    {
        var (x, states) = (X.Unbind(), Inputs[^cell.States..]);
        var outputs = new Variable[x.Length];
        foreach (var t in Steps(x.Length)) (outputs[t], states) = Step(x[t], Project(states[0]), states, t);
        return [Variable.Stack(outputs), .. states];
    }
}
