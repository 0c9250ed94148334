using System.Diagnostics;
using System.Globalization;

namespace Tutorials;

/// <summary>Where a training is: one line that is written over on a terminal, a line now and then elsewhere.</summary>
/// <param name="epochs">How many epochs there are.</param>
/// <param name="batches">Steps in an epoch.</param>
/// <param name="batchSize">Samples in a step.</param>
/// <param name="lines">Lines on a terminal too: a launcher of several processes joins their lines.</param>
sealed class Progress(int epochs, int batches, int batchSize, bool lines = false)
{
    readonly Stopwatch watch = Stopwatch.StartNew();
    readonly bool live = !lines && !Console.IsOutputRedirected;
    double loss, accuracy, shownAt;
    int steps;

    /// <summary>After each step. Loss and accuracy are shown as running means over some 50 steps.</summary>
    public void Step(int epoch, int batch, double stepLoss, double stepAccuracy)
    {
        var weight = Math.Max(0.02, 1.0 / ++steps);
        loss += weight * (stepLoss - loss);
        accuracy += weight * (stepAccuracy - accuracy);
        var now = watch.Elapsed.TotalSeconds;
        var last = batch == batches;
        if (!last && now - shownAt < (live ? 0.1 : 5)) return;
        shownAt = now;
        var left = now / steps * ((epochs - epoch) * batches + batches - batch);
        var text = string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch}/{epochs}  {100.0 * batch / batches,3:0} %  loss {loss:0.0000}  accuracy " +
                $"{100 * accuracy:0.00} %  {steps * batchSize / now:#,0} images/s  " +
                $"{TimeSpan.FromSeconds(left):m\\:ss} left");
        if (live) Console.Write($"\r{text,-100}{(last ? "\n" : "")}");
        else Console.WriteLine(text);
    }
}
