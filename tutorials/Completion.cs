using System.Xml.Linq;
using Spectre.Console;

namespace Tutorials;

/// <summary>
/// Scripts that let a shell complete the commands of the tutorials by the Tab key. Each script also defines the
/// command <c>tensorlet</c>, which stands for <c>dotnet run --project tutorials --</c>. The words come from the
/// description that Spectre.Console.Cli gives of all commands.
/// </summary>
static class Completion
{
    public static readonly string[] Shells = ["bash", "zsh", "fish", "powershell"];

    /// <summary>Returns the script for a shell.</summary>
    /// <exception cref="UsageException">There is no script for this shell.</exception>
    public static string Script(string shell)
    {
        var words = Words();
        var run = $"dotnet run --project '{Book.Root}' --";
        string Lines(Func<string, string> line) => string.Join('\n', words.Keys.Where(name => name != "").Select(line));
        string All(string command) => string.Join(' ', words[command]);
        return shell switch
        {
            "bash" or "zsh" => $$"""
                {{(shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit" : "# for bash")}}
                tensorlet() { {{run}} "$@"; }
                _tensorlet() {
                    local words
                    case "${COMP_WORDS[1]}" in
                {{Lines(name => $"        {name}) words='{All(name)}' ;;")}}
                    esac
                    [ "$COMP_CWORD" -eq 1 ] && words='{{All("")}}'
                    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
                }
                complete -o default -F _tensorlet tensorlet
                """,
            "fish" => $$"""
                function tensorlet; {{run}} $argv; end
                complete -c tensorlet -n __fish_use_subcommand -a '{{All("")}}'
                {{Lines(name => $"complete -c tensorlet -n '__fish_seen_subcommand_from {name}' -a '{All(name)}'")}}
                """,
            "powershell" => $$"""
                function tensorlet { {{run}} @args }
                Register-ArgumentCompleter -Native -CommandName tensorlet -ScriptBlock {
                    param($word, $line, $position)
                    $words = @{
                        '' = '{{All("")}}'
                {{Lines(name => $"        '{name}' = '{All(name)}'")}}
                    }
                    $given = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
                    $first = $given.Count -eq 0 -or ($given.Count -eq 1 -and $word -ne '')
                    $command = if ($first) { '' } else { $given[0] }
                    "$($words[$command])".Split(' ') | Where-Object { $_ -like "$word*" }
                }
                """,
            _ => throw new UsageException($"completion {shell}: take {string.Join(", ", Shells)}."),
        };
    }

    /// <summary>
    /// For each command, the words that can follow it: its options, and the numbers of the chapters if it takes one.
    /// The words of the empty command are those that can come first.
    /// </summary>
    static Dictionary<string, string[]> Words()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = int.MaxValue;
        CommandLine.Run(["cli", "xmldoc"], console);
        var commands = XDocument.Parse(text.ToString()).Root!.Elements("Command").Select(command =>
        {
            var options = command.Descendants("Option").Select(option => $"--{option.Attribute("Long")!.Value}");
            var numbers = command.Descendants("Argument").Any(argument => argument.Attribute("Name")!.Value == "N")
                ? Book.Chapters.Select(chapter => $"{chapter.Number}") : [];
            return (Name: command.Attribute("IsDefault") is null ? command.Attribute("Name")!.Value : "",
                Words: options.Concat(numbers));
        }).ToDictionary(command => command.Name, command => command.Words.ToArray());
        foreach (var chapter in (string[])["9", "15"])
            commands[chapter] = [.. commands[""].Where(word => word.StartsWith("--", StringComparison.Ordinal))];
        commands["completion"] = Shells;
        commands["help"] = [.. commands.Keys.Where(name => name != "" && !char.IsDigit(name[0]))];
        commands[""] = [.. commands["help"], "help", .. commands[""]];
        return commands;
    }
}
