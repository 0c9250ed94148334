using System.Globalization;
using System.Net;
using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tutorials;

/// <summary>
/// Serves one page that shows a training while it runs, to this machine alone: curves, predictions, gradients of each
/// layer, and the network's graph. The page asks for nothing from anywhere else.
/// </summary>
sealed class LivePage : IDisposable
{
    /// <summary>What a browser may load for the page: only what this server has.</summary>
    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:";

    readonly WebApplication app;

    /// <summary>Where the page is.</summary>
    public Uri Address { get; }

    /// <summary>Begins to serve.</summary>
    /// <param name="log">What the page shows.</param>
    /// <param name="graph">The graph of the network as SVG.</param>
    /// <param name="port">Where; with 0 at any port that is free.</param>
    /// <exception cref="UsageException">The port is taken, or one that the system does not give.</exception>
    public LivePage(TrainingLog log, string graph, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        app = builder.Build();
        app.Use((context, next) =>
        {
            // a page from elsewhere, whose name leads to this machine, is not answered
            if (context.Request.Host.Host is not ("localhost" or "127.0.0.1"))
            {
                context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
                return Task.CompletedTask;
            }
            (context.Response.Headers.ContentSecurityPolicy, context.Response.Headers.XContentTypeOptions) =
                (Policy, "nosniff");
            context.Response.Headers.CacheControl = "no-store";
            return next(context);
        });
        Get("/", MediaTypeNames.Text.Html, _ => Asset("page.html"));
        Get("/page.css", MediaTypeNames.Text.Css, _ => Asset("page.css"));
        Get("/page.js", MediaTypeNames.Text.JavaScript, _ => Asset("page.js"));
        Get("/graph", MediaTypeNames.Image.Svg, _ => graph);
        Get("/shown", MediaTypeNames.Application.Json, _ => log.ShownJson());
        Get("/state", MediaTypeNames.Application.Json, query => log.Json(
            From(query, "losses"), From(query, "tests"), From(query, "norms")));
        try { app.StartAsync().GetAwaiter().GetResult(); }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            ((IDisposable)app).Dispose();
            throw new UsageException($"--port {port}: {e.Message} Take another port, or 0 for any that is free.");
        }
        Address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
            .Addresses.Single());
    }

    void Get(string path, string type, Func<IQueryCollection, string> content) => app.MapGet(path, context =>
    {
        context.Response.ContentType = $"{type}; charset=utf-8";
        return context.Response.WriteAsync(content(context.Request.Query));
    });

    /// <summary>How many of a kind the page has; NaN and infinity count as none.</summary>
    static int From(IQueryCollection query, string name) =>
        int.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;

    static string Asset(string name)
    {
        using var reader = new StreamReader(typeof(LivePage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <summary>Stops serving.</summary>
    public void Dispose()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        app.StopAsync(soon.Token).GetAwaiter().GetResult();
        ((IDisposable)app).Dispose();
    }
}
