using System.Security.Cryptography;
using Tensorlet;

namespace Tutorials;

/// <summary>A file that could not be downloaded: from where, what was wrong, and where to put it by hand.</summary>
sealed class DownloadException(string message, Exception? inner = null) : TensorletException(message, inner);

/// <summary>The progress of a download.</summary>
/// <param name="File">The name of the file.</param>
/// <param name="Received">Bytes received.</param>
/// <param name="Length">The length of the file in bytes.</param>
readonly record struct DownloadProgress(string File, long Received, long Length);

/// <summary>A file of a public data set, and how to recognise it.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Checksum">Its MD5 or SHA-256 in hexadecimal digits; their number says which.</param>
/// <param name="Urls">Where it can be downloaded, to be tried in this order.</param>
sealed record Download(string Name, long Length, string Checksum, params string[] Urls)
{
    static readonly HttpClient Client = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>
    /// Where data sets are kept if no folder is given: the one that TENSORLET_DATA names, or tensorlet in the user's
    /// folder for such data.
    /// </summary>
    public static string Folder => Environment.GetEnvironmentVariable(MNIST.Variable) is { Length: > 0 } folder ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify), "tensorlet");

    /// <summary>
    /// Downloads the file to a folder, unless it is already there. It is written under a temporary name, and gets its
    /// own name when length and checksum are right.
    /// </summary>
    /// <param name="folder">The folder, which is created if it does not exist.</param>
    /// <param name="progress">Called as bytes arrive.</param>
    /// <param name="timeout">How long a server may be silent: 30 s if not given.</param>
    /// <param name="cancellation">Ends it with an OperationCanceledException.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="DownloadException">No server provided it.</exception>
    public string Fetch(string folder, IProgress<DownloadProgress>? progress = null, TimeSpan? timeout = null,
        CancellationToken cancellation = default)
    {
        var (path, silence, failures) = (Path.Combine(folder, Name), timeout ?? TimeSpan.FromSeconds(30), "");
        if (File.Exists(path)) return path;
        Directory.CreateDirectory(folder);
        var temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        foreach (var url in Urls)
            try
            {
                // on the thread pool, where no context of a user interface waits for itself
                Task.Run(() => Receive(url, temporary, silence, progress, cancellation), CancellationToken.None)
                    .GetAwaiter().GetResult();
                File.Move(temporary, path, overwrite: true);
                return path;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                failures += $"\n  {url}: " + (e is OperationCanceledException
                    ? $"the server was silent for {silence.TotalSeconds} s" : e.Message);
            }
            finally { File.Delete(temporary); }
        throw new DownloadException($"{Name} could not be downloaded:{failures}\n" +
            $"Without a network, put it into {Path.GetFullPath(folder)} by hand.");
    }

    async Task Receive(string url, string temporary, TimeSpan silence, IProgress<DownloadProgress>? progress,
        CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(silence);
        using var response = await Client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, stop.Token);
        response.EnsureSuccessStatusCode();
        var kind = Checksum.Length == 32 ? HashAlgorithmName.MD5 : HashAlgorithmName.SHA256;
        using var hash = IncrementalHash.CreateHash(kind);
        await using var content = await response.Content.ReadAsStreamAsync(stop.Token);
        await using var file = new FileStream(temporary, FileMode.CreateNew);
        var (buffer, received) = (new byte[1 << 16], 0L);
        for (int n; (n = await content.ReadAsync(buffer, stop.Token)) > 0; stop.CancelAfter(silence))
        {
            if ((received += n) > Length) throw new InvalidDataException($"expected {Length} bytes, found more");
            hash.AppendData(buffer, 0, n);
            file.Write(buffer, 0, n);
            progress?.Report(new(Name, received, Length));
        }
        if (received < Length) throw new InvalidDataException($"expected {Length} bytes, found {received}");
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != Checksum) throw new InvalidDataException($"expected {kind} {Checksum}, found {found}");
        file.Flush(flushToDisk: true);
    }
}
