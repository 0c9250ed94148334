namespace Tensorlet.Tests.Verification;

/// <summary>
/// The edges of products and linear algebra: wrong calls, matrices without an inverse or without elements, equal
/// eigenvalues. Values that are a matter of choice were measured with libtorch 2.10.
/// </summary>
public class LinearAlgebraTests
{
    static Variable V(params int[] shape) => new(Tensor.Ones(shape), requiresGrad: true);
    static Variable M(double[,] x) => new(Tensor.From(x, DType.Float64), requiresGrad: true);

    /// <summary>Three matrices; this one is the second.</summary>
    static Variable Second(double[,] x) => new(Tensor.Stack([Tensor.Eye(x.GetLength(0), dtype: DType.Float64),
        Tensor.From(x, DType.Float64), Tensor.Eye(x.GetLength(0), dtype: DType.Float64)]), requiresGrad: true);

    /// <summary>The functions of <see cref="Linalg"/> are the methods of the same names.</summary>
    [Fact]
    public void Linalg_calls_the_methods()
    {
        Variable a = M(new double[,] { { 4, 1 }, { 1, 3 } }), b = M(new double[,] { { 1 }, { 2 } });
        Check([Linalg.Cholesky(a), Linalg.Cholesky(a, upper: true), Linalg.Inv(a), Linalg.Solve(a, b), Linalg.Det(a),
            Linalg.Norm(a), Linalg.Norm(a, 1, 0, keepdim: true)], [a.Cholesky(), a.Cholesky(true), a.Inverse(),
            a.Solve(b), a.Det(), a.Norm(), a.Norm(1, 0, keepdim: true)]);
        Check(Linalg.Qr(a) is var (q, r) ? [q, r] : [], a.Qr() is var (q2, r2) ? [q2, r2] : []);
        Check(Linalg.Svd(a) is var (u, s, v) ? [u, s, v] : [], a.Svd() is var (u2, s2, v2) ? [u2, s2, v2] : []);
        Check(Linalg.Eigh(a) is var (e, x) ? [e, x] : [], a.Eigh() is var (e2, x2) ? [e2, x2] : []);
        Check(Linalg.Slogdet(a) is var (sign, log) ? [sign, log] : [], a.Slogdet() is var (g, l) ? [g, l] : []);

        static void Check(Variable[] actual, Variable[] expected)
        {
            Assert.Equal(expected.Length, actual.Length);
            foreach (var (one, other) in actual.Zip(expected)) Assert.True(one.Data.Equal(other.Data));
        }
    }

    static readonly double[,] singular = { { 1, 2 }, { 2, 4 } };
    const double NaN = double.NaN;

    static readonly Dictionary<string, (Func<object> Call, Type Error, string[] Says)> calls = new()
    {
        ["dot"] = (() => V(2).Dot(V(3)), typeof(ShapeException), ["Dot", "(2)", "(3)", "2 against 3"]),
        ["dot of matrices"] = (() => V(2, 2).Dot(V(2)), typeof(ShapeException), ["Dot", "(2, 2)", "(2)", "MatMul"]),
        ["dot of two types"] = (() => V(2).Dot(Tensor.Ones([2], DType.Float64)), typeof(DTypeException),
            ["Dot", "Float32", "Float64"]),
        ["mv"] = (() => V(2, 3).Mv(V(2)), typeof(ShapeException), ["Mv", "(2, 3)", "(2)", "axis -1", "3 against 2"]),
        ["mm"] = (() => V(2, 3).Mm(V(2, 3)), typeof(ShapeException), ["Mm", "(2, 3)", "axis -2", "3 against 2"]),
        ["bmm"] = (() => V(1, 2, 3).Bmm(V(4, 3, 2)), typeof(ShapeException), ["Bmm", "(4, 3, 2)", "1 against 4"]),
        ["outer"] = (() => V(2, 1).Outer(V(3)), typeof(ShapeException), ["Outer", "(2, 1)", "(3)"]),
        ["addmm"] = (() => V(5).Addmm(V(2, 3), V(3, 4)), typeof(ShapeException), ["Addmm", "(5)", "(2, 4)"]),
        ["addmm of a batch"] = (() => V(3, 2, 4).Addmm(V(2, 3), V(3, 4)), typeof(ShapeException),
            ["Addmm", "(3, 2, 4)", "(2, 4)"]),
        ["baddbmm"] = (() => V(1).Baddbmm(V(2, 3), V(3, 4)), typeof(ShapeException), ["Baddbmm", "(2, 3)", "3"]),
        ["trace"] = (() => V(2, 3, 3).Trace(), typeof(ShapeException), ["Trace", "(2, 3, 3)"]),
        ["tensordot: sizes"] = (() => V(2, 2).Tensordot(V(3, 4), 1), typeof(ShapeException),
            ["Tensordot", "(2, 2)", "(3, 4)", "3, against 2"]),
        ["tensordot: few axes"] = (() => V(2).Tensordot(V(2, 2)), typeof(ShapeException), ["Tensordot", "(2)", "2"]),
        ["tensordot: pairs"] = (() => V(2, 2).Tensordot(V(2, 2), [0, 1], [0]), typeof(ShapeException),
            ["Tensordot", "(0, 1)", "(0)"]),
        ["tensordot: twice"] = (() => V(2, 2).Tensordot(V(2, 2), [0, -2], [0, 1]), typeof(ShapeException),
            ["Tensordot", "(0, 0)", "once"]),
        ["tensordot: axis"] = (() => V(2).Tensordot(V(2), [1], [0]), typeof(IndexException), ["Tensordot", "axis 1"]),
        ["einsum: sizes"] = (() => Variable.Einsum("ij,jk->ik", V(2, 2), V(3, 4)), typeof(ShapeException),
            ["Einsum", "(2, 2)", "(3, 4)", "named j", "axis 0 of operand 1", "3, against 2"]),
        ["einsum: no diagonal"] = (() => Variable.Einsum("ii->i", V(2, 3)), typeof(ShapeException),
            ["Einsum", "(2, 3)", "named i", "3, against 2"]),
        ["einsum: no diagonal of size 1"] = (() => Variable.Einsum("ii->i", V(3, 1)), typeof(ShapeException),
            ["Einsum", "(3, 1)", "1, against 3"]),
        ["einsum: operands"] = (() => Variable.Einsum("ij,jk->ik", V(2, 2)), typeof(ShapeException), ["2", "1"]),
        ["einsum: rank"] = (() => Variable.Einsum("ijk->ik", V(2, 2)), typeof(ShapeException),
            ["(2, 2)", "ijk", "3"]),
        ["einsum: rank, ellipsis"] = (() => Variable.Einsum("ij...k", V(2, 2)), typeof(ShapeException),
            ["(2, 2)", "3"]),
        ["einsum: unknown result"] = (() => Variable.Einsum("ij->ik", V(2, 2)), typeof(ShapeException),
            ["Einsum", "k"]),
        ["einsum: result twice"] = (() => Variable.Einsum("ij->ii", V(2, 2)), typeof(ShapeException), ["Einsum", "i"]),
        ["einsum: letters"] = (() => Variable.Einsum("i1->i", V(2, 2)), typeof(ShapeException), ["Einsum", "i1"]),
        ["einsum: dots"] = (() => Variable.Einsum("i..->i", V(2, 2)), typeof(ShapeException), ["Einsum", "i.."]),
        ["einsum: two arrows"] = (() => Variable.Einsum("i->i->i", V(2)), typeof(ShapeException), ["i->i->i"]),
        ["einsum: types"] = (() => Variable.Einsum("i,i", V(2), Tensor.Ones([2], DType.Float64)),
            typeof(DTypeException), ["Einsum", "Float32", "Float64"]),
        ["inverse: singular"] = (() => Second(singular).Inverse(), typeof(LinAlgException),
            ["Inverse", "matrix 1", "(3, 2, 2)", "singular"]),
        ["inverse: not square"] = (() => V(2, 3).Inverse(), typeof(ShapeException),
            ["Inverse", "(2, 3)", "2 against 3"]),
        ["inverse: vector"] = (() => V(3).Inverse(), typeof(ShapeException), ["Inverse", "(3)"]),
        ["det of integers"] = (() => ((Variable)Tensor.Ones([2, 2], DType.Int64)).Det(), typeof(DTypeException),
            ["Det", "Int64"]),
        ["slogdet: not square"] = (() => V(2, 3).Slogdet(), typeof(ShapeException), ["Slogdet", "(2, 3)"]),
        ["solve: singular"] = (() => Second(singular).Solve(Tensor.Ones([2, 1], DType.Float64)),
            typeof(LinAlgException), ["Solve", "matrix 1", "singular"]),
        ["solve: rows"] = (() => V(3, 3).Solve(V(2, 2)), typeof(ShapeException), ["Solve", "(3, 3)", "3 against 2"]),
        ["solve: vector"] = (() => V(3, 3).Solve(V(2)), typeof(ShapeException), ["Solve", "(3, 3)", "3 against 2"]),
        ["solve: number"] = (() => V(3, 3).Solve(V()), typeof(ShapeException), ["Solve", "(3, 3)", "()"]),
        ["solve: batches"] = (() => V(2, 3, 3).Solve(V(4, 3, 1)), typeof(ShapeException), ["Solve", "(2)", "(4)"]),
        ["cholesky"] = (() => Second(new double[,] { { 1, 2 }, { 2, 1 } }).Cholesky(), typeof(LinAlgException),
            ["Cholesky", "matrix 1", "(3, 2, 2)", "not positive definite"]),
        ["cholesky: NaN"] = (() => M(new[,] { { NaN } }).Cholesky(), typeof(LinAlgException), ["Cholesky", "(1, 1)"]),
        ["cholesky: not square"] = (() => V(2, 3).Cholesky(), typeof(ShapeException), ["Cholesky", "(2, 3)"]),
        ["eigh: not square"] = (() => V(2, 3).Eigh(), typeof(ShapeException), ["Eigh", "(2, 3)"]),
        ["eigh: NaN"] = (() => Second(new[,] { { NaN, 0 }, { 0, 1 } }).Eigh(), typeof(LinAlgException),
            ["Eigh", "matrix 1", "not finite"]),
        ["svd: infinite"] = (() => M(new[,] { { double.PositiveInfinity } }).Svd(), typeof(LinAlgException),
            ["Svd", "not finite"]),
        ["svd: vector"] = (() => V(3).Svd(), typeof(ShapeException), ["Svd", "(3)"]),
        ["qr: vector"] = (() => V(3).Qr(), typeof(ShapeException), ["Qr", "(3)"]),
    };

    public static TheoryData<string> Calls => [.. calls.Keys];

    [Theory, MemberData(nameof(Calls))]
    public void Says_what_is_wrong(string name)
    {
        var (call, type, says) = calls[name];
        var error = Assert.Throws(type, call);
        foreach (var words in says) Assert.Contains(words, error.Message);
    }

    static void Near(double[] expected, Variable actual)
    {
        var values = actual.Data.ToArray<double>();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], values[i], 4);
    }

    static double[] Gradient(Variable x, Func<Variable, Variable> f)
    {
        f(x).Backward();
        return x.Grad!.Data.ToArray<double>();
    }

    [Fact]
    public void Qr_has_the_signs_of_libtorch()
    {
        var (q, r) = M(new[,] { { 2, -1, 0.5 }, { 1, 3, -0.7 }, { -0.4, 0.2, 1.5 }, { 1.1, 0.3, -2 } }).Qr();
        Near([-0.7924, 0.4429, -0.4061, -0.3962, -0.8918, -0.1614, 0.1585, -0.0886, -0.6059, -0.4358, -0.0268, 0.6647],
            q);
        Near([-2.5239, -0.4953, 0.9905, 0, -3.1440, 0.7664, 0, 0, -2.3284], r);
    }

    [Fact]
    public void Gradients_by_symmetric_matrices_are_symmetric()
    {
        double[,] x = { { 4, -2, 1 }, { -2, 6, -0.5 }, { 1, -0.5, 3 } };
        foreach (var f in (Func<Variable, Variable>[])[x => x.Eigh().Eigenvectors.Square().Select(0, 0).Sum(0),
            x => x.Cholesky().Select(0, 1).Sum(0), x => x.Eigh().Eigenvalues.Select(0, 0)])
        {
            var g = Gradient(M(x), f);
            Assert.Equal([g[1], g[2], g[5]], [g[3], g[6], g[7]], (a, b) => Math.Abs(a - b) < 1e-12);
        }
    }

    [Fact]
    public void Only_the_lower_triangle_of_a_symmetric_matrix_is_read()
    {
        Near([2, 0, 1, 2], M(new double[,] { { 4, 99 }, { 2, 5 } }).Cholesky());
        Near([1, 3], M(new double[,] { { 2, 99 }, { 1, 2 } }).Eigh().Eigenvalues);
    }

    [Fact]
    public void A_singular_matrix_has_a_determinant_with_its_gradient()
    {
        var x = M(new double[,] { { 1, 2, 3 }, { 2, 4, 6 }, { 1, 0, 1 } });
        Near([0], x.Det());
        Near([4, 4, -4, -2, -2, 2, 0, 0, 0], Tensor.From(Gradient(x, x => x.Det())));
        Near([0, 0, 0, 0], Tensor.From(Gradient(M(new double[2, 2]), x => x.Det() + x.Det())));
        Assert.Throws<LinAlgException>(() => x.Det().Backward(createGraph: true));
    }

    [Fact]
    public void The_logarithm_of_a_determinant_does_not_overflow()
    {
        var (sign, log) = (Variable.Einsum("ij->ji", Tensor.Eye(400, dtype: DType.Float64)) * -1e3).Slogdet();
        Assert.Equal(1, sign.Item());
        Assert.Equal(400 * Math.Log(1e3), log.Item(), 8);
        var (zero, none) = M(singular).Slogdet();
        Assert.Equal((0, double.NegativeInfinity), (zero.Item(), none.Item()));
        Assert.Contains("singular", Assert.Throws<LinAlgException>(() => none.Backward()).Message);
    }

    [Fact]
    public void Equal_values_have_gradients_where_vectors_do_not_matter()
    {
        double[,] x = { { 2, 0, 0 }, { 0, 2, 0 }, { 0, 0, 1 } };
        Near([1, 0, 0, 0, 1, 0, 0, 0, 1], Tensor.From(Gradient(M(x), x => x.Svd().S.Sum())));
        Near([1, 0, 0, 0, 1, 0, 0, 0, 1], Tensor.From(Gradient(M(x), x => x.Eigh().Eigenvalues.Sum())));
        // any gradient, also of a singular value 0, where it has a kink
        Assert.All(Gradient(M(new double[,] { { 1, 0 }, { 1, 0 }, { 1, 0 } }), x => x.Svd().S.Sum()), g =>
            Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void Matrices_without_elements()
    {
        Near([1, 1], V(2, 0, 0).Det());
        Near([0, 0], V(2, 0, 0).Slogdet().LogAbsDet);
        Assert.Equal([1, 1], V(2, 0, 0).Slogdet().Sign.ToArray<double>());
        Assert.Equal([3, 0, 0], V(3, 0, 0).Inverse().Size());
        Assert.Equal([0, 2], V(0, 0).Solve(V(0, 2)).Size());
        Assert.Equal([0, 0], V(0, 0).Cholesky().Size());
        Assert.Equal([3, 0], V(3, 0).Qr().Q.Size());
        Assert.Equal([0, 3], V(0, 3).Qr().R.Size());
        Assert.Equal([0], V(0, 3).Svd().S.Size());
        Assert.Equal([0, 3], V(0, 3).Svd().Vh.Size());
        Assert.Equal([0, 0], V(0, 0).Eigh().Eigenvectors.Size());
        Assert.Empty(Gradient(V(0, 0), x => x.Det() + x.Slogdet().LogAbsDet + x.Cholesky().Sum() + x.Svd().S.Sum()));
    }

    [Fact]
    public void Nan_goes_through_an_inverse() =>
        Assert.All(M(new[,] { { NaN, 1 }, { 1, 1 } }).Inverse().Data.ToArray<double>(), x =>
            Assert.True(double.IsNaN(x)));

    [Fact]
    public void What_is_added_zero_times_is_not_read() =>
        Near([3, 3], ((Variable)(Tensor.Ones(2) * NaN)).Addmm(V(1, 3), V(3, 2), beta: 0));

    [Fact]
    public void An_ellipsis_may_be_empty_and_may_be_summed_over()
    {
        Near([2, 2, 2], Variable.Einsum("...i->i", V(2, 3)));
        Near([1, 1, 1], Variable.Einsum("i->i...", V(3)));
        Near([1], Variable.Einsum("->", V()));
        Assert.Equal([4, 3, 2], Variable.Einsum("bA...", V(2, 3, 4)).Size());
        Assert.Equal([2, 4], V(2, 1).Tensordot(V(3, 4), 1).Size());
    }

    [Fact]
    public void A_result_used_beside_its_gradient()
    {
        // From here, the backward pass reaches the product, which was created before its expanded operands, and its
        // gradients, which were created after them.
        var (a, b) = (V(2, 2), V(3, 2, 2));
        var y = a.MatMul(b);
        var hooked = 0;
        a.RegisterHook(_ => { hooked++; return null; });
        (y * y).Sum().Backward(createGraph: true);
        var total = y.Sum() + (b.Grad! * b.Grad!).Sum();
        hooked = 0;
        total.Backward();
        Assert.Equal(1, hooked);
    }
}
