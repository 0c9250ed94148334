using System.Text;

namespace Tutorials;

/// <summary>Sends what an answer prints to the grader, line by line, and only so much.</summary>
sealed class Printer(Link link) : TextWriter
{
    const int Most = 1 << 16, Longest = 1000;

    readonly StringBuilder line = new();
    int left = Most;

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (line)
        {
            if (left > 0 && (value != '\n' || --left >= 0) && value is not ('\r' or '\n') && line.Length < Longest)
            {
                line.Append(value);
                left--;
            }
            if (value == '\n' && left >= 0) Flush();
        }
    }

    /// <summary>Ends a line that has been begun.</summary>
    public void EndLine()
    {
        lock (line)
        {
            if (line.Length > 0) Flush();
            left = Most;
        }
    }

    public override void Flush()
    {
        lock (line)
        {
            link.Send(Kind.Printed, to => to.Write(line.ToString()));
            line.Clear();
        }
    }
}
