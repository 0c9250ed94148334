using Tensorlet;
using Tensorlet.Nn;
using TorchSharp;
using TorchLinear = TorchSharp.Modules.Linear;

namespace Benchmarks;

// Each network twice: as one writes it in Tensorlet, and as one writes it in TorchSharp.

/// <summary>2-16-16-2, tanh: so small that a step is all overhead.</summary>
sealed class TinyMlp : Module
{
    readonly Linear fc1 = new(2, 16), fc2 = new(16, 16), fc3 = new(16, 2);

    public override Variable Forward(Variable x) => fc3.Call(fc2.Call(fc1.Call(x).Tanh()).Tanh());

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchLinear fc1 = torch.nn.Linear(2, 16);
        readonly TorchLinear fc2 = torch.nn.Linear(16, 16);
        readonly TorchLinear fc3 = torch.nn.Linear(16, 2);

        public Peer() : base("tiny-mlp") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) => fc3.forward(fc2.forward(fc1.forward(x).tanh()).tanh());
    }
}

/// <summary>784-256-128-10, relu: a step is matrix products.</summary>
sealed class Mlp : Module
{
    readonly Linear fc1 = new(784, 256), fc2 = new(256, 128), fc3 = new(128, 10);

    public override Variable Forward(Variable x) => fc3.Call(fc2.Call(fc1.Call(x).Relu()).Relu());

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchLinear fc1 = torch.nn.Linear(784, 256);
        readonly TorchLinear fc2 = torch.nn.Linear(256, 128);
        readonly TorchLinear fc3 = torch.nn.Linear(128, 10);

        public Peer() : base("mlp") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) => fc3.forward(fc2.forward(fc1.forward(x).relu()).relu());
    }
}

/// <summary>LeNet-5 in its modern form, for images of 1×32×32: a step is convolutions.</summary>
sealed class LeNet : Module
{
    readonly Conv2d conv1 = new(1, 6, 5), conv2 = new(6, 16, 5);
    readonly MaxPool2d pool = new(2);
    readonly Linear fc1 = new(400, 120), fc2 = new(120, 84), fc3 = new(84, 10);

    public override Variable Forward(Variable x)
    {
        x = pool.Call(conv1.Call(x).Relu());
        x = pool.Call(conv2.Call(x).Relu());
        return fc3.Call(fc2.Call(fc1.Call(x.Flatten(1)).Relu()).Relu());
    }

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.Conv2d conv1 = torch.nn.Conv2d(1, 6, 5);
        readonly TorchSharp.Modules.Conv2d conv2 = torch.nn.Conv2d(6, 16, 5);
        readonly TorchSharp.Modules.MaxPool2d pool = torch.nn.MaxPool2d(2);
        readonly TorchLinear fc1 = torch.nn.Linear(400, 120);
        readonly TorchLinear fc2 = torch.nn.Linear(120, 84);
        readonly TorchLinear fc3 = torch.nn.Linear(84, 10);

        public Peer() : base("lenet") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            x = pool.forward(conv1.forward(x).relu());
            x = pool.forward(conv2.forward(x).relu());
            return fc3.forward(fc2.forward(fc1.forward(x.flatten(1)).relu()).relu());
        }
    }
}
