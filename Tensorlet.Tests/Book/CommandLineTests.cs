using System.Diagnostics;
using Spectre.Console;
using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>What the command line of the tutorials takes, refuses and says of itself.</summary>
public class CommandLineTests
{
    static (int Code, string Help, string Errors) Run(params string[] arguments)
    {
        var (help, errors) = (new StringWriter(), new StringWriter());
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(help), Ansi = AnsiSupport.No });
        console.Profile.Width = 120;
        return (CommandLine.Run(arguments, console, errors), help.ToString(), errors.ToString());
    }

    [Theory]
    [InlineData("There is no command trian", "trian")]
    [InlineData("99 is no chapter", "99")]
    [InlineData("belongs to chapters 9 and 15", "3", "--mine")]
    [InlineData("--quick to --mine", "9", "--quick")]
    [InlineData("--epochs 0: take a whole number above 0", "train", "--epochs", "0")]
    [InlineData("train --epochs many: Failed to convert 'many'", "train", "--epochs", "many")]
    [InlineData("--batch-size -1: take", "train", "--batch-size=-1")]
    [InlineData("--lr NaN: take a number above 0", "train", "--lr", "NaN")]
    [InlineData("--optimizer best: take adam, sgd or rmsprop", "train", "--optimizer", "best")]
    [InlineData("--device gpu: take cpu", "train", "--device", "gpu")]
    [InlineData("colour", "train", "--colour", "red")]
    [InlineData("--seed", "train", "--seed")]
    [InlineData("slow", "iris", "--slow")]
    [InlineData("FOLDER", "grade")]
    [InlineData("xml", "grade", "folder", "--xml", "x")]
    [InlineData("99 is no exercise", "check", "99")]
    [InlineData("hint 3 0", "hint", "3", "0")]
    [InlineData("--all takes no other", "verify", "--all", "--quick")]
    public void What_cannot_be_understood_is_said(string message, params string[] arguments)
    {
        var (code, _, errors) = Run(arguments);
        Assert.Equal(2, code);
        Assert.Contains(message, errors);
        Assert.Contains("help lists all commands", errors);
    }

    [Fact]
    public void Help_lists_the_commands_and_the_options_of_each()
    {
        var (code, help, errors) = Run("help");
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(["check", "compare", "hint", "watch", "grade", "student-copy", "train", "iris", "digits", "cifar",
            "lstm", "gpt", "hogwild", "cluster", "samples", "verify", "lines", "names", "completion"],
            help.Split("COMMANDS:")[1].Split('\n').Where(line => line.StartsWith("    ", StringComparison.Ordinal)
                && line[4] != ' ').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
        Assert.Equal(help, Run("--help").Help);
        foreach (var option in (string[])["--epochs", "--batch-size", "--lr", "--optimizer", "--seed", "--device",
            "--data", "--out", "--augment", "--quick", "--live", "--port", "--lr-find", "--distributed"])
            Assert.Contains(option, Run("help", "train").Help);
        Assert.Contains("--json", Run("grade", "--help").Help);
    }

    [Fact]
    public void A_script_for_each_shell_knows_the_commands_and_their_options()
    {
        foreach (var shell in Completion.Shells)
        {
            var script = Completion.Script(shell);
            foreach (var word in (string[])["student-copy", "completion", "--lr-find", "--gradescope", "--all", " 20"])
                Assert.Contains(word, script);
            Assert.DoesNotContain(" chapter ", script);         // a hidden command
        }
        Assert.Contains("bash, zsh", Run("completion", "tcsh").Errors);
    }

    [Theory]
    [InlineData("tr", "train")]
    [InlineData("train --q", "--quick")]
    [InlineData("check 1", "1 10 11 12 13 14 15 16 17 18 19")]
    [InlineData("15 --", "--mine --quick")]
    [InlineData("completion p", "powershell")]
    [InlineData("iris --a", "")]
    public void The_script_completes_in_bash(string typed, string expected)
    {
        if (!File.Exists("/bin/bash")) return;
        var words = string.Join(' ', typed.Split(' ').Select(word => $"'{word}'"));
        var ask = $"{Completion.Script("bash")}\nCOMP_WORDS=(tensorlet {words})\n" +
            $"COMP_CWORD={typed.Split(' ').Length}\n_tensorlet\necho \"${{COMPREPLY[*]}}\"\n";
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var bash = Process.Start(start)!;
        bash.StandardInput.Write(ask.ReplaceLineEndings("\n"));
        bash.StandardInput.Close();
        Assert.Equal(expected, bash.StandardOutput.ReadToEnd().Trim());
    }
}
