using System.Buffers.Binary;
using System.Text;

namespace Tensorlet.Tests.Data;

public class SafeTensorsTests : IDisposable
{
    readonly string path = Path.Combine(Path.GetTempPath(), $"tensorlet-{Guid.NewGuid():n}.safetensors");
    public void Dispose() => File.Delete(path);

    [Fact]
    public void Every_type_and_view_comes_back()
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["a.weight"] = Tensor.Randn(2, 3), ["b"] = Tensor.Randn([4], DType.Float64), ["labels"] = Tensor.Arange(5),
            ["mask"] = Tensor.From([true, false]),
            ["transposed"] = Tensor.Randn(3, 4).T, ["scalar"] = Tensor.Scalar(7), ["nothing"] = Tensor.Zeros(0, 3),
        };
        SafeTensors.Save(path, tensors, new Dictionary<string, string> { ["made by"] = "a test" });
        var read = SafeTensors.Load(path);
        Assert.Equal(tensors.Keys.Order(), read.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            Assert.Equal(tensor.DType, read[name].DType);
            Assert.Equal(tensor.Size(), read[name].Size());
            Assert.Equal(tensor.ToArray<double>(), read[name].ToArray<double>());
        }
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "*.tmp"));
    }

    byte[] Write(string header, params byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        File.WriteAllBytes(path, bytes);
        return bytes;
    }

    [Fact]
    public void A_file_laid_out_by_hand_is_read()
    {
        Write("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}}""",
            0, 0, 128, 63, 0, 0, 0, 192);
        Assert.Equal([1, -2], SafeTensors.Load(path)["x"].ToArray<float>());
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "takes too much")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "bytes left over")]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "shape and bytes differ")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "negative size")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2147483647,2147483647],"data_offsets":[0,8]}}""", 8, "huge")]
    [InlineData("""{"x":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}}""", 8, "unknown type")]
    [InlineData("""{"x":{"dtype":"F64","shape":[],"data_offsets":[0,8]},""" +
        """ "y":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}""", 8, "overlap")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"x":{"dtype":"I64","shape":[],"data_offsets":[0,8]},""" +
        """ "x":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}""", 16, "name twice")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2]}}""", 8, "no offsets")]
    [InlineData("""{"x":{"dtype":"F32","shape":"2","data_offsets":[0,8]}}""", 8, "wrong kind")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "half an offset")]
    [InlineData("""[1, 2]""", 0, "no object")]
    [InlineData("""{"x":""", 0, "torn")]
    public void A_damaged_file_is_refused_with_its_name(string header, int data, string why)
    {
        Write(header, new byte[data]);
        var error = Assert.Throws<InvalidDataException>(() => SafeTensors.Load(path));
        Assert.True(error.Message.Contains(path), why);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1L)]
    [InlineData(1000L)]
    public void A_header_that_is_longer_than_the_file_is_refused(long length)
    {
        var bytes = Write("{}");
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        File.WriteAllBytes(path, bytes);
        Assert.Throws<InvalidDataException>(() => SafeTensors.Load(path));
        File.WriteAllBytes(path, bytes[..5]);
        Assert.Throws<InvalidDataException>(() => SafeTensors.Load(path));
    }
}
