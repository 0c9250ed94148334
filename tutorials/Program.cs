using Tensorlet;
using Tensorlet.Multiprocessing;
using Tutorials;

if (Spawn.Child()) return 0;
if (Compiler.Run(args) is { } compiled) return compiled;
try
{
    switch (args)
    {
        case ["train" or "9", "--mine", ..] when args[2..] is [] or ["--quick"]:
            return Tutorials.Chapter09.WithMine.Run(args.Length > 2);
        case ["train", .. var rest]: return Train.Run(Options.Parse(rest));
        case ["lstm" or "gpt", ..] when args[1..] is [] or ["--quick"]: return WriteSums.Run(args[0], args.Length > 1);
        case ["hogwild", .. var rest]: return Hogwild.Run(rest);
        case ["iris" or "digits" or "cifar", ..] when args[1..] is [] or ["--quick"]:
            return Small.Run(args[0], args.Length > 1);
        case ["samples"]: return Samples.Run(Path.Combine("tutorials", "out"));
        case ["samples", var folder]: return Samples.Run(folder);
        case ["verify", "--all"]: return Everything.Run();
        case ["verify", "--attacks", ..] when args[2..] is [] or ["--quick"]:
            return Math.Min(1, Attacks.Run(args.Length > 2));
        case ["verify", ..] when args[1..] is [] or ["--quick"]: return Verify.Run(args.Length > 1);
        case ["lines"]:
            Console.WriteLine(Lines.Table());
            return 0;
        case [var n] when int.TryParse(n, out _): return Book.Run(Book.Find(n));
        case ["chapter", var n, var pictures]: return Book.RunMarked(Book.Find(n), pictures);
        case ["check", var n]: return Course.Check(Exercise.Find(n));
        case ["compare", var n]: return Course.Compare(Exercise.Find(n));
        case ["hint", var n]: return Course.Hint(Exercise.Find(n));
        case ["hint", var n, var count]: return Course.Hint(Exercise.Find(n), count);
        case ["watch", var n]: return Course.Watch(Exercise.Find(n));
        case ["grade", var folder, .. var rest]: return GradeFolder.Run(folder, rest);
        case ["student-copy", var folder]: return StudentCopy.Run(folder);
        case []: return Course.Overview();
        case ["help" or "--help" or "-h"]:
            Console.WriteLine(Options.Usage);
            return 0;
        default: throw new UsageException($"{string.Join(' ', args)}: there is no such command with such arguments.");
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}\ndotnet run --project tutorials -- help lists all commands.");
    return 2;
}
catch (Exception e) when (e is TensorletException or IOException or UnauthorizedAccessException or InvalidDataException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
