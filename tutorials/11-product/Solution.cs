namespace Tutorials.Chapter11;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ITiledProduct
{
    /// <inheritdoc/>
    public IEnumerable<Barrier> Run(GpuThread thread, Matrix a, Matrix b, Matrix c)
    {
        int x = thread.X, y = thread.Y, row = thread.Row, column = thread.Column;
        var (tileA, tileB, sum) = (thread.TileA, thread.TileB, 0f);
        for (var k = 0; k < a.Columns; k += Group.Size)
        {
            tileA[y, x] = row < a.Rows && k + x < a.Columns ? a[row, k + x] : 0;
            tileB[y, x] = k + y < b.Rows && column < b.Columns ? b[k + y, column] : 0;
            yield return thread.Barrier;
            for (var q = 0; q < Group.Size; q++) sum += tileA[y, q] * tileB[q, x];
            yield return thread.Barrier;
        }
        if (row < c.Rows && column < c.Columns) c[row, column] = sum;
    }
}
