using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra.Factorization;
using Matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace Tensorlet;

/// <summary>
/// Runs MathNet on each matrix of a tensor, one matrix after another. The last two axes of the tensor are the rows
/// and columns of a matrix. MathNet computes on the host and in double precision. The results are converted back to
/// the type of the tensor and moved back to its device.
/// </summary>
static class Matrices
{
    /// <summary>
    /// Computes f(x[b]) for every matrix x[b] of x, and returns all results in one tensor of the given shape. The
    /// matrices that f returns are flattened and joined one after another.
    /// </summary>
    /// <exception cref="LinAlgException">MathNet or f refused a matrix; <paramref name="refused"/> says
    /// why.</exception>
    public static Tensor Each(string operation, Tensor x, int[] shape, string refused, Func<Matrix, Matrix[]> f)
    {
        if (shape.Contains(0)) return x.NewEmpty(shape);
        int rows = x.Size(-2), columns = x.Size(-1), size = rows * columns;
        var (values, results) = (x.ToArray<double>(), new List<double>());
        for (var b = 0; b < Layout.Product(x.Shape[..^2]); b++)
        {
            // MathNet does not have empty matrices; a matrix that consists of a single 1 has the same determinant.
            var matrix = size == 0 ? Number(1) : Matrix.Build.DenseOfRowMajor(rows, columns,
                values[(b * size)..((b + 1) * size)]);
            try { foreach (var y in f(matrix)) results.AddRange(y.ToRowMajorArray()); }
            catch (Exception e) when (e is ArgumentException or NonConvergenceException)
            { throw new LinAlgException($"{operation}: matrix {b} of shape {x.Layout} {refused}.", e); }
        }
        return Tensor.From(results.ToArray(), shape, x.DType, x.Device);
    }

    public static Matrix Number(double x) => Matrix.Build.Dense(1, 1, x);

    public static LU<double> Regular(LU<double> lu) =>
        lu.U.Diagonal().Any(pivot => pivot == 0) ? throw new ArgumentException("A pivot is 0.") : lu;
}

// Gradients: Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008.

sealed class Inverse : Function // Y = X⁻¹     dX = −Yᵀ·dY·Yᵀ
{
    protected override Tensor Forward() => SaveResult(Matrices.Each(Name, X.Data, X.Size(), "is singular", x =>
        [Matrices.Regular(x.LU()).Inverse()]));
    public override Variable[] Backward(Variable dy) { var yt = Y.T; return [-yt.MatMul(dy).MatMul(yt)]; }
}

sealed class Solve : Function // A·X = B     dB = A⁻ᵀ·dX     dA = −dB·Xᵀ
{
    protected override Tensor Forward()
    {
        Save(A);
        var (n, k) = (A.Size(-1), B.Size(-1));
        return SaveResult(Matrices.Each(Name, Tensor.Cat([A.Data, B.Data], -1), B.Size(), "is singular", ab =>
            [Matrices.Regular(ab.SubMatrix(0, n, 0, n).LU()).Solve(ab.SubMatrix(0, n, n, k))]));
    }
    public override Variable[] Backward(Variable dx)
    {
        var db = new Solve().Apply(A.T, dx);
        return [-db.MatMul(Y.T), db];
    }
}

/// <summary>
/// The cofactors are computed from the singular values without a division. So the gradient is also right for a
/// singular matrix, for which PyTorch gives 0. A gradient of the gradient needs the inverse of the matrix.
/// </summary>
sealed class Det : Function // y = det X     dX = cof X·dy     cof X = y·X⁻ᵀ
{
    protected override Tensor Forward()
    {
        Save(X);
        return SaveResult(Matrices.Each(Name, X.Data, X.Size()[..^2], "", x => [Matrices.Number(x.Determinant())]));
    }
    public override Variable[] Backward(Variable dy) =>
        [Wide(dy) * (Autograd.Enabled ? Wide(Y) * X.Inverse().T : Cofactors(X.Data))];

    static Variable Wide(Variable y) => y.Unsqueeze(-1).Unsqueeze(-1);

    // cof(U·S·Vᵀ) = cof U·cof S·cof Vᵀ,  cof U = det U·U for an orthogonal U,
    // cof S = a diagonal matrix, whose element i is the product of all sⱼ except sᵢ
    static Tensor Cofactors(Tensor x) => Matrices.Each("Det.Backward", x, x.Size(), "is not finite", x =>
    {
        var svd = x.Svd();
        var others = svd.S.MapIndexed((i, _) => svd.S.Where((_, j) => j != i).Aggregate(1.0, (p, s) => p * s));
        return [svd.U * Matrix.Build.DiagonalOfDiagonalVector(others) * svd.VT
            * (svd.U.Determinant() * svd.VT.Determinant())];
    });
}

sealed class Slogdet : Function // y = (sign det X, ln |det X|)     dX = X⁻ᵀ·dy₁
{
    protected override Tensor Forward()
    {
        Save(X);
        return Matrices.Each(Name, X.Data, [.. X.Size()[..^2], 2], "", x =>
        {
            var lu = x.LU();
            var (pivots, swaps) = (lu.U.Diagonal(), lu.P.ToInversions());
            var odd = swaps.Where((to, from) => to != from).Count() % 2 == 1;
            return [Matrices.Number(pivots.Aggregate(odd ? -1.0 : 1, (sign, pivot) =>
                    sign * (pivot > 0 ? 1 : pivot < 0 ? -1 : pivot))),
                Matrices.Number(pivots.Sum(pivot => Math.Log(Math.Abs(pivot))))];
        });
    }
    public override Variable[] Backward(Variable dy) => [X.Inverse().T * dy.Narrow(-1, 1, 1).Unsqueeze(-1)];
}

public partial class Variable
{
    /// <summary>
    /// Returns this variable if it holds matrices of floating-point numbers; otherwise, throws an exception. If
    /// <paramref name="square"/> is true, the matrices must also be square.
    /// </summary>
    Variable AsMatrices(string operation, bool square = true)
    {
        Data.OnlyFloat(operation);
        if (Rank < 2) throw new ShapeException($"{operation}: takes matrices (…, n, m), not shape {Data.Layout}.");
        return !square || Size(-2) == Size(-1) ? this : throw new ShapeException($"{operation}: takes square " +
            $"matrices, not shape {Data.Layout}: axis -2 is {Size(-2)} against {Size(-1)} in axis -1.");
    }

    /// <summary>
    /// The inverse X⁻¹ of each square matrix X of this variable. This variable and the result have the shape
    /// (…, n, n). To solve equations, <see cref="Solve"/> is faster and more accurate.
    /// </summary>
    /// <exception cref="LinAlgException">A matrix is singular.</exception>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public Variable Inverse() => new Inverse().Apply(AsMatrices("Inverse"));

    /// <summary>
    /// Solves this·X = B for X. This variable has the shape (…, n, n), and B and X have the shape (…, n, k), where k is
    /// the number of right-hand sides. The leading axes are broadcast. B may also be a single vector of the shape (n),
    /// or contain one vector for each matrix; its shape is then that of this variable without the last axis. In both
    /// cases, X has the shape (…, n).
    /// </summary>
    /// <exception cref="LinAlgException">A matrix is singular.</exception>
    /// <exception cref="ShapeException">The matrices are not square, or B does not have n rows.</exception>
    public Variable Solve(Variable b)
    {
        AsMatrices("Solve").Alike("Solve", b.Given());
        var vectors = b.Rank == 1 || b.Shape == Shape[..^1];
        if (vectors) b = b.Unsqueeze(-1);
        if (b.Rank == 0 || b.Size(-2) != Size(-1)) throw new ShapeException($"Solve: shapes {Data.Layout} and " +
            $"{b.Data.Layout} do not fit: axis -1 of the first is {Size(-1)} against " +
            $"{(b.Rank == 0 ? "none" : b.Size(-2))} in axis -2 of the second.");
        var batch = Layout.Broadcast("Solve", Layout.Contiguous(Size()[..^2]), Layout.Contiguous(b.Size()[..^2]));
        var x = new Solve().Apply(Expand([.. batch, .. Shape[^2..]]), b.Expand([.. batch, .. b.Shape[^2..]]));
        return vectors ? x.Squeeze(-1) : x;
    }

    /// <summary>
    /// The determinant of each square matrix of this variable. If this variable has the shape (…, n, n), the result
    /// has the shape (…). The determinant of a matrix without rows is 1.
    /// </summary>
    /// <exception cref="LinAlgException">A matrix is singular. The exception is thrown only when the gradient is
    /// computed with <c>createGraph</c>, which makes the gradient itself differentiable.</exception>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public Variable Det() => new Det().Apply(AsMatrices("Det"));

    /// <summary>
    /// For each square matrix X of this variable, returns the sign of det X, and ln |det X|. If this variable has
    /// the shape (…, n, n), both results have the shape (…). They are computed without overflow or underflow. For a
    /// singular matrix, the sign is 0, and the logarithm is −∞.
    /// </summary>
    /// <exception cref="LinAlgException">A matrix is singular. The exception is thrown only when the gradient is
    /// computed.</exception>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public (Tensor Sign, Variable LogAbsDet) Slogdet()
    {
        var both = new Slogdet().Apply(AsMatrices("Slogdet"));
        return (both.Data.Select(-1, 0), both.Select(-1, 1));
    }
}
