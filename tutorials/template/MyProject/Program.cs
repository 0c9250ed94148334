using MyProject;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

const int epochs = 60;
Generator.ManualSeed(1);
var (train, validation, test) = Spirals.Draw(1500, new Generator(1)).RandomSplit([0.8, 0.1, 0.1], new Generator(1));
var net = new Network(inputs: 2, Spirals.Classes);
Console.WriteLine(net.Summary());

var optimizer = new AdamW(net.Parameters(), lr: 5e-3);
var trainer = new Trainer(net, new CrossEntropyLoss(), optimizer, new DataLoader(train, 32, shuffle: true), [
    new Validation(new DataLoader(validation, 150), ("accuracy", new Accuracy())),
    new Schedule(new CosineAnnealingLR(optimizer, tMax: epochs)),
    new EarlyStopping(patience: 15), new CsvLog("log.csv"), new LossPicture("loss.svg"), new Progress(Console.Out)]);
trainer.Run(epochs);

// points that the network has not seen
var accuracy = new Accuracy();
trainer.Evaluate(new DataLoader(test, 150), accuracy);
Console.WriteLine($"accuracy on new points: {accuracy.Value:P1}");

// the network is saved, and read as another program would
net.Save("network.safetensors");
var read = new Network(inputs: 2, Spirals.Classes);
read.Load("network.safetensors");
Console.WriteLine(read.Call(Tensor.From(new[,] { { 0.5f, 0.5f } })).Softmax(1));

var (points, labels) = new DataLoader(test, 150).Single();
Picture.Save("regions.svg", read, points, labels);
Console.WriteLine("log.csv, loss.svg, regions.svg and network.safetensors are written");
