using System.Globalization;

namespace Tutorials.Gpu;

/// <summary>The command line was wrong.</summary>
sealed class UsageException(string message) : Exception($"{message}\n\n{Usage}")
{
    const string Usage = """
        tensorlet-gpu [options]          verifies, trains and times on one device, and writes a report
          --device NAME   cuda:0, opencl:0 or simulated; the first GPU there is unless said
          --only PART     verify, train or bench
          --seconds N     how long to draw cases; each operation is verified once at least (default 60)
          --out NAME      the report's name, without .json and .md (default tensorlet-gpu)
        """;
}

/// <summary>What the command line asks for.</summary>
sealed record Options(string? Device, string? Only, double Seconds, string Out)
{
    static readonly string[] parts = ["verify", "train", "bench"];

    /// <summary>Whether a part is to be run.</summary>
    public bool Does(string part) => Only is null || Only == part;

    /// <exception cref="UsageException">An option is unknown, or has no valid value.</exception>
    public static Options Parse(string[] args)
    {
        var options = new Options(null, null, 60, "tensorlet-gpu");
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new UsageException($"{args[i]} needs a value.");
            options = args[i] switch
            {
                "--device" => options with { Device = value },
                "--only" when parts.Contains(value) => options with { Only = value },
                "--only" => throw new UsageException($"--only takes {string.Join(", ", parts)}, not {value}."),
                "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out var n) && n >= 0 =>
                    options with { Seconds = n },
                "--seconds" => throw new UsageException($"--seconds takes a number, not {value}."),
                "--out" => options with { Out = value },
                _ => throw new UsageException($"There is no option {args[i]}."),
            };
        }
        return options;
    }
}
