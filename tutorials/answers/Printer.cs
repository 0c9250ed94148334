using System.Text;

namespace Tutorials;

/// <summary>Sends what an answer prints to the grader, line by line, and only so much in each step.</summary>
sealed class Printer(Link link) : TextWriter
{
    const int Most = 1 << 16, Longest = 1000;

    readonly StringBuilder line = new();
    int left = Most;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>A step begins.</summary>
    public void Begin() => left = Most;

    public override void Write(char value)
    {
        lock (line)
        {
            if (left <= 0) return;
            left--;
            if (value == '\n') Send();
            else if (value != '\r' && line.Length < Longest) line.Append(value);
        }
    }

    /// <summary>Ends a line that has been begun.</summary>
    public void EndLine()
    {
        lock (line)
            if (line.Length > 0) Send();
    }

    void Send()
    {
        link.Send(Kind.Printed, to => to.Write(line.ToString()));
        line.Clear();
    }
}
