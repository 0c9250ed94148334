namespace Tensorlet;

sealed class MatMul : Function // C = A·B, the last two axes     dA = dC·Bᵀ     dB = Aᵀ·dC
{
    protected override Tensor Forward() { Save(A, B); return Tensor.MatMul(A.Data, B.Data); }
    public override Variable?[] Backward(Variable dc) =>
        [Needs(0) ? dc.MatMul(B.T) : null, Needs(1) ? A.T.MatMul(dc) : null];
}

/// <summary>
/// The axes are in groups, as in <see cref="Tensor.Contract"/>: each of the letters i, j, k and b (the batch)
/// stands for a group of axes.
/// </summary>
// C[bij] = Σₖ A[bik]·B[bkj]     dA[bik] = Σⱼ dC[bij]·B[bkj]     dB[bkj] = Σᵢ A[bik]·dC[bij]
sealed class Contract(int batch, int rows, int columns) : Function
{
    protected override Tensor Forward() { Save(A, B); return Tensor.Contract(A.Data, B.Data, batch, rows, columns); }
    public override Variable?[] Backward(Variable dc)
    {
        var inner = A.Rank - batch - rows;
        return [
            Needs(0) ? new Contract(batch, rows, inner).Apply(dc, Turned(B, inner, columns)) : null,
            Needs(1) ? new Contract(batch, inner, columns).Apply(Turned(A, rows, inner), dc) : null];
        Variable Turned(Variable x, int first, int second) => x.Permute(Layout.GroupsSwapped(batch, first, second));
    }
}

public partial class Variable
{
    /// <summary>
    /// The product of the matrices in the last two axes. Operands of the shapes (…, n, k) and (…, k, m) give a result
    /// of the shape (…, n, m). The leading axes are broadcast. A 1-dimensional operand is read as a row if it is on the
    /// left, and as a column if it is on the right. The result then has no axis for this row or column.
    /// </summary>
    /// <exception cref="ShapeException">The number of columns of the first operand differs from the number of rows of
    /// the second.</exception>
    public Variable MatMul(Variable other)
    {
        var (a, b) = (this, other.Given());
        Tensor.CheckMatMul(a.Data, b.Data);
        if (a.Rank == 2 && b.Rank == 2) return new MatMul().Apply(a, b);
        if (a.Rank == 1) return a.Unsqueeze(0).MatMul(b).Squeeze(b.Rank == 1 ? 0 : -2);
        if (b.Rank == 1) return a.MatMul(b.Unsqueeze(1)).Squeeze(-1);
        if (a.Rank > 2 && b.Rank == 2) return new Contract(0, a.Rank - 1, 1).Apply(a, b);
        var batch = Tensor.Batch(a.Data, b.Data);
        return new MatMul().Apply(a.Expand([.. batch, .. a.Shape[^2..]]), b.Expand([.. batch, .. b.Shape[^2..]]));
    }

    /// <inheritdoc cref="MatMul(Variable)"/>
    public static Variable MatMul(Variable a, Variable b) => a.Given().MatMul(b.Given());

    // The following products take operands with fixed numbers of axes. They check these numbers, and then call
    // MatMul: a superfluous or missing axis is an error, and is not broadcast.

    /// <summary>
    /// The sum Σ aᵢ·bᵢ, where a is this vector, and b is the vector <paramref name="other"/>. The result has the
    /// shape ().
    /// </summary>
    /// <exception cref="ShapeException">The operands are not vectors of the same length.</exception>
    public Variable Dot(Variable other) => Product("Dot", other, 1, 1);
    /// <inheritdoc cref="Dot(Variable)"/>
    public static Variable Dot(Variable a, Variable b) => a.Given().Dot(b.Given());

    /// <summary>The product of a matrix and a vector. The shapes (n, k) and (k) give the shape (n).</summary>
    /// <exception cref="ShapeException">This variable does not have two axes; or <paramref name="vector"/> does not
    /// have one axis; or the number of columns of the matrix differs from the number of elements of the
    /// vector.</exception>
    public Variable Mv(Variable vector) => Product("Mv", vector.Given(), 2, 1);
    /// <inheritdoc cref="Mv(Variable)"/>
    public static Variable Mv(Variable a, Variable b) => a.Given().Mv(b.Given());

    /// <summary>
    /// The product of two matrices. The shapes (n, k) and (k, m) give the shape (n, m).
    /// <see cref="MatMul(Variable)"/> takes operands with any number of axes.
    /// </summary>
    /// <exception cref="ShapeException">An operand does not have two axes, or the number of columns of the first
    /// operand differs from the number of rows of the second.</exception>
    public Variable Mm(Variable other) => Product("Mm", other, 2, 2);
    /// <inheritdoc cref="Mm(Variable)"/>
    public static Variable Mm(Variable a, Variable b) => a.Given().Mm(b.Given());

    /// <summary>
    /// The product of each matrix of a batch and the matrix at the same position of another batch. The shapes
    /// (b, n, k) and (b, k, m) give the shape (b, n, m).
    /// </summary>
    /// <exception cref="ShapeException">An operand does not have three axes; or the batches differ in size; or the
    /// number of columns of the first matrices differs from the number of rows of the second.</exception>
    public Variable Bmm(Variable other) => Product("Bmm", other, 3, 3);
    /// <inheritdoc cref="Bmm(Variable)"/>
    public static Variable Bmm(Variable a, Variable b) => a.Given().Bmm(b.Given());

    /// <summary>
    /// All products aᵢ·bⱼ, where a is this vector, and b is the vector <paramref name="other"/>. The shapes (n) and
    /// (m) give the shape (n, m).
    /// </summary>
    /// <exception cref="ShapeException">One of the operands is not a vector.</exception>
    public Variable Outer(Variable other) => Named(() => OfRanks("Outer", 1, other, 1).Unsqueeze(1) * other);
    /// <inheritdoc cref="Outer(Variable)"/>
    public static Variable Outer(Variable a, Variable b) => a.Given().Outer(b.Given());

    /// <summary>
    /// beta·this + alpha·A·B, where A is the matrix <paramref name="a"/> of the shape (n, k), and B is the matrix
    /// <paramref name="b"/> of the shape (k, m). beta and alpha are 1 if they are not given. This variable is
    /// broadcast to the shape (n, m). If beta is 0, the elements of this variable are not read.
    /// </summary>
    /// <exception cref="ShapeException">A and B cannot be multiplied, or this variable cannot be broadcast to the
    /// shape of A·B.</exception>
    public Variable Addmm(Variable a, Variable b, Number? beta = null, Number? alpha = null) =>
        Plus("Addmm", a.Given().Product("Addmm", b.Given(), 2, 2), beta, alpha);

    /// <summary>
    /// beta·this + alpha·A·B, where A is the batch of matrices <paramref name="a"/> of the shape (b, n, k), and B is
    /// the batch of matrices <paramref name="b"/> of the shape (b, k, m). beta and alpha are 1 if they are not
    /// given. This variable is broadcast to the shape (b, n, m). If beta is 0, the elements of this variable are not
    /// read.
    /// </summary>
    /// <exception cref="ShapeException">A and B cannot be multiplied, or this variable cannot be broadcast to the
    /// shape of A·B.</exception>
    public Variable Baddbmm(Variable a, Variable b, Number? beta = null, Number? alpha = null) =>
        Plus("Baddbmm", a.Given().Product("Baddbmm", b.Given(), 3, 3), beta, alpha);

    /// <summary>The sum Σ xᵢᵢ of the elements on the diagonal of a matrix. The result has the shape ().</summary>
    /// <exception cref="ShapeException">This variable is not a matrix.</exception>
    public Variable Trace() => Rank == 2 ? Diagonal().Sum()
        : throw new ShapeException($"Trace: takes a matrix, not shape {Data.Layout}. Einsum(\"...ii->...\") adds the " +
            $"diagonals of a batch.");

    /// <summary>
    /// Multiplies this variable by <paramref name="other"/>, and sums over pairs of axes: the last
    /// <paramref name="dims"/> axes of this variable are paired, in order, with the first <paramref name="dims"/>
    /// axes of <paramref name="other"/>. The result has the remaining axes of this variable, followed by the
    /// remaining axes of <paramref name="other"/>.
    /// </summary>
    /// <exception cref="ShapeException">The two axes of a pair differ in size, and neither size is 1; or
    /// <paramref name="dims"/> is negative; or <paramref name="dims"/> is larger than the number of axes of one of
    /// the variables.</exception>
    public Variable Tensordot(Variable other, int dims = 2) => dims >= 0 && dims <= Rank && dims <= other.Given().Rank
        ? Tensordot(other, [.. Enumerable.Range(Rank - dims, dims)], [.. Enumerable.Range(0, dims)])
        : throw new ShapeException($"Tensordot: shapes {Data.Layout} and {other.Data.Layout} do not both have {dims} " +
            $"axes to sum over.");

    /// <summary>
    /// Multiplies this variable by <paramref name="other"/>, and sums over pairs of axes: the axis <c>dims[i]</c> of
    /// this variable is paired with the axis <c>otherDims[i]</c> of <paramref name="other"/>. The result has the
    /// remaining axes of this variable, followed by the remaining axes of <paramref name="other"/>.
    /// </summary>
    /// <exception cref="ShapeException">The two axes of a pair differ in size, and neither size is 1; or an axis is
    /// named twice; or <paramref name="dims"/> and <paramref name="otherDims"/> differ in length.</exception>
    public Variable Tensordot(Variable other, int[] dims, int[] otherDims)
    {
        dims = [.. dims.Given().Select(a => Data.Layout.Axis("Tensordot", a))];
        otherDims = [.. otherDims.Given().Select(a => other.Given().Data.Layout.Axis("Tensordot", a))];
        if (dims.Length != otherDims.Length || dims.Distinct().Count() < dims.Length
            || otherDims.Distinct().Count() < dims.Length)
            throw new ShapeException($"Tensordot: the axes {Layout.Show(dims)} and {Layout.Show(otherDims)} are not " +
                $"pairs: name as many on each side, and each axis once.");
        var left = Letters(0, Rank);
        var right = Letters(Rank, other.Rank).ToCharArray();
        for (var i = 0; i < dims.Length; i++) right[otherDims[i]] = left[dims[i]];
        var names = new string(right);
        return Contracted("Tensordot", [this, other], [left, names], Without(left, names) + Without(names, left));

        static string Letters(int first, int count) =>
            string.Concat(Enumerable.Range(first, count).Select(i => (char)('a' + i)));
    }

    /// <summary>Throws an exception if the operands differ in type or in device.</summary>
    void Alike(string operation, Variable other)
    {
        if (Data.SameDevice(operation, other.Given().Data).DType != other.DType) throw new DTypeException(
            $"{operation}: the operands are {DType} and {other.DType}; convert one of them with .To(DType…).");
    }

    /// <summary>
    /// Returns this variable if both operands have the right number of axes; otherwise, throws an exception.
    /// </summary>
    Variable OfRanks(string operation, int rank, Variable other, int otherRank) =>
        other.Given().Rank == otherRank && Rank == rank ? this
            : throw new ShapeException($"{operation}: takes operands of " +
            $"{rank} and {otherRank} axes, not shapes {Data.Layout} and {other.Data.Layout}. MatMul takes any.");

    Variable Product(string operation, Variable other, int rank, int otherRank)
    {
        OfRanks(operation, rank, other, otherRank).Alike(operation, other);
        Data.NoMask(operation);
        var shapes = $"{operation}: shapes {Data.Layout} and {other.Data.Layout} do not multiply";
        var (columns, rows) = (Size(-1), other.Size(otherRank == 1 ? 0 : -2));
        if (columns != rows) throw new ShapeException($"{shapes}: axis -1 of the first is {columns} against {rows} " +
            $"in axis {(otherRank == 1 ? 0 : -2)} of the second. Transpose one of them (.T), perhaps.");
        if (rank == 3 && Size(0) != other.Size(0)) throw new ShapeException($"{shapes}: axis 0, the batch, is " +
            $"{Size(0)} against {other.Size(0)}. MatMul broadcasts it.");
        return MatMul(other);
    }

    Variable Plus(string operation, Variable product, Number? beta, Number? alpha)
    {
        Alike(operation, product);
        if (Data.Layout.Expand(product.Size()) is null) throw new ShapeException($"{operation}: shape {Data.Layout} " +
            $"does not broadcast to the product's shape {product.Data.Layout}.");
        product *= alpha ?? 1;
        return beta?.value == 0 ? product : this * (beta ?? 1) + product;
    }
}
