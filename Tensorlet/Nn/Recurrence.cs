namespace Tensorlet.Nn;

/// <summary>
/// Runs a recurrent cell over all steps, as one operation. The inputs of the operation are the projected inputs of
/// the cell, of shape (L, N, gates·H); the weights and the bias that project the state; and the tensors of the
/// initial state, each of shape (N, H). The results are the outputs, of shape (L, N, H), and the final state. Here,
/// L is the number of steps, N is the number of sequences, H is the size of the state, and <c>gates</c> is the
/// number of parts of size H that a projection consists of. Each step writes its result to the memory from which
/// the next step reads. In the backward pass, the gradients with respect to the weights are computed in one product
/// over all steps.
/// </summary>
/// <param name="cell">The cell.</param>
/// <param name="backwards">If true, the cell goes from the last step to the first. If false, it goes from the first
/// step to the last.</param>
/// <param name="living">A mask of shape (L, N, 1), which is false after the end of a sequence. After the end, the
/// state of the sequence no longer changes, and the output is 0.</param>
sealed class Recurrence(RecurrentCell cell, bool backwards, Tensor? living) : MultiFunction
{
    Tensor[] states = [];               // each part of the state, before and after each step: (L + 1, N, H)
    Tensor? products, kept;             // for each step: state times weights, and what the cell keeps

    protected override Tensor[] ForwardAll()
    {
        Save();
        foreach (var input in Inputs) X.Data.SameDevice(Name, input.Data);
        var (x, weight, bias) = (X.Data, Input(1).Data, Input(2).Data);
        var records = Autograd.Enabled && Inputs.Any(input => input.RequiresGrad);
        int steps = x.Size(0), n = x.Size(1), h = cell.HiddenSize, rows = records ? steps : 1;
        states = Array.ConvertAll(Inputs[^cell.States..], _ => x.NewEmpty([steps + 1, n, h]));
        foreach (var (k, state) in At(Before(Order(steps).First())).Index()) state.Copy_(Input(3 + k).Data);
        (products, kept) = (x.NewEmpty([rows, n, weight.Size(0)]), x.NewEmpty([rows, n, cell.Kept * h]));
        foreach (var t in Order(steps))
        {
            var (state, after, row) = (At(Before(t)), At(After(t)), records ? t : 0);
            x.Device.Contract(state[0], weight.T, products.Select(0, row), 0, 1, 1);
            cell.Step(x.Select(0, t), products.Select(0, row), bias, state, kept.Select(0, row), after);
            for (var k = 0; k < after.Length && living is not null; k++)
                after[k].Set(new Of3<Tensor.WhereFormula>(), living.Select(0, t), after[k], state[k]);
        }
        if (living is not null) Keep(living);
        if (records) Keep([.. states, products, kept]);
        var outputs = states[0].Narrow(0, After(0), steps);
        return [living is null ? outputs : Tensor.Where(living, outputs, 0),
            .. At(After(Order(steps).Last())).Select(state => state.Clone())];
    }

    int Before(int t) => backwards ? t + 1 : t;
    int After(int t) => backwards ? t : t + 1;
    Tensor[] At(int i) => Array.ConvertAll(states, state => state.Select(0, i));
    IEnumerable<int> Order(int steps) => Enumerable.Range(0, steps).Select(t => backwards ? steps - 1 - t : t);

    internal override void Free()
    {
        base.Free();
        (states, products, kept) = ([], null, null);
    }

    protected override Variable?[] Backward(Variable[] gradients)
    {
        if (Autograd.Enabled) return Autograd.Within(Composed(), gradients, next, create: true);
        var (x, weight, bias) = (X.Data, Input(1).Data, Input(2).Data);
        int steps = x.Size(0), n = x.Size(1);
        var dx = Tensor.EmptyLike(x);
        var dOwn = cell.IsSum ? dx : Tensor.EmptyLike(x);
        var dy = Array.ConvertAll(gradients[1..], gradient => gradient.Data.Clone());
        foreach (var t in Order(steps).Reverse())
        {
            var (on, ended) = (living?.Select(0, t), (Tensor[])[]);
            if (on is not null)
            {
                ended = Array.ConvertAll(dy, d => Tensor.Where(on, 0, d));
                dy = Array.ConvertAll(dy, d => Tensor.Where(on, d, 0));
            }
            var output = gradients[0].Data.Select(0, t);
            dy[0].Add_(on is null ? output : Tensor.Where(on, output, 0));
            var own = dOwn.Select(0, t);
            var passed = cell.Back(dy, products!.Select(0, t), bias, At(Before(t)), kept!.Select(0, t), At(After(t)),
                dx.Select(0, t), own);
            var state = Tensor.MatMul(own, weight);
            dy = [passed[0] is { } direct ? state.Add_(direct) : state, .. passed[1..]!];
            for (var k = 0; k < ended.Length; k++) dy[k].Add_(ended[k]);
        }
        var before = states[0].Narrow(0, Before(0), steps).Reshape(steps * n, cell.HiddenSize);
        var dw = Tensor.MatMul(dOwn.Reshape(steps * n, weight.Size(0)).T, before);
        return [dx, dw, dOwn.Sum([0, 1]), .. dy.Select(d => (Variable)d)];
    }

    /// <summary>
    /// Computes the results of <see cref="ForwardAll"/> with operations that are recorded one by one.
    /// </summary>
    Variable[] Composed()
    {
        var (x, state) = (X.Unbind(), Inputs[^cell.States..]);
        var outputs = new Variable[x.Length];
        foreach (var t in Order(x.Length))
        {
            var next = cell.Step(x[t], F.Linear(state[0], Input(1), Input(2)), state);
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
