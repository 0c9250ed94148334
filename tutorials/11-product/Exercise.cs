namespace Tutorials.Chapter11;

/// <summary>
/// Exercise 11: the product c = a·b as a kernel of a GPU, in tiles. A group is 4 by 4 threads
/// (<see cref="Group.Size"/>) and computes 4 by 4 elements of c, one for each thread.
/// </summary>
public sealed class Mine : ITiledProduct
{
    /// <summary>
    /// What one thread does. Tile after tile along the summed axis: it copies one number of a and one of b from memory
    /// into the tiles that its group shares, waits, adds up what the tiles give for its own element, and waits again
    /// before the tiles are overwritten. In the end it writes its element.
    /// </summary>
    /// <param name="thread">
    /// Its place in the group is (Y, X), each 0 to 3; its element of c is (Row, Column). TileA and TileB are the
    /// group's two tiles: <c>thread.TileA[y, x]</c> is read and written. <c>yield return thread.Barrier;</c> waits
    /// until all threads of the group have come to a barrier; then all go on.
    /// </param>
    /// <param name="a">In memory: <c>a[row, column]</c>, with a.Rows and a.Columns.</param>
    /// <param name="b">In memory, with as many rows as a has columns.</param>
    /// <param name="c">In memory. Each element is to be written once.</param>
    /// <remarks>
    /// The sizes need not be multiples of four: there are threads whose Row or Column is outside c, and the last tile
    /// may reach beyond a and b. Reading or writing there is a fault. A group may read every number from memory only
    /// once.
    /// </remarks>
    public IEnumerable<Barrier> Run(GpuThread thread, Matrix a, Matrix b, Matrix c) =>
        throw new Todo("load the tiles, wait, multiply, wait; yield return thread.Barrier; waits");
}
