namespace Benchmarks;

/// <summary>A mistake in the command line.</summary>
sealed class UsageException(string message) : Exception($"{message}\n\n{Usage}")
{
    const string Usage = """
        dotnet run -c Release --project tutorials/benchmarks -- [options]
          --rows a,b      only these rows; a family's name (relu, matmul) means all of its sizes
          --threads WHICH 1, all, or both (default)
          --repeats N     alternations of the two systems, at least 9 (default 15)
          --json FILE     write the results to a file as well
          --quick         9 alternations of shorter batches
        dotnet run -c Release --project tutorials/benchmarks -- start
          measures the time from the start of a process to its first step of training
        dotnet run -c Release --project tutorials/benchmarks -- files
          measures how fast files are read and written, beside the disk's own speed
        dotnet run -c Release --project tutorials/benchmarks -- errors [--every N]
          measures the errors of the functions of floats, over one in N of all floats (101)
        dotnet run -c Release --project tutorials/benchmarks -- growth [words]
          measures how time and memory grow with size, in activities whose names contain such a word, or in all
        dotnet run -c Release --project tutorials/benchmarks -- memory [--rows a,b]
          measures the most memory that each training row takes
        dotnet run -c Release --project tutorials/benchmarks -- witness FILE
          writes what libtorch makes of every layer and loss, for the tests
        """;
}

/// <summary>What the command line asks for.</summary>
sealed record Options(string[] Names, int[] Threads, int Repeats, double BatchMs, string? Json)
{
    const int FewestRepeats = 9;

    public static Options Parse(string[] args)
    {
        var (names, threads, repeats, json, quick) = ("", "both", (int?)null, (string?)null, false);
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i];
            string Value() => ++i < args.Length ? args[i] : throw new UsageException($"{name} needs a value.");
            switch (name)
            {
                case "--rows": names = Value(); break;
                case "--threads": threads = Value(); break;
                case "--repeats" when int.TryParse(Value(), out var n) && n >= FewestRepeats: repeats = n; break;
                case "--repeats": throw new UsageException($"--repeats takes a number from {FewestRepeats} on.");
                case "--json": json = Value(); break;
                case "--quick": quick = true; break;
                default: throw new UsageException($"There is no option {name}.");
            }
        }
        var all = Environment.ProcessorCount;
        int[] counts = threads switch
        {
            "1" => [1],
            "all" => [all],
            "both" => [.. new[] { 1, all }.Distinct()],
            _ => throw new UsageException($"--threads takes 1, all or both, not {threads}."),
        };
        return new(names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            counts, repeats ?? (quick ? FewestRepeats : 15), quick ? 20 : 40, json);
    }

    /// <summary>The rows that were asked for, in the order of the catalogue; all of them if none is named.</summary>
    public Row[] Select(IReadOnlyList<Row> rows)
    {
        foreach (var name in Names)
            if (!rows.Any(r => Fits(name, r)))
                throw new UsageException($"There is no row {name}, but {string.Join(", ", rows.Select(r => r.Name))}.");
        return [.. rows.Where(r => Names.Length == 0 || Names.Any(name => Fits(name, r)))];

        static bool Fits(string name, Row row) => row.Name == name || row.Family == name;
    }
}
