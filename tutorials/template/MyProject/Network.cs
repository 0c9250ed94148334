using Tensorlet;
using Tensorlet.Nn;

namespace MyProject;

/// <summary>Two hidden layers: (N, inputs) to one score for each class, (N, classes).</summary>
public sealed class Network(int inputs, int classes, int hidden = 32) : Module
{
    readonly Linear first = new(inputs, hidden), second = new(hidden, hidden), last = new(hidden, classes);

    /// <inheritdoc/>
    public override Variable Forward(Variable x)
    {
        var h = new Hump().Apply(first.Call(x));
        return last.Call(new Hump().Apply(second.Call(h)));
    }
}
