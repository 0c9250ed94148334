using Tensorlet;
var x = Tensor.Of(new[,] { { 1.0, 2, 3 }, { 4, 5, 6 } });
Console.WriteLine(string.Join(" ", Tensor.MatMul(x, x.T).ToArray<double>()));
Console.WriteLine(string.Join(" ", (x + x.Sum([1], true) * 2).ToArray<double>()));
Console.WriteLine(string.Join(" ", x[.., 1].ToArray<double>()) + " | " + string.Join(" ", x[x > 3].ToArray<double>()));
foreach (var (m, n, k) in new[] { (3, 5, 7), (64, 64, 64), (100, 33, 600), (6, 25, 9000), (200, 10, 84) })
{
    var a = Tensor.Randn(m, k); var b = Tensor.Randn(n, k).T;
    var c = Tensor.MatMul(a, b); var d = Tensor.MatMul(a.To(Device.Reference), b.To(Device.Reference));
    Console.WriteLine($"{m} {n} {k}: {(c - d.Cpu()).To(DType.Float64).Reduce(new Amx(), "m").Item()}");
}
foreach (var threads in new[] { 1, 2 })
foreach (var n in new[] { 64, 256, 1024 })
{
    Device.Cpu.Threads = threads;
    var a = Tensor.Randn(n, n); var b = Tensor.Randn(n, n);
    var best = double.MaxValue;
    for (var i = 0; i < 200000000 / n / n / n * 5 + 40; i++) { var t = System.Diagnostics.Stopwatch.GetTimestamp(); Tensor.MatMul(a, b); best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(t).TotalSeconds); }
    Console.WriteLine($"{threads} {n}: {2.0 * n * n * n / best / 1e9:F0} GFLOP/s {best * 1e6:F1} us");
}
public readonly struct Amx : IReduction { public double Start => 0; V IReduction.Apply<V>(V a, V b) => V.IfGreater(V.Abs(a), V.Abs(b), V.Abs(a), V.Abs(b)); }
