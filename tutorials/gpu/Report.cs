using System.Globalization;
using System.Text;
using System.Text.Json;
using Tensorlet;

namespace Tutorials.Gpu;

/// <summary>The results, for people and for programs.</summary>
sealed class Report(Device device)
{
    /// <summary>The device's name, as in <c>cuda:0</c>.</summary>
    public string Device => device.Name;
    /// <summary>What the device is.</summary>
    public string Hardware => device.Description;
    /// <summary>The system and the runtime.</summary>
    public string System => $"{Environment.OSVersion}, .NET {Environment.Version}";
    /// <summary>What was verified, if it was.</summary>
    public Verified? Verification { get; set; }
    /// <summary>The training, if it was run.</summary>
    public Trained? Training { get; set; }
    /// <summary>The times, if they were taken.</summary>
    public List<Timed> Rows { get; set; } = [];
    /// <summary>Whether everything was right.</summary>
    public bool Passed => Verification is null or { Failures.Count: 0 } && Training is null or { Agrees: true };

    /// <summary>Writes NAME.json and NAME.md.</summary>
    public void Write(string name)
    {
        File.WriteAllText($"{name}.json", JsonSerializer.Serialize(this, new JsonSerializerOptions
        { WriteIndented = true }));
        File.WriteAllText($"{name}.md", Markdown());
        Console.WriteLine($"{(Passed ? "passed" : "FAILED")}; report in {name}.md and {name}.json");
    }

    string Markdown()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"# Tensorlet on {Device}: {Hardware}\n");
        Line($"{System}\n");
        if (Verification is { } v)
        {
            Line($"{v.Operations} operations, {v.Cases:N0} cases, {v.Edges} edges: {v.Failures.Count} failures, ");
            Line($"worst difference {v.Worst:0.0e+0}, {v.Seconds:0} s\n");
            foreach (var failure in v.Failures) Line($"- {failure}");
        }
        if (Training is { } t)
        {
            Line($"LeNet, {t.Steps} steps: loss {t.Losses[0]:0.000} to {t.Losses[^1]:0.000}, ");
            Line($"the first 50 at most {t.Worst:0.0e+0} from the CPU's, {t.Seconds:0.0} s\n");
        }
        if (Rows.Count > 0) Line($"| row | ms |\n| --- | ---: |");
        foreach (var row in Rows) Line($"| {row.Name} | {row.Milliseconds:0.0000} |");
        return text.ToString();
    }
}
