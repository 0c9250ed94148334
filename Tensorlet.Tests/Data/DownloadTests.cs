using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests.Data;

public sealed class DownloadTests : IDisposable
{
    static readonly byte[] Content = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * i / 3))];
    static readonly string Md5 = Convert.ToHexStringLower(MD5.HashData(Content));
    static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(Content));

    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-download-").FullName;
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource ended = new();
    readonly Thread server;

    string Base => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    public DownloadTests()
    {
        listener.Start();
        server = new(Serve);
        server.Start();
    }

    public void Dispose()
    {
        ended.Cancel();
        listener.Stop();
        server.Join();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>
    /// One answer for each connection, by the path that is asked for. A client may open a connection that it does not
    /// use, so each has a thread.
    /// </summary>
    void Serve()
    {
        try
        {
            while (true)
            {
                var client = listener.AcceptTcpClient();
                new Thread(() =>
                {
                    using (client)
                    using (ended.Token.Register(client.Close))
                        try { Answer(client.GetStream()); }
                        catch (Exception e) when (e is IOException or InvalidOperationException) { }    // hung up
                })
                { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException) { }    // the listener was stopped
    }

    void Answer(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        var path = reader.ReadLine()?.Split(' ')[1];
        while (reader.ReadLine() is { Length: > 0 }) { }
        switch (path)
        {
            case "/good": Send("200 OK", $"Content-Length: {Content.Length}", Content); break;
            case "/open": Send("200 OK", "X: no length", Content); break;
            case "/truncated": Send("200 OK", $"Content-Length: {Content.Length}", Content[..50_000]); break;
            case "/open-truncated": Send("200 OK", "X: no length", Content[..50_000]); break;
            case "/open-endless": Send("200 OK", "X: no length", [.. Content, .. Content]); break;
            case "/promises-more": Send("200 OK", "Content-Length: 99999999999", Content); break;
            case "/promises-less": Send("200 OK", "Content-Length: 7", Content); break;
            case "/wrong": Send("200 OK", $"Content-Length: {Content.Length}", [.. Content[..^1], 77]); break;
            case "/moved": Send("302 Found", $"Location: {Base}good", []); break;
            case "/circle": Send("302 Found", $"Location: {Base}circle", []); break;
            case "/broken": Send("500 Internal Server Error", "Content-Length: 0", []); break;
            case "/silent": ended.Token.WaitHandle.WaitOne(); break;
            case "/stalls":
                Send("200 OK", $"Content-Length: {Content.Length}", Content[..50_000]);
                ended.Token.WaitHandle.WaitOne();
                break;
            case "/nonsense": stream.Write("nonsense\r\n\r\n"u8); break;
            default: Send("404 Not Found", "Content-Length: 0", []); break;
        }

        void Send(string status, string header, byte[] body)
        {
            stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\n{header}\r\n\r\n"));
            stream.Write(body);
        }
    }

    Download File(string checksum, params string[] paths) =>
        new("file.bin", Content.Length, checksum, [.. paths.Select(path => Base + path)]);

    sealed class Seen : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> Reports { get; } = [];
        public void Report(DownloadProgress value) => Reports.Add(value);
    }

    [Theory]
    [InlineData("good")]
    [InlineData("open")]
    [InlineData("moved")]
    public void A_file_arrives_and_is_not_fetched_again(string path)
    {
        var seen = new Seen();
        var place = Path.Combine(folder, "new");
        var found = File(Sha256, path).Fetch(place, seen);
        Assert.Equal(Path.Combine(place, "file.bin"), found);
        Assert.Equal(Content, System.IO.File.ReadAllBytes(found));
        Assert.Equal(new("file.bin", Content.Length, Content.Length), seen.Reports[^1]);
        Assert.Equal(seen.Reports.Select(r => r.Received).Order(), seen.Reports.Select(r => r.Received));
        Assert.Equal(found, File(Sha256, "missing").Fetch(place));
        Assert.Single(Directory.GetFiles(place));
    }

    [Theory]
    [InlineData("truncated", "")]
    [InlineData("open-truncated", "expected 100000 bytes, found 50000")]
    [InlineData("open-endless", "expected 100000 bytes, found more")]
    [InlineData("promises-more", "")]
    [InlineData("promises-less", "expected 100000 bytes, found 7")]
    [InlineData("wrong", "expected MD5")]
    [InlineData("circle", "302")]
    [InlineData("broken", "500")]
    [InlineData("missing", "404")]
    [InlineData("nonsense", "")]
    public void Whatever_a_server_does_ends_in_an_error_that_names_it_and_leaves_nothing(string path, string what)
    {
        var error = Assert.Throws<DownloadException>(() => File(Md5, path).Fetch(folder));
        string[] words = ["file.bin", $"{Base}{path}: ", what, folder, "by hand"];
        Assert.All(words, word => Assert.Contains(word, error.Message));
        Assert.Empty(Directory.GetFiles(folder));
    }

    /// <summary>Any time would do: the server is silent until the test ends.</summary>
    [Theory]
    [InlineData("silent")]
    [InlineData("stalls")]
    public void A_server_that_falls_silent_is_given_up(string path)
    {
        var error = Assert.Throws<DownloadException>(() =>
            File(Md5, path).Fetch(folder, timeout: TimeSpan.FromMilliseconds(200)));
        Assert.Contains($"{Base}{path}: the server was silent for 0.2 s", error.Message);
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void A_download_that_is_cancelled_leaves_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        var seen = new CancelOnFirst(cancellation);
        Assert.ThrowsAny<OperationCanceledException>(() =>
            File(Md5, "stalls", "good").Fetch(folder, seen, cancellation: cancellation.Token));
        Assert.Empty(Directory.GetFiles(folder));
    }

    sealed class CancelOnFirst(CancellationTokenSource source) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => source.Cancel();
    }

    [Fact]
    public void The_next_address_is_tried()
    {
        Assert.Equal(Content, System.IO.File.ReadAllBytes(File(Md5, "missing", "wrong", "good").Fetch(folder)));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void Without_a_network_every_address_is_told()
    {
        var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)closed.LocalEndpoint).Port}/";
        closed.Stop();
        var error = Assert.Throws<DownloadException>(() =>
            new Download("file.bin", 1, Md5, url + "one", url + "two").Fetch(folder));
        Assert.All([url + "one", url + "two", $"put it into {folder} by hand"], word =>
            Assert.Contains(word, error.Message));
    }
}
