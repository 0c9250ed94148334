using System.ComponentModel;
using Spectre.Console;
using Spectre.Console.Cli;
using Tensorlet;

namespace Tutorials;

/// <summary>A command line that cannot be understood.</summary>
sealed class UsageException(string message) : Exception(message);

/// <summary>The commands, each with its options; Spectre.Console.Cli reads them and writes the help.</summary>
static class CommandLine
{
    const string Name = "dotnet run --project tutorials --";

    sealed class Nothing : CommandSettings;

    sealed class Shortened : CommandSettings
    {
        [CommandOption("--quick"), Description("A shorter run")]
        public bool Quick { get; init; }
    }

    class OfExercise : CommandSettings
    {
        [CommandArgument(0, "<N>"), Description("The number of the exercise")]
        public string Number { get; init; } = "";
    }

    sealed class Hinted : OfExercise
    {
        [CommandArgument(1, "[COUNT]"), Description("How many hints")]
        public string? Count { get; init; }
    }

    sealed class OfFolder : CommandSettings
    {
        [CommandArgument(0, "<FOLDER>"), Description("A folder that is empty or does not exist")]
        public string Folder { get; init; } = "";
    }

    sealed class Graded : CommandSettings
    {
        [CommandArgument(0, "<FOLDER>"), Description("A folder with a folder for each student")]
        public string Folder { get; init; } = "";
        [CommandOption("--csv <FILE>"), Description("Writes the grades as a table")]
        public string? Csv { get; init; }
        [CommandOption("--json <FILE>"), Description("Writes the grades with all that was said")]
        public string? Json { get; init; }

        [CommandOption("--feedback <FOLDER>"), Description("Writes a page for each student")]
        public string? Feedback { get; init; }
        [CommandOption("--gradescope <FOLDER>"), Description("Writes a results file for each student, as Gradescope " +
            "reads them")]
        public string? Gradescope { get; init; }
        [CommandOption("--points <LIST>"), Description("Points for exercises, as in 3=20,4=15")]
        public string? Points { get; init; }

        public string[] Rest => [.. new (string Name, string? Value)[] { ("--csv", Csv), ("--json", Json),
            ("--feedback", Feedback), ("--gradescope", Gradescope), ("--points", Points) }
            .Where(option => option.Value is not null).SelectMany(option => new[] { option.Name, option.Value! })];
    }

    sealed class ForShell : CommandSettings
    {
        [CommandArgument(0, "<SHELL>"), Description("bash, zsh, fish or powershell")]
        public string Shell { get; init; } = "";
    }

    sealed class Marked : CommandSettings
    {
        [CommandArgument(0, "<N>")]
        public string Number { get; init; } = "";
        [CommandArgument(1, "<FOLDER>")]
        public string Pictures { get; init; } = "";
    }

    sealed class OnRank : CommandSettings
    {
        [CommandArgument(0, "<ASSEMBLY>")]
        public string Assembly { get; init; } = "";
        [CommandArgument(1, "<TYPE>")]
        public string Type { get; init; } = "";
        [CommandArgument(2, "<METHOD>")]
        public string Method { get; init; } = "";
        [CommandArgument(3, "[ARGUMENTS]")]
        public string[] Arguments { get; init; } = [];
    }

    sealed class Out : CommandSettings
    {
        [CommandArgument(0, "[FOLDER]"), Description("Where pictures and sounds go")]
        public string Folder { get; init; } = Path.Combine("tutorials", "out");
    }

    sealed class Verified : CommandSettings
    {
        [CommandOption("--all"), Description("The tests, the runner for GPUs and the benchmarks as well")]
        public bool All { get; init; }
        [CommandOption("--attacks"), Description("Only killed processes, many writers, full disks and memory")]
        public bool Attacks { get; init; }
        [CommandOption("--quick"), Description("A shorter run")]
        public bool Quick { get; init; }

        public override ValidationResult Validate() => All && (Attacks || Quick)
            ? ValidationResult.Error("verify --all takes no other option.") : ValidationResult.Success();
    }

    sealed class OfChapter : CommandSettings
    {
        [CommandArgument(0, "[N]"), Description("Runs this chapter; without, the chapters and what is done are listed")]
        public string? Number { get; init; }
        [CommandOption("--mine")]
        [Description("Chapters 9 and 15: train LeNet or a GPT with the exercises that you have solved")]
        public bool Mine { get; init; }
        [CommandOption("--quick"), Description("With --mine: a shorter training")]
        public bool Quick { get; init; }
    }

    sealed class Read : Command<OfChapter>
    {
        public override int Execute(CommandContext context, OfChapter given, CancellationToken cancellation) =>
            given switch
            {
                { Number: null, Mine: false, Quick: false } => Course.Overview(),
                { Number: "9", Mine: true } => Chapter09.WithMine.Run(given.Quick),
                { Number: "15", Mine: true } => Chapter15.WithMine.Run(given.Quick),
                { Number: { } number, Mine: false, Quick: false } when int.TryParse(number, out _) =>
                    Book.Run(Book.Find(number)),
                { Number: { } name } when !int.TryParse(name, out _) =>
                    throw new UsageException($"There is no command {name}."),
                _ => throw new UsageException("--mine belongs to chapters 9 and 15, and --quick to --mine."),
            };
    }

    /// <summary>Runs what is asked for.</summary>
    /// <returns>2 where the command line cannot be understood, 1 where the work failed.</returns>
    public static int Run(string[] arguments, IAnsiConsole? console = null, TextWriter? errors = null)
    {
        var app = new CommandApp<Read>();
        app.Configure(config =>
        {
            config.SetApplicationName(Name).PropagateExceptions().UseStrictParsing().TrimTrailingPeriods(false);
            if (console is not null) config.ConfigureConsole(console);
            Exercises(config);
            Trainings(config);
            config.AddDelegate<Out>("samples", (_, given, _) => Samples.Run(given.Folder))
                .WithDescription("An image, a text, a sound and a video become tensors, and pictures");
            config.AddDelegate<Verified>("verify", (_, given, _) => given.All ? Everything.Run()
                : given.Attacks ? Math.Min(1, Attacks.Run(given.Quick)) : Verify.Run(given.Quick))
                .WithDescription("The long verification, with a report");
            config.AddDelegate<Nothing>("lines", (_, _, _) =>
            {
                Console.WriteLine(Lines.Table());
                return 0;
            }).WithDescription("Lines of code in each folder of the library");
            config.AddDelegate<Nothing>("names", (_, _, _) =>
            {
                Console.WriteLine(Names.Table());
                return 0;
            }).WithDescription("PyTorch's functions, and their names here");
            config.AddDelegate<ForShell>("completion", (_, given, _) =>
            {
                Console.WriteLine(Completion.Script(given.Shell));
                return 0;
            }).WithDescription("Writes a script that completes these commands by the Tab key");
            config.AddDelegate<Marked>("chapter", (_, given, _) => Book.RunMarked(Book.Find(given.Number),
                given.Pictures)).IsHidden();
        });
        try
        {
            return app.Run(arguments is ["help", .. var of] ? [.. of, "--help"] : arguments);
        }
        catch (Exception e) when (e is UsageException or CommandAppException)
        {
            var line = e is UsageException ? "" : $"{string.Join(' ', arguments)}: ";
            (errors ?? Console.Error).WriteLine($"{line}{e.Message}\n{Name} help lists all commands, " +
                "and help COMMAND the options of one.");
            return 2;
        }
        catch (Exception e) when (e is TensorletException or IOException or UnauthorizedAccessException
            or InvalidDataException)
        {
            (errors ?? Console.Error).WriteLine(e.Message);
            return 1;
        }
    }

    static void Exercises(IConfigurator config)
    {
        config.AddDelegate<OfExercise>("check", (_, given, _) => Course.Check(Exercise.Find(given.Number)))
            .WithDescription("Grades an exercise");
        config.AddDelegate<OfExercise>("compare", (_, given, _) => Course.Compare(Exercise.Find(given.Number)))
            .WithDescription("Shows your answer, once it passes, beside the solution");
        config.AddDelegate<Hinted>("hint", (_, given, _) => given.Count is { } count
            ? Course.Hint(Exercise.Find(given.Number), count) : Course.Hint(Exercise.Find(given.Number)))
            .WithDescription("A hint for an exercise, or more of them");
        config.AddDelegate<OfExercise>("watch", (_, given, _) => Course.Watch(Exercise.Find(given.Number)))
            .WithDescription("Grades an exercise each time that its file is saved");
        config.AddDelegate<Graded>("grade", (_, given, _) => GradeFolder.Run(given.Folder, given.Rest))
            .WithDescription("Grades the answers of a course");
        config.AddDelegate<OfFolder>("student-copy", (_, given, _) => StudentCopy.Run(given.Folder))
            .WithDescription("Copies the project without the solutions");
    }

    static void Trainings(IConfigurator config)
    {
        config.AddDelegate<Options>("train", (_, given, _) => given.Mine
                ? Chapter09.WithMine.Run(given.Quick) : Train.Run(given))
            .WithDescription("Trains LeNet on digits, and shows that it learned");
        foreach (var (name, what) in ((string, string)[])[("iris", "Classifies irises"),
            ("digits", "Reads 1,797 digits of 8 × 8 pixels"), ("cifar", "Memorises 1,000 images of CIFAR-10")])
            config.AddDelegate<Shortened>(name, (_, given, _) => Small.Run(name, given.Quick)).WithDescription(what);
        foreach (var (name, what) in ((string, string)[])[("lstm", "An LSTM learns to write sums in words"),
            ("gpt", "A GPT of two layers learns the same")])
            config.AddDelegate<Shortened>(name, (_, given, _) => WriteSums.Run(name, given.Quick))
                .WithDescription(what);
        config.AddDelegate<Shortened>("hogwild", (_, given, _) => Hogwild.Run(given.Quick))
            .WithDescription("Processes train one network in shared memory");
        config.AddDelegate<Shortened>("cluster", (_, given, _) => Measurement.Run(given.Quick))
            .WithDescription("Measures what averaging gradients costs; start it with mpirun");
        config.AddDelegate<OnRank>("rank", (_, given, _) => RankMethod.Run(given.Assembly, given.Type, given.Method,
            given.Arguments)).IsHidden();
    }
}
