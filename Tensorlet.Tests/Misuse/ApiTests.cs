using Xunit.Abstractions;

namespace Tensorlet.Tests.Misuse;

/// <summary>
/// No argument of a public member makes the library fail inside: it refuses what it cannot do with a message of its
/// own, and null with the name of the argument. The test runs alone, because it sets a low limit of memory.
/// </summary>
[Collection("alone")]
public class ApiTests(ITestOutputHelper output)
{
    /// <summary>Members for which no random arguments fit, and why.</summary>
    static readonly Dictionary<string, string> unsuited = new()
    {
        ["Spawn.Run"] = "starts processes: SpawnTests", ["Spawn.Start"] = "starts processes: SpawnTests",
        ["Spawned.get_Pids"] = "is only made by Spawn", ["Spawned.Join"] = "is only made by Spawn",
        ["Spawned.Dispose"] = "is only made by Spawn", ["SharedTensors.Open"] = "takes a name of shared memory",
        ["SharedTensors.OpenShared"] = "takes a name of shared memory", ["SharedQueue`1.Open"] = "takes a name, too",
        ["SharedTensors.SharedName"] = "of shared memory", ["SharedQueue`1.Take"] = "of a queue that is not empty",
        ["Device.Cuda"] = "needs a GPU", ["Tensor.Cuda"] = "needs a GPU", ["Variable.Cuda"] = "needs a GPU",
        ["Device.OpenCL"] = "needs a driver", ["ModuleCollection`1.Forward"] = "always refuses",
        ["ModuleDict.Forward"] = "always refuses", ["ModuleDict.get_Item"] = "is empty when it is made",
        ["LBFGS.AddParamGroup"] = "always refuses", ["LBFGS.Step"] = "always refuses without a closure",
        ["MultiFunction.Backward"] = "is called by the walk back", ["Trainer.Watched"] = "knows nothing before it ran",
        ["EarlyStopping.EpochEnded"] = "watches what a trainer measured",
        ["Trainer.Resume"] = "takes a file of its own kind",
        ["Batches.Deconstruct"] = "takes two or three parts: DatasetTests",
        ["ModuleExtensions.Load"] = "takes a file of the same module: SafeTensorsTests",
        ["Trainer.LrFind"] = "needs a trainer whose parts fit together",
        ["Trainer.Evaluate"] = "needs a trainer whose parts fit together: TrainerTests",
        ["F.CtcLoss"] = "needs lengths that fit its targets: WrongCallTests",
        ["CTCLoss.Call"] = "needs lengths that fit its targets", ["Triple.Of"] = "takes three numbers: OperandTests",
        ["Convolutional.Forward"] = "needs an input of its layer's rank: the rows of the layers",
        ["Validation.EpochEnded"] = "needs batches that fit a trainer's model",
    };

    [Fact]
    public void No_argument_makes_a_public_member_fail_from_inside()
    {
        const long room = 256 << 20;
        var folder = Directory.CreateTempSubdirectory("tensorlet-api-").FullName;
        var limit = Device.Cpu.MemoryLimit;
        var global = (Device.Default, DTypes.Default, Generator.Default.Seed, Device.Cpu.Threads);
        var walk = new ApiWalk(folder);
        try
        {
            Device.Cpu.MemoryLimit = Device.Cpu.Memory.Used + room;
            walk.Run();
        }
        finally
        {
            Device.Cpu.MemoryLimit = limit;
            Directory.Delete(folder, recursive: true);
        }
        output.WriteLine($"{walk.Members} members, {walk.Count} calls, {walk.Nulls} of them with null");
        foreach (var (name, count) in walk.Thrown.OrderByDescending(t => t.Value))
            output.WriteLine($"{count,7} {name}");
        Assert.True(walk.Faults.Count == 0, $"{walk.Faults.Count} faults:\n{string.Join('\n', walk.Faults.Take(40))}");
        Assert.Equal(global, (Device.Default, DTypes.Default, Generator.Default.Seed, Device.Cpu.Threads));
        // the calls get beyond the first check of nearly every member
        Assert.DoesNotContain(walk.Unsuited, name => !unsuited.ContainsKey(name));
        Assert.True(walk is { Members: > 1200, Nulls: > 800, Count: > 20_000 }, "less is called than there was");
    }
}
