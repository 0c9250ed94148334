using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials;

/// <summary>
/// The network of LeCun et al. 1998 as it is usually introduced today: (N, 1, 32, 32) to scores (N, 10).
/// </summary>
sealed class LeNet : Module
{
    readonly Conv2d conv1 = new(1, 6, 5);
    readonly Conv2d conv2 = new(6, 16, 5);
    readonly Linear fc1 = new(16 * 5 * 5, 120);
    readonly Linear fc2 = new(120, 84);
    readonly Linear fc3 = new(84, 10);

    public override Variable Forward(Variable x)
    {
        x = F.MaxPool2d(conv1.Call(x).Relu(), (2, 2));
        x = F.MaxPool2d(conv2.Call(x).Relu(), 2);
        x = x.Flatten(1);
        x = fc1.Call(x).Relu();
        x = fc2.Call(x).Relu();
        return fc3.Call(x);
    }
}
