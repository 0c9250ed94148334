namespace Tensorlet.Tests.Verification;

/// <summary>
/// Wrong calls derived from every row: an input on another device, of another type, of another shape. Each call works
/// or is refused with a typed error that names shapes; nothing else is thrown, and the inputs do not change.
/// </summary>
public class DerivedWrongCalls
{
    public static TheoryData<string> Rows => [.. OpTable.All.Select(op => op.Name)];

    [Theory, MemberData(nameof(Rows))]
    public void Are_refused_in_words(string row)
    {
        var op = OpTable.Named(row);
        for (var seed = 0; seed < 6; seed++)
        {
            var draw = new Draw(seed, 3);
            var c = op.Draw(draw);
            for (var k = 0; k < c.Inputs.Length; k++)
            {
                var right = c.Inputs.Select(i => Tensor.From(i.Values, i.Shape)).ToArray();
                var x = right[k];
                if (right.Length > 1 && right.All(input => input.Numel > 0))
                    Assert.IsType<DeviceException>(Try(c, right, k, x.To(Device.Reference)));
                Tensor[] all = [x.To(DType.Int64), x.To(DType.Bool), x.To(DType.Float32), x.Unsqueeze(0),
                    Tensor.Cat([x.Reshape(-1), x.Reshape(-1), Tensor.From([1.0])]),
                    Tensor.Zeros([7, .. x.Shape], DType.Float64), Tensor.Zeros([.. x.Shape, 5], DType.Float64),
                    Tensor.Zeros([0], DType.Float64)];
                foreach (var wrong in all) Try(c, right, k, wrong);
            }
        }
    }

    static Exception? Try(Case c, Tensor[] right, int k, Tensor wrong)
    {
        Tensor[] inputs = [.. right];
        inputs[k] = wrong;
        var before = inputs.Select(x => (x.Storage.Version, Bytes: x.Memory<byte>())).ToArray();
        Exception? thrown = null;
        Variable? y = null;
        try { y = c.F([.. inputs.Select(x => new Variable(x, x.DType.IsFloat()))]); }
        catch (TensorletException e)
        {
            thrown = e;
            Assert.True(e is not ShapeException || e.Message.Contains('('), e.Message);
            Assert.Matches("^[A-Z+*/><=−-][A-Za-z0-9_ ]*", e.Message);
        }
        // what the forward pass accepts, the backward pass accepts
        try { if (y is { RequiresGrad: true }) y.Backward(Tensor.OnesLike(y.Data)); }
        catch (LinAlgException e) { Assert.Matches("^[A-Za-z]*.Backward: ", e.Message); }       // zeros have no inverse
        Assert.All(inputs.Zip(before), p =>
        {
            Assert.Equal(p.Second.Version, p.First.Storage.Version);
            Assert.Equal(p.Second.Bytes, p.First.Memory<byte>());
        });
        return thrown;
    }
}
