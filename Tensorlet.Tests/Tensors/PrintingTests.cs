using System.Globalization;
using T = Tensorlet.Tensor;

namespace Tensorlet.Tests.Tensors;

public class PrintingTests
{
    /// <summary>
    /// The numbers are PyTorch's own output for the same tensors, without its "tensor(" and with our last line.
    /// </summary>
    public static TheoryData<Func<Tensor>, string> Cases => new()
    {
        { () => T.From(new[] { 1f, 2f, 3f }),
            """
            [1., 2., 3.]
            [Float32 of size 3]
            """ },
        { () => T.From(new[] { 1.5f, -2f, 0f }),
            """
            [ 1.5000, -2.0000,  0.0000]
            [Float32 of size 3]
            """ },
        { () => T.From(new[] { 0f, -0f }),
            """
            [0., -0.]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { 1e-5f, 1f }),
            """
            [1.0000e-05, 1.0000e+00]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { 0.0001f, 0.01f }),
            """
            [1.0000e-04, 1.0000e-02]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { 1f, 1001f }),
            """
            [1.0000e+00, 1.0010e+03]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { 1f, 1000f }),
            """
            [   1., 1000.]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { 2e8f, 3e8f }),
            """
            [2.0000e+08, 3.0000e+08]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { 100005.0, 1.0 }),
            """
            [1.0000e+05, 1.0000e+00]
            [Float64 of size 2]
            """ },
        { () => T.From(new[] { 100015.0, 1.0 }),
            """
            [1.0002e+05, 1.0000e+00]
            [Float64 of size 2]
            """ },
        { () => T.From(new[] { 0.03125, 0.09375, 0.5 }),
            """
            [0.0312, 0.0938, 0.5000]
            [Float64 of size 3]
            """ },
        { () => T.From(new[] { 1e300, -1e-300 }),
            """
            [ 1.0000e+300, -1.0000e-300]
            [Float64 of size 2]
            """ },
        { () => T.From(new[] { float.NaN, 1f }),
            """
            [nan, 1.]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { float.NaN, 0.5f, float.PositiveInfinity, float.NegativeInfinity }),
            """
            [   nan, 0.5000,    inf,   -inf]
            [Float32 of size 4]
            """ },
        { () => T.From(new[] { float.NaN, float.NegativeInfinity }),
            """
            [nan, -inf]
            [Float32 of size 2]
            """ },
        { () => T.From(new[] { float.NaN, 1e-6f, 1f }),
            """
            [       nan, 1.0000e-06, 1.0000e+00]
            [Float32 of size 3]
            """ },
        { () => T.From(new[] { 1, -20, 300 }),
            """
            [  1, -20, 300]
            [Int64 of size 3]
            """ },
        { () => T.From(new[] { long.MaxValue, long.MinValue }),
            """
            [ 9223372036854775807, -9223372036854775808]
            [Int64 of size 2]
            """ },
        { () => T.From(new[] { true, false }),
            """
            [ True, False]
            [Bool of size 2]
            """ },
        { () => T.From(new[] { true, true }),
            """
            [True, True]
            [Bool of size 2]
            """ },
        { () => T.Scalar(3.5),
            """
            3.5000
            [Float32 of size ()]
            """ },
        { () => T.Scalar(3),
            """
            3.
            [Float32 of size ()]
            """ },
        { () => T.Scalar(7, DType.Int64),
            """
            7
            [Int64 of size ()]
            """ },
        { () => T.Scalar(1, DType.Bool),
            """
            True
            [Bool of size ()]
            """ },
        { () => T.Zeros(0),
            """
            []
            [Float32 of size 0]
            """ },
        { () => T.Zeros(0, 3),
            """
            []
            [Float32 of size 0x3]
            """ },
        { () => T.From(new[,] { { 1f, -0.5f }, { 0.25f, 12f } }),
            """
            [[ 1.0000, -0.5000],
             [ 0.2500, 12.0000]]
            [Float32 of size 2x2]
            """ },
        { () => T.Zeros(2, 1, 2, 2),
            """
            [[[[0., 0.],
               [0., 0.]]],


             [[[0., 0.],
               [0., 0.]]]]
            [Float32 of size 2x1x2x2]
            """ },
        { () => T.Arange(12).Reshape(2, 3, 2),
            """
            [[[ 0,  1],
              [ 2,  3],
              [ 4,  5]],

             [[ 6,  7],
              [ 8,  9],
              [10, 11]]]
            [Int64 of size 2x3x2]
            """ },
        { () => T.Arange(12).Reshape(2, 3, 2).Permute(2, 0, 1),
            """
            [[[ 0,  2,  4],
              [ 6,  8, 10]],

             [[ 1,  3,  5],
              [ 7,  9, 11]]]
            [Int64 of size 2x2x3]
            """ },
        { () => T.Arange(40).To(DType.Float32) / 4,
            """
            [0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000, 2.2500,
             2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500, 4.5000, 4.7500,
             5.0000, 5.2500, 5.5000, 5.7500, 6.0000, 6.2500, 6.5000, 6.7500, 7.0000, 7.2500,
             7.5000, 7.7500, 8.0000, 8.2500, 8.5000, 8.7500, 9.0000, 9.2500, 9.5000, 9.7500]
            [Float32 of size 40]
            """ },
        { () => T.Arange(60).Reshape(2, 30),
            """
            [[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
              19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
             [30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
              49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59]]
            [Int64 of size 2x30]
            """ },
        { () => T.Arange(1000, 2001),
            """
            [1000, 1001, 1002,  ..., 1998, 1999, 2000]
            [Int64 of size 1001]
            """ },
        { () => T.Arange(1001).Reshape(7, 143),
            """
            [[   0,    1,    2,  ...,  140,  141,  142],
             [ 143,  144,  145,  ...,  283,  284,  285],
             [ 286,  287,  288,  ...,  426,  427,  428],
             ...,
             [ 572,  573,  574,  ...,  712,  713,  714],
             [ 715,  716,  717,  ...,  855,  856,  857],
             [ 858,  859,  860,  ...,  998,  999, 1000]]
            [Int64 of size 7x143]
            """ },
        { () => T.Arange(1200).Reshape(200, 1, 6),
            """
            [[[   0,    1,    2,    3,    4,    5]],

             [[   6,    7,    8,    9,   10,   11]],

             [[  12,   13,   14,   15,   16,   17]],

             ...,

             [[1182, 1183, 1184, 1185, 1186, 1187]],

             [[1188, 1189, 1190, 1191, 1192, 1193]],

             [[1194, 1195, 1196, 1197, 1198, 1199]]]
            [Int64 of size 200x1x6]
            """ },
        { () => T.Arange(1200).Reshape(2, 2, 300) * 0.5,
            """
            [[[0.0000e+00, 5.0000e-01, 1.0000e+00,  ..., 1.4850e+02, 1.4900e+02,
               1.4950e+02],
              [1.5000e+02, 1.5050e+02, 1.5100e+02,  ..., 2.9850e+02, 2.9900e+02,
               2.9950e+02]],

             [[3.0000e+02, 3.0050e+02, 3.0100e+02,  ..., 4.4850e+02, 4.4900e+02,
               4.4950e+02],
              [4.5000e+02, 4.5050e+02, 4.5100e+02,  ..., 5.9850e+02, 5.9900e+02,
               5.9950e+02]]]
            [Float32 of size 2x2x300]
            """ },
        { () => T.Zeros(30),
            """
            [0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.,
             0., 0., 0., 0.]
            [Float32 of size 30]
            """ },
        { () => T.Arange(7000).Reshape(7000, 1),
            """
            [[   0],
             [   1],
             [   2],
             ...,
             [6997],
             [6998],
             [6999]]
            [Int64 of size 7000x1]
            """ },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prints_as_PyTorch_does(Func<Tensor> tensor, string expected) =>
        Assert.Equal(expected.ReplaceLineEndings("\n"), tensor().ToString());

    [Fact]
    public void Device_is_named_where_it_is_not_the_cpu() => Assert.Equal("[1., 2.]\n[Float32 of size 2 on reference]",
        T.From(new[] { 1f, 2f }, device: Device.Reference).ToString());

    [Fact]
    public void Large_tensor_is_not_read_as_a_whole() =>
        Assert.Equal("[0., 0., 0.,  ..., 0., 0., 0.]\n[Float32 of size 2000000000]",
        T.Zeros(1).Expand(2_000_000_000).ToString());

    [Fact]
    public void Culture_plays_no_part()
    {
        var before = CultureInfo.CurrentCulture;
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (german.NumberFormat.NumberDecimalSeparator, german.NumberFormat.NegativeSign) = (",", "~");
        try
        {
            CultureInfo.CurrentCulture = german;
            Assert.Equal("[-0.5000,  1.5000]\n[Float32 of size 2]", T.From(new[] { -0.5f, 1.5f }).ToString());
            Assert.Equal("[-5]\n[Int64 of size 1]", T.From(new[] { -5 }).ToString());
        }
        finally { CultureInfo.CurrentCulture = before; }
    }
}
