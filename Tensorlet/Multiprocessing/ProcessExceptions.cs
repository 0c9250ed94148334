namespace Tensorlet.Multiprocessing;

/// <summary>A process that <see cref="Spawn"/> started did not come to its result.</summary>
/// <param name="rank">Which one, from 0.</param>
/// <param name="message">What happened.</param>
public abstract class ProcessException(int rank, string message) : TensorletException(message)
{
    /// <summary>Which one, from 0.</summary>
    public int Rank => rank;
}

/// <summary>An exception left the entry point in the process of this rank.</summary>
public sealed class ProcessRaisedException(int rank, string type, string message, string text) : ProcessException(
    rank, $"Process {rank} threw {type}: {message}\n{text}")
{
    /// <summary>The full name of the exception's type.</summary>
    public string Type => type;
    /// <summary>The exception as the process printed it, with its stack.</summary>
    public string Text => text;
}

/// <summary>The process of this rank was killed, or ended without an answer.</summary>
public sealed class ProcessExitedException(int rank, int exitCode) : ProcessException(
    rank, $"Process {rank} ended with exit code {exitCode} and without an answer: it was killed, or called Exit, or " +
        "its program does not begin with Spawn.Child().")
{
    /// <summary>Its exit code; above 128 on Unix, a signal's number less 128.</summary>
    public int ExitCode => exitCode;
}
