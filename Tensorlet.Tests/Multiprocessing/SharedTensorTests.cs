using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tensorlet.Multiprocessing;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Multiprocessing;

/// <summary>Shared memory within one process: a tensor and its twin, opened by name, are two mappings.</summary>
public class SharedTensorTests
{
    public static TheoryData<DType, int[]> Kinds => new()
    {
        { DType.Float32, [2, 3] }, { DType.Float64, [5000] }, { DType.Int64, [4] }, { DType.Bool, [3, 1] },
        { DType.Float32, [] }, { DType.Float64, [0, 3] }, { DType.Float32, [200, 100] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_tensor_keeps_its_values_and_is_opened_by_name(DType type, int[] shape)
    {
        var x = Tensor.RandInt(0, 2, shape).To(type);
        if (type == DType.Bool) x = x.Clone();
        var (values, view, version) = (x.ToArray<double>(), x.Reshape(-1), x.Storage.Version);
        Assert.False(x.IsShared());
        Assert.Same(x, x.ShareMemory());
        Assert.True(view.IsShared());
        Assert.Equal((version, x.SharedName()), (x.Storage.Version, view.SharedName()));
        Assert.Equal(x.SharedName(), x.ShareMemory().SharedName());
        var twin = SharedTensors.Open(x.SharedName());
        Assert.Equal((type, x.Layout.ToString()), (twin.DType, twin.Layout.ToString()));
        Assert.Equal(values, x.ToArray<double>());
        Assert.Equal(values, twin.ToArray<double>());
        view.Fill_(1);                                          // a view from before sees the change and is seen
        Assert.All(twin.ToArray<double>(), v => Assert.Equal(1, v));
        twin.Fill_(0);
        Assert.All(x.ToArray<double>(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void Every_verb_gives_on_shared_memory_the_bits_that_it_gives_elsewhere()
    {
        var images = Tensor.Randn(2, 3, 9, 9);
        Tensor a = Tensor.Randn(70, 65), b = Tensor.Randn(65, 33), filters = Tensor.Randn(4, 3, 3, 3);
        var expected = All();
        foreach (var x in new[] { images, a, b, filters }) x.ShareMemory();
        Assert.Equal(expected, All());

        float[][] All() =>
        [
            Tensor.MatMul(a, b).ToArray<float>(), Tensor.MatMul(a.T, a).ToArray<float>(), (a * 2).ToArray<float>(),
            a.Sum([0]).ToArray<float>(), a.T.Sum([0]).ToArray<float>(), a.ArgMax(1).ToArray<float>(),
            F.Conv2d(images, filters, padding: 1).Data.ToArray<float>(),
            F.MaxPool2d(images, 2).Data.ToArray<float>(), a.IndexSelect(0, Tensor.From([3L, 69, 0])).ToArray<float>(),
        ];
    }

    [Fact]
    public void What_cannot_be_shared_is_refused_with_a_reason()
    {
        var x = Tensor.Zeros(3, 4);
        Assert.Contains("Clone", Assert.Throws<ShapeException>(() => x[1..].ShareMemory()).Message);
        Assert.Throws<ShapeException>(() => x.T.ShareMemory());
        Assert.Throws<ShapeException>(() => Tensor.Zeros(1).Expand(5).ShareMemory());
        Assert.Contains("reference",
            Assert.Throws<DeviceException>(() => x.To(Device.Reference).ShareMemory()).Message);
        Assert.Throws<ShapeException>(() => Tensor.Zeros(Enumerable.Repeat(1, 60).ToArray()).ShareMemory());
        Assert.False(x.IsShared());
        Assert.Throws<TensorletException>(() => x.SharedName());
    }

    [Fact]
    public void A_callers_array_is_left_behind()
    {
        var array = new float[5000];
        var x = Tensor.Over(array).ShareMemory();
        x.Fill_(1);
        Assert.Equal(0, array.Max());
        Assert.Equal(5000, x.Sum().Item());
    }

    [Fact]
    public void The_name_ends_with_the_last_view_and_the_memory_with_the_last_mapping()
    {
        var views = new Tensor?[1];
        var (kept, dropped) = Made(views);
        Collect(() => !File.Exists(SharedFolder.Find(dropped)));
        Assert.False(File.Exists(SharedFolder.Find(dropped)), "the file is left");
        if (OperatingSystem.IsLinux()) Assert.DoesNotContain(dropped, File.ReadAllText("/proc/self/maps"));
        Assert.Throws<FileNotFoundException>(() => SharedTensors.Open(dropped));
        var twin = SharedTensors.Open(kept);
        views[0] = null;
        Collect(() => !File.Exists(SharedFolder.Find(kept)));
        Assert.False(File.Exists(SharedFolder.Find(kept)), "the file is left");
        Assert.Equal(3, twin.Sum().Item());                     // whoever opened it keeps it

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (string, string) Made(Tensor?[] views)
        {
            Tensor x = Tensor.Ones(3).ShareMemory(), y = Tensor.Ones(5000).ShareMemory();
            views[0] = x[1..];
            return (x.SharedName(), y.SharedName());
        }

        static void Collect(Func<bool> until)
        {
            for (var i = 0; i < 50 && !until(); i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
    }

    [Fact]
    public void Memory_that_moved_away_goes_to_the_pool_once()
    {
        Drop();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var shared = Enumerable.Range(0, 10).Select(i => Tensor.Full([100_000], i).ShareMemory()).ToList();
        var others = Enumerable.Range(0, 60).Select(i => Tensor.Full([100_000], -i)).ToList();
        for (var i = 0; i < 10; i++) Assert.Equal(i, shared[i].AMax().Item());
        for (var i = 0; i < 60; i++) Assert.Equal((-i, -i), (others[i].AMin().Item(), others[i].AMax().Item()));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop()
        { for (var i = 0; i < 10; i++) Tensor.Full([100_000], i).ShareMemory(); }
    }

    [Fact]
    public void A_module_opens_what_another_of_its_class_shared()
    {
        Module a = new Sequential(new Nn.Linear(3, 4), new Nn.Linear(4, 2)), b = new Sequential(new Nn.Linear(3, 4),
            new Nn.Linear(4, 2)), other = new Sequential(new Nn.Linear(3, 4), new Nn.Linear(4, 3));
        Assert.Throws<TensorletException>(() => a.SharedName());
        var name = a.ShareMemory().SharedName();
        var before = other.Parameters()[0].Data.ToArray<float>();
        Assert.Throws<ShapeException>(() => other.OpenShared(name));
        Assert.Throws<TensorletException>(() => new Sequential(new Nn.Linear(3, 4)).OpenShared(name));
        Assert.Throws<DTypeException>(() => ((Module)new Sequential(new Nn.Linear(3, 4), new Nn.Linear(4, 2)))
            .To(DType.Float64).OpenShared(name));
        Assert.Equal(before, other.Parameters()[0].Data.ToArray<float>());
        Assert.False(other.Parameters()[0].Data.IsShared());

        var x = Tensor.Randn(5, 3);
        var stale = b.Call(x).Square().Sum();
        Assert.Same(b, b.OpenShared(name));
        Assert.Contains("OpenShared", Assert.Throws<AutogradException>(() => stale.Backward()).Message);
        b.Call(x).Square().Sum().Backward();
        new Optim.SGD(b.Parameters(), lr: 0.1).Step();
        Assert.Equal(b.Call(x).Data.ToArray<float>(), a.Call(x).Data.ToArray<float>());
        Assert.Equal(4, b.Parameters().Count(p => p.Data.IsShared()));
    }

    /// <summary>A file like one that shares a tensor of 2 × 3, except for one change.</summary>
    static string Crafted(Action<byte[]> change, int length = 256 + 24)
    {
        var bytes = new byte[256 + 24];
        var x = Tensor.Ones(2, 3).ShareMemory();
        using (var file = new FileStream(SharedFolder.Find(x.SharedName()), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete)) file.ReadExactly(bytes);
        GC.KeepAlive(x);
        change(bytes);
        var name = SharedFolder.NewName();
        File.WriteAllBytes(SharedFolder.Find(name), bytes[..length]);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(SharedFolder.Find(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return name;
    }

    static string Refusal(string name)
    {
        var message = Assert.Throws<InvalidDataException>(() => SharedTensors.Open(name)).Message;
        Assert.Contains(name, message);
        return message;
    }

    [Fact]
    public void A_crafted_file_that_is_sound_is_opened() =>
        Assert.Equal(6, SharedTensors.Open(Crafted(_ => { })).Sum().Item());

    [Theory]
    [InlineData(0, 1, "kind")]
    [InlineData(8, 0, "being written")]
    [InlineData(12, 4, "4 is not a type")]
    [InlineData(12, -1, "-1 is not a type")]
    [InlineData(16, 60, "60 axes")]
    [InlineData(16, -1, "-1 axes")]
    [InlineData(20, -2, "(-2, 3) is not a shape")]
    [InlineData(20, 0x40000000, "(1073741824, 3) is not a shape")]
    [InlineData(20, 3, "too short for (3, 3)")]
    public void A_false_header_is_refused(int at, int value, string why) => Assert.Contains(why,
        Refusal(Crafted(bytes => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value))));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(255, "255 bytes")]
    [InlineData(256, "too short")]
    [InlineData(279, "too short")]
    public void A_file_that_is_too_short_is_refused(int length, string why) =>
        Assert.Contains(why, Refusal(Crafted(_ => { }, length)));

    [Fact]
    public void What_others_may_use_is_refused()
    {
        if (OperatingSystem.IsWindows()) return;                // a user's temporary folder is closed there
        var name = Crafted(_ => { });
        File.SetUnixFileMode(SharedFolder.Find(name), (UnixFileMode)0b110_100_000);
        Assert.Contains("other users", Refusal(name));
        name = Crafted(_ => { });
        if (ChangeOwner(SharedFolder.Find(name), 12345, -1) != 0) return;       // only an administrator may
        Assert.Contains("another user", Refusal(name));
    }

    [DllImport("libc", EntryPoint = "chown")]
    static extern int ChangeOwner(string path, int user, int group);

    [Theory]
    [InlineData("")]
    [InlineData("../passwd")]
    [InlineData("0123456789abcdef/../../passwd")]
    [InlineData("0123456789abcdef-/../../passwd")]
    [InlineData("0123456789abcdeg-1")]
    public void A_name_leads_nowhere_else(string name) =>
        Assert.Throws<InvalidDataException>(() => SharedTensors.Open(name));

    [Fact]
    public void What_a_dead_process_left_is_cleaned_and_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("tensorlet").FullName;
        string Left(long process)
        {
            var path = Path.Combine(folder, $"{process:x16}-1");
            File.WriteAllText(path, "");
            return path;
        }
        try
        {
            var kept = Left(SharedFolder.Me);
            var another = Left(SharedFolder.Me ^ 1L << 40);     // our id, but it started at another time
            var gone = Left(0x7FFF_FFF0);
            File.WriteAllText(Path.Combine(folder, "notes"), "");
            SharedFolder.Clean(folder, process => !SharedFolder.IsAlive(process));
            Assert.Equal([kept, Path.Combine(folder, "notes")], Directory.GetFiles(folder).Order());
            Assert.False(File.Exists(another) || File.Exists(gone));
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
