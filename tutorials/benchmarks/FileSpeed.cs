using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using Tensorlet.Data;

namespace Benchmarks;

/// <summary>
/// How fast files are read and written, in millions of bytes of the file per second, compared with the speed of the
/// machine: the same bytes in one piece, without any format. Writes are flushed to disk on both sides; what is read was
/// just written, so that it comes from the memory of the system on both sides.
/// </summary>
static class FileSpeed
{
    const int Repeats = 9, Numbers = 1 << 23;

    public static void Measure()
    {
        var x = Tensor.From(Operands.Normal(1, Numbers));
        var parts = Enumerable.Range(0, 8).ToDictionary(i => $"layer{i}.weight", i => x.Narrow(0, i << 20, 1 << 20));
        var lines = Operands.Normal(2, 1 << 20).Chunk(16).Select(row =>
            string.Join(',', row.Select(number => number.ToString("R", CultureInfo.InvariantCulture))));
        var folder = Directory.CreateTempSubdirectory("tensorlet-files-").FullName;
        Console.WriteLine($"{"MB/s",-14} {"MB",6} {"read",8} {"limit",8} {"share",6} " +
            $"{"write",8} {"limit",8} {"share",6}");
        try
        {
            Row("safetensors", path => SafeTensors.Save(path, parts), path => SafeTensors.Load(path));
            Row("npy", path => Npy.Save(path, x), path => Npy.Load(path));
            Row("npz", path => Npz.Save(path, parts), path => Npz.Load(path));
            Row("npz, packed", path => Npz.Save(path, parts, compressed: true), path => Npz.Load(path));
            Row("csv", null, path => new Csv(path, header: false).Numbers());
        }
        finally { Directory.Delete(folder, recursive: true); }

        void Row(string name, Action<string>? write, Action<string> read)
        {
            string path = Path.Combine(folder, "file"), other = Path.Combine(folder, "bytes");
            if (write is null) File.WriteAllLines(path, lines);
            else write(path);
            var bytes = File.ReadAllBytes(path);
            double[] Speeds(params Action[] works) => [.. Times(works).Select(s => bytes.Length / s / 1e6)];
            var reads = Speeds(() => read(path), () => File.ReadAllBytes(path));
            var writes = write is null ? null : Speeds(() => write(path), () => WriteFlushed(other, bytes));
            Console.WriteLine($"{name,-14} {bytes.Length / 1e6,6:F1} {Shown(reads)} " +
                (writes is null ? "" : Shown(writes)));

            static string Shown(double[] speeds) =>
                $"{speeds[0],8:F0} {speeds[1],8:F0} {100 * speeds[0] / speeds[1],5:F0}%";
        }
    }

    static void WriteFlushed(string path, byte[] bytes)
    {
        using var file = File.Create(path);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The median time of each, in seconds; they take turns, after one turn that does not count.</summary>
    static IEnumerable<double> Times(Action[] works)
    {
        var times = works.Select(_ => new double[Repeats]).ToArray();
        for (var i = -1; i < Repeats; i++)
            foreach (var (k, work) in works.Index())
            {
                GC.Collect();
                var watch = Stopwatch.StartNew();
                work();
                if (i >= 0) times[k][i] = watch.Elapsed.TotalSeconds;
            }
        return times.Select(t => t.Order().ElementAt(Repeats / 2));
    }
}
