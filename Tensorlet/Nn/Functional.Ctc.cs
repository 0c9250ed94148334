namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// The negative logarithm of the probability of a sequence of labels (Graves et al. 2006). This probability is the
    /// sum of the probabilities of all alignments of the sequence. An alignment assigns a label or the blank to each
    /// time step. To get the sequence of labels from an alignment, neighbouring time steps with the same class are
    /// merged, and then the blanks are removed.
    /// </summary>
    /// <param name="logProbs">The logarithms of the probabilities of all classes at each time step, of shape (T, N, C),
    /// where T is the number of time steps, N is the number of samples and C is the number of classes. They are usually
    /// the result of <c>LogSoftmax(2)</c>.</param>
    /// <param name="targets">The labels, as Int64: either a tensor of shape (N, S) with a row of labels for each
    /// sample, or a tensor with one axis, which contains the labels of all samples one after another.</param>
    /// <param name="inputLengths">The number of time steps of each sample, as Int64 of shape (N). It is at most
    /// T.</param>
    /// <param name="targetLengths">The number of labels that each sample has, as Int64 of shape (N).</param>
    /// <param name="blank">The blank, which is the class that stands for no label.</param>
    /// <param name="reduction">How the losses are reduced. Before the mean is taken, the loss of each sample is divided
    /// by the number of its labels.</param>
    /// <param name="zeroInfinity">The loss of a sample that has too few steps for its labels is 0 if this argument is
    /// true, and ∞ if it is false. In both cases, the gradient of this loss is 0.</param>
    /// <exception cref="ShapeException">The shapes or lengths do not fit together.</exception>
    /// <exception cref="IndexException">A label is the blank, or is not one of the classes.</exception>
    public static Variable CtcLoss(Variable logProbs, Tensor targets, Tensor inputLengths, Tensor targetLengths,
        int blank = 0, Reduction reduction = Reduction.Mean, bool zeroInfinity = false) => Named(() =>
    {
        const double never = -1e30;         // in place of −∞, because −∞ − (−∞) is NaN
        if ((logProbs.Given().Rank, targets.Given().Rank) is not (3, 1 or 2))
            throw new ShapeException($"CTCLoss: log probabilities {logProbs.Data.Layout} and targets " +
                $"{targets.Layout} must be (T, N, C), and (N, S) or one axis.");
        logProbs.Data.OnlyFloat("CTCLoss: the log probabilities");
        int n = logProbs.Size(1), classes = logProbs.Size(2);
        blank.In("CTCLoss", 0, classes - 1);
        var labels = targets.OnlyType("CTCLoss: the targets", DType.Int64).ToArray<long>();
        var lengths = Lengths("input lengths", inputLengths.Given(), logProbs.Size(0));
        var counts = Lengths("target lengths", targetLengths.Given(), targets.Size(-1));
        if (targets.Rank == 2 ? targets.Size(0) != n : counts.Sum() != labels.Length)
            throw new ShapeException($"CTCLoss: targets {targets.Layout} and target lengths " +
                $"[{string.Join(", ", counts)}] do not fit together for {n} samples.");

        // If s is odd, state s of a sample is label number s/2 of this sample. If s is even, state s is a blank
        // before, between or after labels.
        var states = 2 * (int)counts.Append(0).Max() + 1;
        var (read, barred, open) = (new long[n, states], new bool[3, n, states], new bool[n, states]);
        for (int i = 0, first = 0; i < n; first += targets.Rank == 2 ? targets.Size(1) : (int)counts[i], i++)
            for (var s = 0; s < states; s++)
            {
                var isLabel = s % 2 == 1 && s / 2 < counts[i];
                var at = read[i, s] = isLabel ? labels[first + s / 2] : blank;
                if (at < 0 || at >= classes || (isLabel && at == blank)) throw new IndexException(
                    $"CTCLoss: label {at} of sample {i} is the blank, or is not one of {classes} classes.");
                // state s may follow itself or state s − 1; a label may also follow the previous label, state s − 2,
                // if the two labels differ
                (barred[1, i, s], barred[2, i, s]) = (s < 1, s < 3 || !isLabel || at == read[i, s - 2]);
                open[i, s] = s != 2 * counts[i] && s != 2 * counts[i] - 1;
            }
        Tensor Here(Array values) => Tensor.From(values, device: logProbs.Device);

        // α[s] = ln of the probability of state s; at the beginning, the state is the blank before all labels
        var start = Tensor.Full([n, states], never, logProbs.DType, logProbs.Device);
        start.Narrow(1, 0, 1).Zero_();
        Variable alpha = start;
        var (bars, steps) = (Here(barred), Here(lengths).Unsqueeze(1));
        var scores = logProbs.Clamp(min: never).Gather(2, Here(read).Expand(logProbs.Size(0), n, states)).Unbind();
        for (var t = 0; t < scores.Length; t++)
        {
            var before = Variable.Stack([alpha, alpha.Roll(1, 1), alpha.Roll(2, 1)]).MaskedFill(bars, never);
            alpha = Variable.Where(steps > t, before.LogSumExp([0]) + scores[t], alpha);
        }
        var losses = -alpha.MaskedFill(Here(open), never).LogSumExp([1]);
        losses = losses.MaskedFill(losses.Data > -never / 2, zeroInfinity ? 0 : double.PositiveInfinity);
        return Reduced("CTCLoss", losses, reduction, reduction != Reduction.Mean ? null
            : Here(Array.ConvertAll(counts, count => 1.0 / Math.Max(1, count))).To(logProbs.DType));

        long[] Lengths(string what, Tensor given, int most)
        {
            var all = OfShape("CTCLoss", what, given, n).Data.OnlyType($"CTCLoss: the {what}", DType.Int64)
                .ToArray<long>();
            return all.All(length => length >= 0 && length <= most) ? all : throw new ShapeException(
                $"CTCLoss: the {what} [{string.Join(", ", all)}] must be from 0 to {most}.");
        }
    }, "CTCLoss");
}
