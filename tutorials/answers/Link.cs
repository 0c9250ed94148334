using System.Text;

namespace Tutorials;

/// <summary>What a message is about.</summary>
enum Kind : byte
{
    /// <summary>To the answer: its assembly.</summary>
    Load,
    /// <summary>To the answer: make a new object of its class.</summary>
    New,
    /// <summary>To the answer: call a method.</summary>
    Call,
    /// <summary>To the answer: go on with a sequence that it gave.</summary>
    Next,
    /// <summary>To the answer: the gradient of a variable that it gave.</summary>
    Gradient,
    /// <summary>To either: what was asked for.</summary>
    Returned,
    /// <summary>To either: there is nothing, because an exception was thrown.</summary>
    Threw,
    /// <summary>From the answer: call a function that it was given.</summary>
    Ask,
    /// <summary>From the answer: what it printed.</summary>
    Printed,
    /// <summary>To the compiler: a file.</summary>
    Compile,
}

/// <summary>
/// Two pipes of their own between the grader and a process that it started. A message is its kind, its length, and
/// values; it never says what an answer is worth.
/// </summary>
sealed class Link(Stream from, Stream to) : IDisposable
{
    /// <summary>Longer messages are refused.</summary>
    const int Longest = 1 << 28;

    readonly BufferedStream input = new(from, 1 << 16);
    readonly MemoryStream output = new();
    readonly Lock gate = new();

    /// <summary>Sends a message, from any thread.</summary>
    public void Send(Kind kind, Action<BinaryWriter>? write = null)
    {
        lock (gate)
        {
            output.SetLength(0);
            using var writer = new BinaryWriter(output, Encoding.UTF8, leaveOpen: true);
            writer.Write((byte)kind);
            writer.Write(0);
            write?.Invoke(writer);
            writer.Seek(1, SeekOrigin.Begin);
            writer.Write((int)output.Length - 5);
            to.Write(output.GetBuffer(), 0, (int)output.Length);
            to.Flush();
        }
    }

    /// <summary>Waits for a message; null where the other side has ended.</summary>
    /// <exception cref="InvalidDataException">It is no message.</exception>
    public (Kind Kind, BinaryReader Values)? Receive()
    {
        var head = new byte[5];
        if (input.ReadAtLeast(head, 5, throwOnEndOfStream: false) < 5) return null;
        var length = BitConverter.ToInt32(head, 1);
        if (length is < 0 or > Longest) throw new InvalidDataException($"A message of {length} bytes was announced.");
        var bytes = new MemoryStream();
        var part = new byte[Math.Min(length, 1 << 16)];
        for (var left = length; left > 0;)
        {
            var read = input.Read(part, 0, Math.Min(left, part.Length));
            if (read == 0) return null;
            bytes.Write(part, 0, read);
            left -= read;
        }
        bytes.Position = 0;
        return ((Kind)head[0], new BinaryReader(bytes, Encoding.UTF8));
    }

    public void Dispose()
    {
        from.Dispose();
        to.Dispose();
    }
}
