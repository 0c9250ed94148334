using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>
/// Samples of every kind are converted to tensors, with libraries of their field and plain arrays, and shown again.
/// </summary>
static class Samples
{
    public static int Run(string folder)
    {
        Directory.CreateDirectory(folder);
        Image(folder);
        Text(folder);
        Sound(folder);
        Video(folder);
        return 0;
    }

    static string Shape(Tensor x) => $"{x.DType} {x.Layout}";

    static void Image(string folder)
    {
        var (drawn, png) = (Drawn.Sunset(), Path.Combine(folder, "sunset.png"));
        ImageFile.Write(png, drawn);
        ImageFile.Write(Path.ChangeExtension(png, ".jpg"), drawn);
        Tensor image = ImageFile.Read(png), lossy = ImageFile.Read(Path.ChangeExtension(png, ".jpg"));
        var loss = new Variable(image - lossy).Abs().Data.Mean().Item() * 255;
        var means = image.Mean([1, 2]).ToArray<double>();
        Console.WriteLine($"image   {png}, {Shape(image)}, mean red {means[0]:0.000}, green {means[1]:0.000}, blue " +
            $"{means[2]:0.000}; as JPEG a value is off by {loss:0.00} of 255");

        // the same function reads a folder of classes
        foreach (var (name, picture) in new[] { ("sea", drawn), ("ball", Drawn.Ball(0.2)) })
        {
            Directory.CreateDirectory(Path.Combine(folder, "classes", name));
            ImageFile.Write(Path.Combine(folder, "classes", name, "1.png"), picture);
        }
        var classes = new ImageFolder(Path.Combine(folder, "classes"), ImageFile.Read, new Resize(32, 32));
        var (images, labels) = new DataLoader(classes, batchSize: 2).Single();
        Console.WriteLine($"        classes {string.Join(", ", classes.Classes)}: a batch of {Shape(images)} and " +
            $"{Shape(labels)}");
    }

    static void Text(string folder)
    {
        var path = Path.Combine(folder, "pairs.tiktoken");
        BytePairs.Learn(path, Drawn.Text, size: 320);
        var tokenizer = BytePairs.Load(path);
        const string Sentence = "A network is a tensor of numbers ∇.";
        var numbers = tokenizer.Numbers(Sentence);
        Console.WriteLine($"text    \"{Sentence}\" of {Sentence.Length} letters, {Shape(numbers)}");
        Console.WriteLine($"        {string.Join(' ', numbers.ToArray<long>())}");
        var tokens = tokenizer.EncodeToTokens(Sentence, out _).Select(token => token.Value);
        Console.WriteLine($"        {string.Join('|', tokens)}");
        Console.WriteLine($"        back: \"{tokenizer.Text(numbers)}\"");
    }

    static void Sound(string folder)
    {
        var path = Path.Combine(folder, "chirp.wav");
        Wav.Write(path, Drawn.Chirp(from: 500, to: 6000, seconds: 2, rate: 16000), 16000);
        var (sound, rate) = Wav.Read(path);
        var decibels = Spectrogram.Of(sound[0]);
        var picture = Path.Combine(folder, "spectrogram.png");
        ImageFile.Write(picture, Spectrogram.Picture(decibels));
        var loudest = decibels.ArgMax(0).ToArray<long>();
        Console.WriteLine($"sound   {path}, {Shape(sound)} at {rate} hertz; {picture}, {Shape(decibels)}");
        var hertz = new[] { loudest[0], loudest[loudest.Length / 2], loudest[^1] }.Select(f => f * rate / 512.0);
        Console.WriteLine($"        loudest at the start, in the middle, at the end: {string.Join(", ", hertz)} hertz");
    }

    static void Video(string folder)
    {
        var frames = Path.Combine(folder, "frames");
        Directory.CreateDirectory(frames);
        for (var i = 0; i < 24; i++) ImageFile.Write(Path.Combine(frames, $"{i}.png"), Drawn.Ball(i / 23.0));
        var video = new FrameFolder(frames, length: 8, ImageFile.Read);
        var clip = video[4][0];
        var strip = Path.Combine(folder, "clip.png");
        ImageFile.Write(strip, clip.Permute(1, 2, 0, 3).Reshape(3, 64, -1));
        Console.WriteLine($"video   {frames}, {video.Frames.Count} frames, {video.Count} clips; frames 4 to 11 are " +
            $"{Shape(clip)}, seen in {strip}");
    }
}
