namespace Tensorlet;

/// <summary>
/// Matrix functions with the same names as in <c>torch.linalg</c>. Each function calls a method of
/// <see cref="Variable"/>. The doc comment of that method defines the result and lists the exceptions.
/// </summary>
public static class Linalg
{
    /// <summary>The Cholesky factors of symmetric matrices; see <see cref="Variable.Cholesky"/>.</summary>
    public static Variable Cholesky(Variable a, bool upper = false) => a.Given().Cholesky(upper);
    /// <summary>The factors Q and R of matrices; see <see cref="Variable.Qr"/>.</summary>
    public static (Variable Q, Variable R) Qr(Variable a) => a.Given().Qr();
    /// <summary>The singular value decomposition of matrices; see <see cref="Variable.Svd"/>.</summary>
    public static (Variable U, Variable S, Variable Vh) Svd(Variable a) => a.Given().Svd();
    /// <summary>The eigenvalues and eigenvectors of symmetric matrices; see <see cref="Variable.Eigh"/>.</summary>
    public static (Variable Eigenvalues, Variable Eigenvectors) Eigh(Variable a) => a.Given().Eigh();
    /// <summary>The inverses of square matrices; see <see cref="Variable.Inverse"/>.</summary>
    public static Variable Inv(Variable a) => a.Given().Inverse();
    /// <summary>The solution X of a·X = b; see <see cref="Variable.Solve"/>.</summary>
    public static Variable Solve(Variable a, Variable b) => a.Given().Solve(b);
    /// <summary>The determinants of square matrices; see <see cref="Variable.Det"/>.</summary>
    public static Variable Det(Variable a) => a.Given().Det();
    /// <summary>The signs and logarithms of determinants; see <see cref="Variable.Slogdet"/>.</summary>
    public static (Tensor Sign, Variable LogAbsDet) Slogdet(Variable a) => a.Given().Slogdet();
    /// <summary>
    /// The p-norm over the given axes, or of all elements if no axes are given; see <see cref="Variable.Norm"/>.
    /// </summary>
    public static Variable Norm(Variable a, double p = 2, Axes dim = default, bool keepdim = false) =>
        a.Given().Norm(p, dim, keepdim);
}
