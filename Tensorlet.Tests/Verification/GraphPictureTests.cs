using System.Xml.Linq;

namespace Tensorlet.Tests.Verification;

public class GraphPictureTests
{
    static readonly Variable x = new(Tensor.From([3.0, 4], [1, 2]), requiresGrad: true),
        w = new(Tensor.From([1.0, 2], [2, 1]), requiresGrad: true);

    static GraphPicture Picture() => new(x.MatMul(w).Tanh().Sum() + (x * x).Sum(), ("x", x), ("w", w));

    [Fact]
    public void Every_function_is_there_once_and_after_its_inputs()
    {
        var nodes = Picture().Nodes;
        Assert.Equal(nodes.Count, nodes.Select(n => n.Number).Distinct().Count());
        Assert.All(nodes, n => Assert.All(n.Inputs, i => Assert.True(i < n.Number)));
        Assert.Equal(["w", "x"], nodes.Where(n => n.Inputs.Count == 0).Select(n => n.Name).Order());
        Assert.Equal("Add", nodes[^1].Name);
        var product = Assert.Single(nodes, n => n.Name == "MatMul");
        Assert.Equal("(1, 1)", product.Shape);
    }

    [Fact]
    public void Norms_of_gradients_are_those_of_Backward()
    {
        var picture = Picture();
        Assert.Null(x.Grad);
        (x.MatMul(w).Tanh().Sum() + (x * x).Sum()).Backward();
        var expected = Math.Sqrt(x.Grad!.Square().Sum().Item());
        x.Grad = w.Grad = null;
        Assert.Equal(expected, picture.Nodes.Single(n => n.Name == "x").Gradient!.Value, 12);
        Assert.Equal(1, picture.Nodes[^1].Gradient);
    }

    [Fact]
    public void Text_Mermaid_and_DOT_name_everything()
    {
        var picture = Picture();
        foreach (var text in (string[])[picture.ToString(), picture.ToMermaid(), picture.ToDot(), picture.ToTrace()])
            foreach (var name in (string[])["MatMul", "Tanh", "Multiply", "Sum", "(1, 2)", "|gradient| 1"])
                Assert.Contains(name, text);
        var edges = picture.Nodes.Sum(n => n.Inputs.Count);
        Assert.Equal(edges, picture.ToMermaid().Split("-->").Length - 1);
        Assert.Equal(edges, picture.ToDot().Split("->").Length - 1);
        Assert.StartsWith("   1. Add", picture.ToTrace());
        Assert.Contains("keeps it", picture.ToTrace().Split('\n')[^1]);
    }

    [Fact]
    public void The_drawing_is_sound_and_nothing_lies_on_another()
    {
        var svg = XDocument.Parse(Picture().ToSvg());
        var boxes = svg.Descendants().Where(e => e.Name.LocalName == "rect").Skip(1)
            .Select(e => (X: (double)e.Attribute("x")!, Y: (double)e.Attribute("y")!)).ToList();
        Assert.Equal(Picture().Nodes.Count, boxes.Count);
        foreach (var a in boxes)
            Assert.Single(boxes, b => Math.Abs(a.X - b.X) < 150 && Math.Abs(a.Y - b.Y) < 56);
    }

    [Fact]
    public void A_freed_graph_has_a_picture_without_norms()
    {
        var y = (x * x).Sum();
        y.Backward();
        x.Grad = null;
        Assert.All(new GraphPicture(y).Nodes, n => Assert.Null(n.Gradient));
        Assert.Throws<AutogradException>(() => new GraphPicture(Tensor.Ones(1)));
    }

    [Fact]
    public void A_long_chain_needs_no_stack()
    {
        Variable y = x;
        for (var i = 0; i < 100_000; i++) y += 1;
        Assert.Equal(100_001, new GraphPicture(y).Nodes.Count);
    }
}
