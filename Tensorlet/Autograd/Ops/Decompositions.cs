using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using Matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace Tensorlet;

// A function has one result, but the gradient of a factorisation is a single formula that contains the gradients of
// all factors. So the result of the function holds all factors, flattened, one after another along the last axis,
// and each factor is a view of this result. The gradients of factors that were not used are zeros.

abstract class Factorisation(string refused, params int[][] factors) : Function
{
    protected abstract Matrix[] Factors(Matrix x);

    protected override Tensor Forward() => SaveResult(Matrices.Each(Name, X.Data,
        [.. X.Size()[..^2], factors.Sum(shape => Layout.Product(shape))], refused, Factors));

    public Variable[] Split(Variable y) =>
        [.. y.Split(Array.ConvertAll(factors, shape => Layout.Product(shape)), -1).Zip(factors, (part, shape) =>
            part.Reshape([.. y.Shape[..^1], .. shape]))];

    /// <summary>
    /// The symmetric matrix that has the same lower triangle as x. Both triangles are filled, because MathNet does
    /// not say which of them it reads.
    /// </summary>
    protected static Matrix Symmetric(Matrix x) => Matrix.Build.Dense(x.RowCount, x.RowCount, (i, j) =>
        x[Math.Max(i, j), Math.Min(i, j)]);

    protected static Matrix Finite(Matrix x) =>
        x.Enumerate().All(double.IsFinite) ? x : throw new NonConvergenceException();

    /// <summary>The symmetric matrix that has the same lower triangle as x.</summary>
    protected static Variable Mirrored(Variable x)
    {
        var half = (x.Tril() + x.Tril(-1)) / 2;             // half of the diagonal, which is added twice
        return half + half.T;
    }

    /// <summary>M − Mᵀ</summary>
    protected static Variable Skew(Variable m) => m - m.T;

    /// <summary>The matrix with xⱼ − xᵢ in row i and column j.</summary>
    protected static Variable Gaps(Variable x) => x.Unsqueeze(-2) - x.Unsqueeze(-1);

    /// <summary>
    /// a/b, where 0/0 is 0. For a pair of equal singular values or eigenvalues, b is 0. If nothing depends on a
    /// rotation of the vectors of this pair, a is 0 too, and the pair contributes nothing to the gradient.
    /// </summary>
    protected static Variable Ratio(Variable a, Variable b) =>
        a / (b + (a.Abs() + b.Abs()).Data.Eq(0).To(a.DType));
}

static class Parts
{
    public static void Deconstruct(this Variable[] parts, out Variable a, out Variable b) =>
        (a, b) = (parts[0], parts[1]);
    public static void Deconstruct(this Variable[] parts, out Variable a, out Variable b, out Variable c) =>
        (a, b, c) = (parts[0], parts[1], parts[2]);
}

/// <summary>
/// The gradient is that of Murray, Differentiation of the Cholesky decomposition, 2016, and is symmetric. Only the
/// lower triangle of X is read.
/// </summary>
// X = L·Lᵀ     dX = ½·L⁻ᵀ·mirrored(Lᵀ·dL)·L⁻¹
sealed class Cholesky(int n) : Factorisation("is not positive definite", [n, n])
{
    protected override Matrix[] Factors(Matrix x) => [Symmetric(x).Cholesky().Factor];
    public override Variable[] Backward(Variable dy)
    {
        var (lt, dl) = (Split(Y)[0].T, Split(dy)[0]);
        return [lt.Solve(lt.Solve(Mirrored(lt.MatMul(dl))).T) / 2];
    }
}

/// <summary>
/// The gradient is that of Walter and Lehmann, Algorithmic differentiation of linear algebra functions, 2010. A
/// matrix has m rows and n columns, and m must be at least n.
/// </summary>
// X (m, n) = Q·R     dX = (dQ + Q·mirrored(R·dRᵀ − dQᵀ·Q))·R⁻ᵀ
sealed class Qr(int m, int n) : Factorisation("has no QR factors", [m, n], [n, n])
{
    protected override Matrix[] Factors(Matrix x)
    {
        var qr = x.QR(QRMethod.Thin);
        return [qr.Q, qr.R];
    }
    public override Variable[] Backward(Variable dy)
    {
        var ((q, r), (dq, dr)) = (Split(Y), Split(dy));
        return [r.Solve((dq + q.MatMul(Mirrored(r.MatMul(dr.T) - dq.T.MatMul(q)))).T).T];
    }
}

/// <summary>
/// The gradient is that of Townsend, Differentiating the singular value decomposition, 2016. A matrix has m rows and
/// n columns, and m must be at least n.
/// </summary>
// X (m, n) = U·S·Vᵀ     dX = (U·(K(Uᵀ·dU)·S + S·K(Vᵀ·dV) + dS) + (1 − U·Uᵀ)·dU·S⁻¹)·Vᵀ
// K(M)ᵢⱼ = (M − Mᵀ)ᵢⱼ/(sⱼ² − sᵢ²)
sealed class Svd(int m, int n) : Factorisation("is not finite, or did not converge", [m, n], [n], [n, n])
{
    protected override Matrix[] Factors(Matrix x)
    {
        var qr = Finite(x).QR(QRMethod.Thin);       // first, because MathNet's U is m × m
        var svd = qr.R.Svd();
        return [qr.Q * svd.U, svd.S.ToRowMatrix(), svd.VT];
    }
    public override Variable[] Backward(Variable dy)
    {
        var ((u, s, vt), (du, ds, dvt)) = (Split(Y), Split(dy));
        var (row, column, utdu) = (s.Unsqueeze(-2), s.Unsqueeze(-1), u.T.MatMul(du));
        var gaps = Gaps(s) * (row + column);
        var inside = Ratio(Skew(utdu), gaps) * row + column * Ratio(Skew(vt.MatMul(dvt.T)), gaps);
        var left = u.MatMul(inside) + u * ds.Unsqueeze(-2);
        if (m > n) left += Ratio(du - u.MatMul(utdu), row);
        return [left.MatMul(vt)];
    }
}

/// <summary>The gradient is that of Giles 2008, and is symmetric. Only the lower triangle of X is read.</summary>
// X = V·Λ·Vᵀ     dX = V·(dΛ + ½K)·Vᵀ     Kᵢⱼ = (Vᵀ·dV − dVᵀ·V)ᵢⱼ/(λⱼ − λᵢ)
sealed class Eigh(int n) : Factorisation("is not finite, or did not converge", [n], [n, n])
{
    protected override Matrix[] Factors(Matrix x)
    {
        var evd = Symmetric(Finite(x)).Evd(Symmetricity.Symmetric);
        return [evd.D.Diagonal().ToRowMatrix(), evd.EigenVectors];
    }
    public override Variable[] Backward(Variable dy)
    {
        var ((l, v), (dl, dv)) = (Split(Y), Split(dy));
        var inside = Ratio(Skew(v.T.MatMul(dv)), Gaps(l)) / 2;
        return [(v.MatMul(inside) + v * dl.Unsqueeze(-2)).MatMul(v.T)];
    }
}

public partial class Variable
{
    Variable[] Factored(Factorisation function) => function.Split(function.Apply(this));

    /// <summary>
    /// Computes the lower triangular matrix L with X = L·Lᵀ for each matrix X of this variable, and returns L, or Lᵀ
    /// if <paramref name="upper"/> is true. This variable has the shape (…, n, n). Each X must be symmetric and
    /// positive definite; only its lower triangle is read.
    /// </summary>
    /// <exception cref="LinAlgException">A matrix is not positive definite.</exception>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public Variable Cholesky(bool upper = false)
    {
        var l = AsMatrices("Cholesky").Factored(new Cholesky(Size(-1)))[0];
        return upper ? l.T : l;
    }

    /// <summary>
    /// Computes the factors of X = Q·R for each matrix X of this variable, which has the shape (…, m, n). Let k be the
    /// smaller of m and n. Q has the shape (…, m, k) and orthonormal columns. R has the shape (…, k, n), and is 0 below
    /// the diagonal. The signs of the columns of Q and of the rows of R are those that Householder reflections give, as
    /// in LAPACK.
    /// </summary>
    /// <exception cref="LinAlgException">The first k columns of a matrix are not linearly independent. The exception is
    /// thrown only when the gradient is computed.</exception>
    /// <exception cref="ShapeException">This variable has fewer than two axes.</exception>
    public (Variable Q, Variable R) Qr()
    {
        var (m, n) = (AsMatrices("Qr", square: false).Size(-2), Size(-1));
        var square = n > m ? Narrow(-1, 0, m) : this;           // its Q is that of the whole matrix
        var (q, r) = square.Factored(new Qr(m, square.Size(-1)));
        return n > m ? (q, Cat([r, q.T.MatMul(Narrow(-1, m, n - m))], -1)) : (q, r);
    }

    /// <summary>
    /// Computes the factors of X = U·diag(S)·Vh for each matrix X of this variable, which has the shape (…, m, n). Let
    /// k be the smaller of m and n. U has the shape (…, m, k) and orthonormal columns. Vh has the shape (…, k, n) and
    /// orthonormal rows. S has the shape (…, k), and contains the singular values in descending order. Column i of U
    /// and row i of Vh are determined only up to a common sign. If two singular values of X are equal, the gradient of
    /// a loss that is computed from U or Vh is in general not defined.
    /// </summary>
    /// <exception cref="LinAlgException">A matrix contains an element that is not finite.</exception>
    /// <exception cref="ShapeException">This variable has fewer than two axes.</exception>
    public (Variable U, Variable S, Variable Vh) Svd()
    {
        var tall = AsMatrices("Svd", square: false).Size(-2) >= Size(-1) ? this : T;
        var (u, s, vt) = tall.Factored(new Svd(tall.Size(-2), tall.Size(-1)));
        return ReferenceEquals(tall, this) ? (u, s, vt) : (vt.T, s, u.T);
    }

    /// <summary>
    /// Computes the factors of X = V·diag(λ)·Vᵀ for each symmetric matrix X of this variable, which has the shape (…,
    /// n, n). Only the lower triangle of X is read. The eigenvalues λ have the shape (…, n), and are in ascending
    /// order. The matrices V have the shape (…, n, n), and their columns are the eigenvectors. Each eigenvector is
    /// determined only up to its sign. If two eigenvalues of X are equal, the gradient of a loss that is computed from
    /// V is in general not defined.
    /// </summary>
    /// <exception cref="LinAlgException">A matrix contains an element that is not finite.</exception>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public (Variable Eigenvalues, Variable Eigenvectors) Eigh() =>
        AsMatrices("Eigh").Factored(new Eigh(Size(-1))) is [var l, var v] ? (l, v) : default;
}
