using System.Globalization;
using System.IO.Pipes;

namespace Tutorials;

/// <summary>What the compiler made of an answer.</summary>
/// <param name="Errors">What it said; "" if the answer compiles and uses nothing that it may not.</param>
/// <param name="Assembly">The assembly, if so.</param>
/// <param name="Symbols">What a stack trace needs to name lines.</param>
/// <param name="Hidden">The types of formulas that a kernel could not reach, because they are not public.</param>
sealed record Compiled(string Errors, byte[]? Assembly, byte[]? Symbols, IReadOnlyList<string> Hidden);

/// <summary>
/// Compiles answers in a process of its own, under the limits of an answer, because a text can bring the compiler down
/// as well. The process stays for the next answer.
/// </summary>
sealed class Compiler(Allowance allowance) : IDisposable
{
    const string Command = "compile-in-child";
    const int Longest = 1 << 18;

    /// <summary>The compiler of this program.</summary>
    public static Compiler Shared { get; } = new(new(Seconds: 20));

    static Compiler() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Shared.Dispose();

    readonly Lock gate = new();
    Child? child;

    /// <summary>Compiles the text of an Exercise.cs.</summary>
    public Compiled Compile(string text, Exercise exercise)
    {
        if (text.Length > Longest) return new($"The file has {text.Length:N0} characters. The longest that is " +
            $"compiled has {Longest:N0}.", null, null, []);
        lock (gate)
        {
            try
            {
                child ??= new(typeof(Compiler).Assembly.Location, allowance, alone: false, Command);
                child.StartClock();
                var (_, from) = child.Ask(Kind.Compile, to =>
                {
                    to.Write(exercise.Number);
                    to.Write(text);
                });
                var errors = from.ReadString();
                if (errors != "") return new(errors, null, null, []);
                var (assembly, symbols) = (from.ReadBytes(from.ReadInt32()), from.ReadBytes(from.ReadInt32()));
                return new("", assembly, symbols, from.ReadString() is var hidden and not "" ? hidden.Split('\n') : []);
            }
            catch (LostException)
            {
                Dispose();
                return new("The compiler did not come to an end with it. Is something nested a thousand times, or is " +
                    "an expression endless?", null, null, []);
            }
        }
    }

    /// <summary>What the process does; null if the arguments do not ask for it.</summary>
    public static int? Run(string[] args)
    {
        if (args is not [Command, var input, var output, var megabytes]) return null;
        using var link = new Link(new AnonymousPipeClientStream(PipeDirection.In, input),
            new AnonymousPipeClientStream(PipeDirection.Out, output));
        Limits.Apply(int.Parse(megabytes, CultureInfo.InvariantCulture));
        while (link.Receive() is var (_, from))
        {
            var (exercise, text) = (Exercise.Find($"{from.ReadInt32()}"), from.ReadString());
            var compiled = Submission.Compile(text, exercise);
            link.Send(Kind.Returned, to =>
            {
                to.Write(compiled.Errors);
                if (compiled.Assembly is null) return;
                foreach (var bytes in new[] { compiled.Assembly, compiled.Symbols! })
                {
                    to.Write(bytes.Length);
                    to.Write(bytes);
                }
                to.Write(string.Join('\n', compiled.Hidden));
            });
        }
        return 0;
    }

    public void Dispose()
    {
        child?.Dispose();
        child = null;
    }
}
