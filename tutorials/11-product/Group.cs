namespace Tutorials.Chapter11;

/// <summary>What a thread gives where it waits for the others of its group.</summary>
public readonly struct Barrier;

/// <summary>A matrix in the memory of the GPU, which is large and slow: its reads are counted.</summary>
public sealed class Matrix
{
    internal Matrix(int rows, int columns, Func<int, int, float> read, Action<int, int, float> write) =>
        (Rows, Columns, Read, Write) = (rows, columns, read, write);

    /// <summary>How many rows it has.</summary>
    public int Rows { get; }
    /// <summary>How many columns it has.</summary>
    public int Columns { get; }

    internal Func<int, int, float> Read { get; }
    internal Action<int, int, float> Write { get; }

    /// <summary>An element. Outside of the matrix is a fault.</summary>
    public float this[int row, int column]
    {
        get => Read(row, column);
        set => Write(row, column, value);
    }
}

/// <summary>
/// Memory that the threads of a group share. Their order between two barriers is not known on a GPU, so it notices
/// where the result would depend on it.
/// </summary>
public sealed class Tile
{
    internal Tile(Func<int, int, float> read, Action<int, int, float> write) => (Read, Write) = (read, write);

    internal Func<int, int, float> Read { get; }
    internal Action<int, int, float> Write { get; }

    /// <summary>An element, each index from 0 to 3.</summary>
    public float this[int y, int x]
    {
        get => Read(y, x);
        set => Write(y, x, value);
    }
}

/// <summary>One thread of a group.</summary>
public sealed class GpuThread
{
    internal GpuThread(int y, int x, int row, int column, Tile tileA, Tile tileB) =>
        (Y, X, Row, Column, TileA, TileB) = (y, x, row, column, tileA, tileB);

    /// <summary>Its row in the group, 0 to 3.</summary>
    public int Y { get; }
    /// <summary>Its column in the group, 0 to 3.</summary>
    public int X { get; }
    /// <summary>The row of c that it computes; perhaps outside.</summary>
    public int Row { get; }
    /// <summary>The column of c that it computes; perhaps outside.</summary>
    public int Column { get; }
    /// <summary>What the group shares of a.</summary>
    public Tile TileA { get; }
    /// <summary>What the group shares of b.</summary>
    public Tile TileB { get; }
    /// <summary><c>yield return</c> it to wait for all threads of the group.</summary>
    public Barrier Barrier => default;
    /// <summary>For messages.</summary>
    public override string ToString() => $"Thread (Y = {Y}, X = {X})";
}

/// <summary>The threads that share two tiles.</summary>
public static class Group
{
    /// <summary>Threads along each side of a group, and numbers along each side of a tile.</summary>
    public const int Size = 4;
}
