using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;
using TorchSharp;
using static Benchmarks.Operands;
using Peer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Benchmarks;

/// <summary>Whole steps of training: zero the gradients, forward, loss, backward, step.</summary>
static class Training
{
    const int StepsCompared = 3;

    public static IEnumerable<Row> Rows =>
    [
        Steps("tiny-mlp", () => new TinyMlp(), () => new TinyMlp.Peer(), [32, 2], classes: 2,
            p => new SGD(p, lr: 0.1), p => torch.optim.SGD(p, 0.1)),
        Steps("mlp", () => new Mlp(), () => new Mlp.Peer(), [64, 784], classes: 10,
            p => new Adam(p, lr: 1e-3), p => torch.optim.Adam(p, 1e-3)),
        Steps("lenet", () => new LeNet(), () => new LeNet.Peer(), [64, 1, 32, 32], classes: 10,
            p => new Adam(p, lr: 1e-3), p => torch.optim.Adam(p, 1e-3)),
    ];

    static Row Steps(string name, Func<Module> network, Func<Peer> peer, int[] batch, int classes,
        Func<IEnumerable<Variable>, Optimizer> optimizer,
        Func<IEnumerable<TorchSharp.Modules.Parameter>, torch.optim.Optimizer> peerOptimizer) =>
        new(name, "", true, () =>
        {
            var (net, torchNet) = (network(), peer());
            var (x, tx) = Randn(1, batch);
            var (labels, torchLabels) = Labels(2, batch[0], classes);
            var (optim, torchOptim) = (optimizer(net.Parameters()), peerOptimizer(torchNet.parameters()));
            var loss = new CrossEntropyLoss();
            float[][] weights = [.. net.Parameters().Select(p => p.Data.ToArray<float>())];
            Restore();
            return new(() => Step(), () => TorchStep(), Losses, Restore);

            Variable Step()
            {
                optim.ZeroGrad();
                var l = loss.Call(net.Call(x), labels);
                l.Backward();
                optim.Step();
                return l;
            }

            float TorchStep(bool read = false)
            {
                using var scope = torch.NewDisposeScope();
                torchOptim.zero_grad();
                var l = torch.nn.functional.cross_entropy(torchNet.forward(tx), torchLabels);
                l.backward();
                torchOptim.step();
                return read ? l.item<float>() : 0;
            }

            (float[], float[]) Losses()
            {
                var (ours, theirs) = (new float[StepsCompared], new float[StepsCompared]);
                for (var i = 0; i < StepsCompared; i++)
                    (ours[i], theirs[i]) = ((float)Step().Item(), TorchStep(read: true));
                return (ours, theirs);
            }

            // Each batch of calls starts from the weights that Tensorlet drew, so that all batches do the same work.
            void Restore()
            {
                using var none = torch.no_grad();
                foreach (var (p, q, w) in net.Parameters().Zip(torchNet.parameters(), weights))
                {
                    p.Data.Copy_(Tensor.From(w, p.Data.Size()));
                    using var values = Torch(w, p.Data.Shape);
                    q.copy_(values);
                }
            }
        });
}
