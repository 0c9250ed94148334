using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;

namespace Tutorials;

/// <summary>
/// Damaged files of every format that is read here: bits are flipped, parts are cut out, inserted and swapped, ends are
/// cut off, lengths are changed, the head of one file is joined with the rest of another. Each is read, or refused with
/// an InvalidDataException that names it, in time and without much memory.
/// </summary>
static class Mutations
{
    /// <summary>A format, and how it is read.</summary>
    /// <param name="Name">Its name in the report.</param>
    /// <param name="Sound">Valid files.</param>
    /// <param name="Read">Reads a file and returns its content as bytes.</param>
    /// <param name="Sealed">A checksum protects the whole content, so that nothing else may be read.</param>
    /// <param name="Pack">Compresses the content of a file; half of the damage is then done before that, and does not
    /// break the checksum.</param>
    public sealed record Format(string Name, byte[][] Sound, Func<string, byte[]> Read, bool Sealed = false,
        Func<byte[], byte[]>? Pack = null);

    /// <summary>
    /// How many files were read as the original, were read as another one, were refused, or none of these.
    /// </summary>
    public sealed record Counts(int Equal, int Other, int Refused, IReadOnlyList<string> Faults);

    const int Seconds = 10, Megabytes = 16;

    /// <summary>Damages a number of files of each format, and prints a table.</summary>
    /// <returns>The number of faults.</returns>
    public static int Run(TextWriter report, int count = 2000)
    {
        var faults = 0;
        report.WriteLine($"{"damaged files",-28} {"equal",7} {"other",7} {"refused",7} {"FAULTS",7}");
        foreach (var format in Formats())
        {
            var counts = Try(format, count);
            report.WriteLine($"{format.Name,-28} {counts.Equal,7} {counts.Other,7} {counts.Refused,7} " +
                $"{counts.Faults.Count,7}");
            foreach (var fault in counts.Faults.Take(5)) report.WriteLine($"  {fault}");
            faults += counts.Faults.Count;
        }
        return faults;
    }

    /// <summary>Damages a number of files of a format, always the same ones.</summary>
    public static Counts Try(Format format, int count)
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet-mutations-").FullName;
        var (path, random, faults) = (Path.Combine(folder, "mutant"), new Random(1), new List<string>());
        int equal = 0, other = 0, refused = 0;
        try
        {
            var content = format.Sound.Select(sound => Content(Packed(format, sound))).ToList();
            for (var i = 0; i < count; i++)
            {
                var (which, inside) = (random.Next(format.Sound.Length), random.Next(2) == 0);
                var (sound, second) = (format.Sound[which], format.Sound[random.Next(format.Sound.Length)]);
                byte[] Damage(byte[] bytes) => random.Next(6) == 0 ? Spliced(bytes, second, random)
                    : Damaged(bytes, random);
                File.WriteAllBytes(path, inside ? Packed(format, Damage(sound)) : Damage(Packed(format, sound)));
                var task = Task.Run(() => Outcome(format, path, content[which].Length));
                if (!task.Wait(TimeSpan.FromSeconds(Seconds)))
                {
                    Fault($"more than {Seconds} s");
                    break;                                          // its thread is still busy
                }
                var (read, wrong) = task.Result;
                if (wrong is not null) Fault(wrong);
                else if (read is null) refused++;
                else if (read.AsSpan().SequenceEqual(content[which])) equal++;
                else if (format.Sealed && !(inside && format.Pack is not null)
                    && !content.Exists(c => c.AsSpan().SequenceEqual(read))) Fault("read as what nobody has written");
                else other++;

                void Fault(string what) => faults.Add($"{format.Name}, file {i}: {what}");
            }
        }
        finally { Directory.Delete(folder, recursive: true); }
        return new(equal, other, refused, faults);

        byte[] Content(byte[] sound)
        {
            File.WriteAllBytes(path, sound);
            return format.Read(path);
        }
    }

    static byte[] Packed(Format format, byte[] bytes) => format.Pack?.Invoke(bytes) ?? bytes;

    /// <summary>What was read, or nothing if it was refused; and what is wrong with that.</summary>
    static (byte[]? Read, string? Wrong) Outcome(Format format, string path, long length)
    {
        var (before, read, wrong) = (GC.GetAllocatedBytesForCurrentThread(), (byte[]?)null, (string?)null);
        try { read = format.Read(path); }
        catch (InvalidDataException e) when (e.Message.Contains(path)) { }
        catch (Exception e) { wrong = $"{e.GetType().Name}: {e.Message}"; }
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        var most = ((long)Megabytes << 20) + 64 * length;
        return (read, wrong ?? (taken > most ? $"{taken >> 20} MB for {length} bytes of content" : null));
    }

    /// <summary>
    /// One to three changes, half of them near the beginning, where the headers are, or near the end.
    /// </summary>
    public static byte[] Damaged(byte[] sound, Random random)
    {
        List<byte> bytes = [.. sound];
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var length = random.Next(1, 9);
            int Place(int room) => Math.Max(0, random.Next(4) switch
            {
                0 => random.Next(Math.Min(room, 128)),
                1 => room - 1 - random.Next(Math.Min(room, 128)),
                _ => random.Next(room),
            });
            if (bytes.Count <= 8) break;
            var at = Place(bytes.Count - 8);
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(Place(bytes.Count - 8), length)); break;
                case 5:
                    var other = Place(bytes.Count - 8);
                    (bytes[at], bytes[other]) = (bytes[other], bytes[at]);
                    break;
                default:
                    int[] numbers = [0, int.MaxValue, -1, bytes.Count, random.Next(), random.Next(300)];
                    var number = BitConverter.GetBytes(numbers[random.Next(numbers.Length)]);
                    if (random.Next(2) == 0) Array.Reverse(number);
                    for (var i = 0; i < 4; i++) bytes[at + i] = number[i];
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>The beginning of one file, and the rest of another from some position on.</summary>
    static byte[] Spliced(byte[] first, byte[] second, Random random)
    {
        var head = random.Next(Math.Min(first.Length, 256) + 1);
        return [.. first[..head], .. second[(random.Next(2) == 0 ? Math.Min(head, second.Length)
            : random.Next(second.Length + 1))..]];
    }

    /// <summary>All formats, with small files of each kind that they have.</summary>
    public static IReadOnlyList<Format> Formats()
    {
        Dictionary<string, Tensor> tensors = new()
        {
            ["weight"] = Tensor.Randn([3, 5], generator: new(1)),
            ["bias"] = Tensor.Randn([5], DType.Float64, null, new(2)),
            ["labels"] = Tensor.From([-1L, 1L << 60, 7]), ["mask"] = Tensor.From([true, false, true]),
            ["nothing"] = Tensor.Zeros(0, 4), ["number"] = Tensor.Scalar(0.5),
        };
        var net = new Sequential(new Linear(3, 4), new Linear(4, 2));
        byte[][] images = [.. new[] { Drawn.Sunset(12, 20), Drawn.Ball(0.3, 9), Drawn.Ball(0.5, 16)[..1] }.SelectMany(
            image => new[] { ".png", ".jpg" }.Select(end => Saved(path => ImageFile.Write(path, image), end)))];
        byte[] idx = [.. Idx.Header(2, 3, 20), .. Enumerable.Range(0, 120).Select(i => (byte)(i * i / 7))],
            records = [.. Enumerable.Range(0, 2 * 3073).Select(i => (byte)(i % 3073 == 0 ? i / 3073 : i * i / 7))],
            fortran = [.. "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2), }"u8];
        byte[][] npy = [.. tensors.Values.Select(tensor => Saved(path => Npy.Save(path, tensor))),
            [0x93, .. "NUMPY"u8, 2, 0, (byte)fortran.Length, 0, 0, 0, .. fortran, .. "abcdefghijkl"u8]];
        byte[][] sounds = [.. new[] { 1, 2 }.Select(channels => Saved(path =>
            Wav.Write(path, Tensor.Rand([channels, 40], generator: new(3)), 8000)))];
        return [
            new("safetensors", [Saved(path => SafeTensors.Save(path, tensors)), Saved(path => SafeTensors.Save(path,
                tensors.Take(2).ToDictionary(), new Dictionary<string, string> { ["made by"] = "a mutation" }))],
                path => Bytes(SafeTensors.Load(path))),
            new("safetensors of others", [Other("""{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""", 24),
                Other("""{"a":{"dtype":"I16","shape":[9],"data_offsets":[2,20]},""" +
                    """ "b":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"__metadata__":{"format":"pt"}}""", 20),
                Other("""{"a":{"dtype":"BF16","shape":[4,1],"data_offsets":[0,8]},""" +
                    """ "b":{"dtype":"U8","shape":[0,3],"data_offsets":[8,8]}}   """, 8)],
                path => Bytes(SafeTensors.Load(path))),
            new("checkpoints", [Saved(path => Checkpoint.Save(path, ("model", net), ("epoch", new Counter(7))))],
                path => Loaded(path, new Sequential(new Linear(3, 4), new Linear(4, 2)), new Counter(8)), Sealed: true),
            new("npy", npy, path => Bytes(new() { [""] = Npy.Load(path) })),
            new("npz", [Saved(path => Npz.Save(path, tensors)), Saved(path => Npz.Save(path, tensors, true))],
                path => Values(Npz.Load(path))),
            new("npz of damaged npy", npy, path => Bytes(Npz.Load(path)), Pack: Zip),
            new("csv", [.. "a,b,\"c \"\"d\"\"\"\n1,2.5,\"-4e3\"\n\n-3,\"4\",inf\n7,NaN,0\n"u8.ToArray().Chunk(1000),
                [.. "\uFEFF0,1\r\n2,3\r\n4,-5"u8]], path => Bytes(new() { [""] = new Csv(path).Numbers() })),
            new("byte pairs", [Saved(path => BytePairs.Learn(path, Drawn.Text, 270))],
                path => Bytes(new() { [""] = BytePairs.Load(path).Numbers("A tensor is a box of numbers.") })),
            new("wav", sounds, path => Wav.Read(path) is var (sound, rate) ? Bytes(new() { [$"{rate}"] = sound }) : []),
            new("png", [.. images.Where((_, i) => i % 2 == 0)], path => Bytes(new() { [""] = ImageFile.Read(path) })),
            new("jpeg", [.. images.Where((_, i) => i % 2 == 1)], path => Bytes(new() { [""] = ImageFile.Read(path) })),
            new("idx", [idx], OfIdx), new("idx, gzipped", [idx], OfIdx, Sealed: true, Pack: Gzip),
            new("CIFAR's records", [records], OfCifar),
            new("CIFAR's records, gzipped", [records], OfCifar, Sealed: true, Pack: Gzip),
            new("tar, gzipped", [[.. Entry("a/b.txt", 700), .. Entry("c", 0), .. Entry("d", 512), .. new byte[1024]]],
                path => Unpacked.Read(path, archive => (byte[])[.. Tar.Files(archive).SelectMany(file => (byte[])
                    [.. Encoding.UTF8.GetBytes(file.Name), .. archive.Next(file.Length, "content")])]), true, Gzip),
        ];
    }

    static byte[] OfIdx(string path) => Idx.Read(path) is var (data, shape) ? [.. Idx.Header(shape), .. data] : [];

    static byte[] OfCifar(string path) => CIFAR10.Read(path) is var (images, labels) ? [.. labels, .. images] : [];

    /// <summary>Names, types, shapes and numbers.</summary>
    static byte[] Bytes(Dictionary<string, Tensor> tensors) => [.. tensors.SelectMany(t => (byte[])
        [.. Encoding.UTF8.GetBytes($"{t.Key} {t.Value.DType} {t.Value.Layout}"), .. Numbers(t.Value)])];

    /// <summary>The same without names, which an archive does not protect.</summary>
    static byte[] Values(Dictionary<string, Tensor> tensors) =>
        Bytes(tensors.Values.Index().ToDictionary(t => $"{t.Index}", t => t.Item));

    static byte[] Numbers(Tensor x) => x.DType.IsFloat() ? MemoryMarshal.AsBytes<double>(x.ToArray<double>()).ToArray()
        : MemoryMarshal.AsBytes<long>(x.ToArray<long>()).ToArray();

    static byte[] Loaded(string path, Module net, Counter epoch)
    {
        Checkpoint.Load(path, ("model", net), ("epoch", epoch));
        return [.. Bytes(net.StateDict().ToDictionary()), (byte)epoch.Value];
    }

    static byte[] Saved(Action<string> save, string end = "")
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet-mutations-").FullName;
        try
        {
            save(Path.Combine(folder, $"sound{end}"));
            return File.ReadAllBytes(Path.Combine(folder, $"sound{end}"));
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    static byte[] Other(string header, int data) => [.. BitConverter.GetBytes((long)header.Length),
        .. Encoding.UTF8.GetBytes(header), .. Enumerable.Range(0, data).Select(i => (byte)(37 * i))];

    static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    static byte[] Zip(byte[] npy)
    {
        var packed = new MemoryStream();
        using (var archive = new ZipArchive(packed, ZipArchiveMode.Create))
        using (var content = archive.CreateEntry("a.npy").Open()) content.Write(npy);
        return packed.ToArray();
    }

    /// <summary>A file in a tar archive.</summary>
    static byte[] Entry(string name, int length)
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
        Encoding.ASCII.GetBytes(Convert.ToString(length, 8)).CopyTo(header, 124);
        Encoding.ASCII.GetBytes("        ").CopyTo(header, 148);
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8)).CopyTo(header, 148);
        return [.. header, .. Enumerable.Range(0, length).Select(i => (byte)i),
            .. new byte[(512 - length % 512) % 512]];
    }
}
