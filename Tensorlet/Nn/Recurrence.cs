namespace Tensorlet.Nn;

/// <summary>
/// A recurrent cell over all steps, as one operation: given projected inputs (L, N, gates·H), the projection of the
/// state, and a state (N, H), …, it returns outputs (L, N, H) and the final state. Each step is recorded alone; in the
/// backward pass, the gradients of the weights are computed in one product over all steps.
/// </summary>
/// <param name="cell">The cell.</param>
/// <param name="backwards">Whether to go from the last step to the first.</param>
/// <param name="living">(L, N, 1): false after the end of a sequence. Its state no longer changes there, and its output
/// is 0.</param>
sealed class Recurrence(RecurrentCell cell, bool backwards, Tensor? living) : MultiFunction
{
    readonly record struct Recorded(Variable[] Inputs, Variable Output, Variable[] States);

    Recorded[] steps = [];
    Tensor? before;             // h before each step, (L, N, H)

    protected override Tensor[] ForwardAll()
    {
        Save();
        if (living is not null) Keep(living);
        var record = Autograd.Enabled && Inputs.Any(input => input.RequiresGrad);
        var (x, states) = (X.Data, Array.ConvertAll(Inputs[^cell.States..], state => state.Data));
        var outputs = x.NewEmpty([x.Size(0), x.Size(1), cell.HiddenSize]);
        (steps, before) = (new Recorded[x.Size(0)], outputs.EmptyLike());
        foreach (var t in Steps(x.Size(0)))
        {
            var own = Tensor.MatMul(states[0], Input(1).Data.T).Add_(Input(2).Data);
            Variable[] now = [.. new[] { x.Select(0, t), own }.Concat(states).Select(v => new Variable(v, record))];
            var (output, after) = Step(now[0], now[1], now[2..], t);
            outputs.Select(0, t).Copy_(output.Data);
            if (record)
            {
                steps[t] = new(now, output, after);
                before.Select(0, t).Copy_(states[0]);
            }
            states = Array.ConvertAll(after, state => state.Data);
        }
        Keep(before);
        return [outputs, .. states];
    }

    IEnumerable<int> Steps(int count) => Enumerable.Range(0, count).Select(step => backwards ? count - 1 - step : step);

    internal override void Free()
    {
        base.Free();
        (steps, before) = ([], null);
    }

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
            var step = steps[t];
            var found = Autograd.Grad([step.Output, .. step.States], step.Inputs, [gradients[0].Select(0, t), .. states
                .Select(g => (Variable)g)], retainGraph: true);
            dx.Select(0, t).Copy_(found[0]!.Data);
            own.Select(0, t).Copy_(found[1]!.Data);
            states = Array.ConvertAll(found[2..], g => g?.Data ?? states[0].ZerosLike());
            states[0] = states[0] + Tensor.MatMul(found[1]!.Data, weight);
        }
        var dw = Tensor.MatMul(own.Reshape(-1, weight.Size(0)).T, before!.Reshape(-1, cell.HiddenSize));
        return [dx, dw, own.Sum([0, 1]), .. states.Select(g => (Variable)g)];
    }

    /// <summary>The same, from operations that are recorded one by one.</summary>
    Variable[] Composed()
    {
        var (x, states) = (X.Unbind(), Inputs[^cell.States..]);
        var outputs = new Variable[x.Length];
        foreach (var t in Steps(x.Length))
            (outputs[t], states) = Step(x[t], F.Linear(states[0], Input(1), Input(2)), states, t);
        return [Variable.Stack(outputs), .. states];
    }
}
