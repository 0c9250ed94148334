using System.Globalization;
using System.IO.Pipes;
using Tutorials;

if (args is not [var input, var output, var megabytes])
{
    Console.Error.WriteLine("This program runs an answer for the grader: dotnet run --project tutorials -- check N");
    return 2;
}
using var link = new Link(new AnonymousPipeClientStream(PipeDirection.In, input),
    new AnonymousPipeClientStream(PipeDirection.Out, output));
Limits.Apply(long.Parse(megabytes, CultureInfo.InvariantCulture));
Console.SetIn(TextReader.Null);
using var printer = new Printer(link);
Console.SetOut(printer);
Console.SetError(printer);
new Answering(link, printer).Run();
return 0;
