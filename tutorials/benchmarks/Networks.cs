using Tensorlet;
using Tensorlet.Nn;
using TorchSharp;
using TorchLinear = TorchSharp.Modules.Linear;

namespace Benchmarks;

// Each network twice: as it is written in Tensorlet, and as it is written in TorchSharp.

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

/// <summary>Two convolutions with batch normalisation, for images of 3×32×32.</summary>
sealed class NormalizedCnn : Module
{
    readonly Conv2d conv1 = new(3, 32, 3, padding: 1), conv2 = new(32, 64, 3, padding: 1);
    readonly BatchNorm2d norm1 = new(32), norm2 = new(64);
    readonly MaxPool2d pool = new(2);
    readonly Linear fc = new(64 * 8 * 8, 10);

    public override Variable Forward(Variable x)
    {
        x = pool.Call(norm1.Call(conv1.Call(x)).Relu());
        x = pool.Call(norm2.Call(conv2.Call(x)).Relu());
        return fc.Call(x.Flatten(1));
    }

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.Conv2d conv1 = torch.nn.Conv2d(3, 32, 3, padding: 1);
        readonly TorchSharp.Modules.Conv2d conv2 = torch.nn.Conv2d(32, 64, 3, padding: 1);
        readonly TorchSharp.Modules.BatchNorm2d norm1 = torch.nn.BatchNorm2d(32);
        readonly TorchSharp.Modules.BatchNorm2d norm2 = torch.nn.BatchNorm2d(64);
        readonly TorchSharp.Modules.MaxPool2d pool = torch.nn.MaxPool2d(2);
        readonly TorchLinear fc = torch.nn.Linear(64 * 8 * 8, 10);

        public Peer() : base("cnn-bn") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            x = pool.forward(norm1.forward(conv1.forward(x)).relu());
            x = pool.forward(norm2.forward(conv2.forward(x)).relu());
            return fc.forward(x.flatten(1));
        }
    }
}

/// <summary>Two blocks of two convolutions each, in the style of VGG, for images of 3×32×32.</summary>
sealed class Vgg : Module
{
    readonly Sequential layers = new(
        new Conv2d(3, 32, 3, padding: 1), new ReLU(), new Conv2d(32, 32, 3, padding: 1), new ReLU(), new MaxPool2d(2),
        new Conv2d(32, 64, 3, padding: 1), new ReLU(), new Conv2d(64, 64, 3, padding: 1), new ReLU(), new MaxPool2d(2),
        new Flatten(), new Linear(64 * 8 * 8, 256), new ReLU(), new Linear(256, 10));

    public override Variable Forward(Variable x) => layers.Call(x);

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.Sequential layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 32, 3, padding: 1), Relu(), torch.nn.Conv2d(32, 32, 3, padding: 1), Relu(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(32, 64, 3, padding: 1), Relu(), torch.nn.Conv2d(64, 64, 3, padding: 1), Relu(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(64 * 8 * 8, 256), Relu(), torch.nn.Linear(256, 10));

        static TorchSharp.Modules.ReLU Relu() => torch.nn.ReLU(inplace: true);

        public Peer() : base("vgg") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) => layers.forward(x);
    }
}

/// <summary>784-256-64-256-784, relu, a sigmoid at the end.</summary>
sealed class Autoencoder : Module
{
    readonly Linear fc1 = new(784, 256), fc2 = new(256, 64), fc3 = new(64, 256), fc4 = new(256, 784);

    public override Variable Forward(Variable x)
    {
        var code = fc2.Call(fc1.Call(x).Relu()).Relu();
        return fc4.Call(fc3.Call(code).Relu()).Sigmoid();
    }

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchLinear fc1 = torch.nn.Linear(784, 256);
        readonly TorchLinear fc2 = torch.nn.Linear(256, 64);
        readonly TorchLinear fc3 = torch.nn.Linear(64, 256);
        readonly TorchLinear fc4 = torch.nn.Linear(256, 784);

        public Peer() : base("autoencoder") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            var code = fc2.forward(fc1.forward(x).relu()).relu();
            return fc4.forward(fc3.forward(code).relu()).sigmoid();
        }
    }
}

/// <summary>
/// 200 operations on 64 numbers, one after another: the cost of a step is that of calls and of the backward pass.
/// </summary>
sealed class Chain : Module
{
    public const int Size = 64;
    const int Rounds = 50; // of four operations

    readonly Variable weight = new(Tensor.Ones(Size), requiresGrad: true);

    public override Variable Forward(Variable x)
    {
        for (var i = 0; i < Rounds; i++) x = (x * weight * 0.99 + 0.01).Tanh();
        return x;
    }

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.Parameter weight = torch.nn.Parameter(torch.ones(Size));
        readonly Scalar factor = 0.99, shift = 0.01; // created once: TorchSharp would create them each time

        public Peer() : base("chain") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            for (var i = 0; i < Rounds; i++) x = (x * weight * factor + shift).tanh();
            return x;
        }
    }
}
