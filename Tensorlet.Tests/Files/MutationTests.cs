using Tutorials;

namespace Tensorlet.Tests.Files;

/// <summary>A short run of the long verification with damaged files, and what it must find.</summary>
public sealed class MutationTests
{
    public static TheoryData<string> Names => [.. Mutations.Formats().Select(format => format.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Damaged_files_are_read_or_refused(string name)
    {
        var counts = Mutations.Try(Mutations.Formats().Single(format => format.Name == name), 60);
        Assert.Empty(counts.Faults);
        Assert.Equal(60, counts.Equal + counts.Other + counts.Refused);
        Assert.InRange(counts.Refused, 5, 60);
    }

    static readonly byte[] Sound = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

    [Fact]
    public void Faults_of_readers_are_found()
    {
        Func<byte[]>[] wrong = [() => throw new IndexOutOfRangeException(),
            () => throw new InvalidDataException("does not say which file"), () => new byte[1 << 25]];
        foreach (var read in wrong)
        {
            var counts = Mutations.Try(new("it", [Sound], path => File.ReadAllBytes(path) is var bytes
                && bytes.SequenceEqual(Sound) ? bytes : read()), 20);
            Assert.InRange(counts.Faults.Count, 10, 20 - counts.Equal);
        }
        Mutations.Format open = new("it", [Sound], File.ReadAllBytes), shut = open with { Sealed = true };
        Assert.Equal((0, 20), (Mutations.Try(open, 20).Faults.Count, Mutations.Try(open, 20) is var all
            ? all.Other + all.Equal : 0));
        Assert.Equal(Mutations.Try(open, 20).Other, Mutations.Try(shut, 20).Faults.Count);
    }
}
