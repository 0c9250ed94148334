using System.Diagnostics;
using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;
{ var x = new Variable(Tensor.Ones(2, 2), requiresGrad: true); var y = x + 2; var z = y * y * 3; var o = z.Mean(); o.Backward(); Console.WriteLine($"{o.Item()} {string.Join(" ", x.Grad!.Data.ToArray<float>())} {o.GradFn!.NextFunctions[0]}"); }
Device.Cpu.Threads = args.Length > 0 ? int.Parse(args[0]) : 1;
var net = new LeNet(); Console.WriteLine(net); Console.WriteLine(net.Summary());
var adam = new Adam(net.Parameters()); var ce = new CrossEntropyLoss();
var images = Tensor.Randn(64, 1, 32, 32); var labels = Tensor.RandInt(0, 10, [64]);
var times = new List<double>();
for (var i = 0; i < 400; i++) { var t = Stopwatch.GetTimestamp(); adam.ZeroGrad(); var loss = ce.Call(net.Call(images), labels); loss.Backward(); adam.Step(); times.Add(Stopwatch.GetElapsedTime(t).TotalMilliseconds); if (i % 50 == 0) Console.WriteLine($"{i} {loss.Item()}"); }
times = times.Skip(100).Order().ToList(); Console.WriteLine($"step median {times[times.Count / 2]:F2} ms, best {times[0]:F2}; gc {GC.CollectionCount(0)} {GC.CollectionCount(1)} {GC.CollectionCount(2)} mem {Environment.WorkingSet >> 20} MB");
var sw = Stopwatch.StartNew(); var th = new Thread(() => { var p = new Variable(Tensor.Scalar(1), true); Variable q = p; for (var i = 0; i < 1000000; i++) q = q * 1.0000001; q.Backward(); Console.WriteLine(p.Grad!.Item()); }, 256 * 1024); th.Start(); th.Join(); Console.WriteLine($"chain {sw.ElapsedMilliseconds} ms, peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB");
class LeNet : Module
{
    readonly Conv2d conv1 = new(1, 6, 5), conv2 = new(6, 16, 5); readonly MaxPool2d pool = new(2); readonly Linear fc1 = new(400, 120), fc2 = new(120, 84), fc3 = new(84, 10);
    public override Variable Forward(Variable x) { x = pool.Call(conv1.Call(x).Relu()); x = pool.Call(conv2.Call(x).Relu()); x = x.Flatten(1); return fc3.Call(fc2.Call(fc1.Call(x).Relu()).Relu()); }
}
