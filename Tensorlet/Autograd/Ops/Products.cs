namespace Tensorlet;

sealed class MatMul : Function // C = A·B, the last two axes     dA = dC·Bᵀ     dB = Aᵀ·dC
{
    protected override Tensor Forward() { Save(A, B); return Tensor.MatMul(A.Data, B.Data); }
    public override Variable?[] Backward(Variable dc) =>
        [Needs(0) ? dc.MatMul(B.T) : null, Needs(1) ? A.T.MatMul(dc) : null];
}

/// <summary>
/// Axes in groups, as <see cref="Tensor.Contract"/> takes them; i, j, k and the batch b are groups of axes.
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

public sealed partial class Variable
{
    /// <summary>
    /// The matrix product of the last two axes, (…, n, k)·(…, k, m) → (…, n, m); leading axes broadcast; a 1-d operand
    /// is a row on the left and a column on the right.
    /// </summary>
    /// <exception cref="ShapeException">The columns of one are not the rows of the other.</exception>
    public Variable MatMul(Variable other)
    {
        var (a, b) = (this, other.Given());
        Tensor.CheckMatMul(a.Data, b.Data);
        if (a.Rank == 1) return a.Unsqueeze(0).MatMul(b).Squeeze(b.Rank == 1 ? 0 : -2);
        if (b.Rank == 1) return a.MatMul(b.Unsqueeze(1)).Squeeze(-1);
        if (a.Rank > 2 && b.Rank == 2) return new Contract(0, a.Rank - 1, 1).Apply(a, b);
        var batch = Tensor.Batch(a.Data, b.Data);
        return new MatMul().Apply(a.Expand([.. batch, .. a.Shape[^2..]]), b.Expand([.. batch, .. b.Shape[^2..]]));
    }

    /// <inheritdoc cref="MatMul(Variable)"/>
    public static Variable MatMul(Variable a, Variable b) => a.Given().MatMul(b.Given());
}
