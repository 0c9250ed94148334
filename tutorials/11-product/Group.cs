namespace Tutorials.Chapter11;

/// <summary>What a thread gives where it waits for the others of its group.</summary>
public readonly struct Barrier;

/// <summary>A matrix in the memory of the GPU, which is large and slow: its reads are counted.</summary>
public sealed class Matrix
{
    readonly string name;
    readonly float[,] values;
    readonly int[,] writes;

    internal Matrix(string name, float[,] values) =>
        (this.name, this.values, writes) = (name, values, new int[values.GetLength(0), values.GetLength(1)]);

    /// <summary>How many rows it has.</summary>
    public int Rows => values.GetLength(0);
    /// <summary>How many columns it has.</summary>
    public int Columns => values.GetLength(1);
    /// <summary>How many numbers have been read.</summary>
    public int Reads { get; private set; }

    /// <summary>An element. Outside of the matrix is a fault.</summary>
    public float this[int row, int column]
    {
        get
        {
            Inside("read", row, column);
            Reads++;
            return values[row, column];
        }
        set
        {
            Inside("written", row, column);
            values[row, column] = value;
            writes[row, column]++;
        }
    }

    internal float[] Values => [.. values.Cast<float>()];

    /// <summary>How often an element was written.</summary>
    internal int Writes(int row, int column) => writes[row, column];

    void Inside(string what, int row, int column)
    {
        if (row < 0 || row >= Rows || column < 0 || column >= Columns)
            throw new Rejected($"{name}[{row}, {column}] is {what}, and {name} has {Rows} rows and {Columns} " +
                "columns. A thread outside, or the part of a tile outside, must leave it alone and put 0 into the " +
                "tile.");
    }
}

/// <summary>
/// Memory that the threads of a group share. Their order between two barriers is not known on a GPU, so it notices
/// where the result would depend on it.
/// </summary>
public sealed class Tile
{
    sealed class Cell
    {
        public float Value;
        public GpuThread? Writer, Reader, OtherReader;
        public int Written = -1, Read = -1;
    }

    readonly string name;
    readonly Group group;
    readonly Cell[] cells = [.. Enumerable.Range(0, Group.Size * Group.Size).Select(_ => new Cell())];

    internal Tile(string name, Group group) => (this.name, this.group) = (name, group);

    /// <summary>An element, each index from 0 to 3.</summary>
    public float this[int y, int x]
    {
        get
        {
            var (cell, now) = (At(y, x), group.Running);
            if (cell.Writer is null) throw new Rejected($"{now} reads {name}[{y}, {x}] before any thread has written " +
                "it. Is there a barrier between loading the tiles and multiplying? Does each thread write to both " +
                "tiles?");
            if (cell.Written == group.Phase && cell.Writer != now)
                throw new Rejected($"{now} reads {name}[{y}, {x}], which {cell.Writer} has written since the last " +
                    "barrier. Which of them comes first is not known: wait between writing a tile and reading it, " +
                    "and between reading it and overwriting it.");
            if (cell.Read != group.Phase) (cell.Read, cell.Reader, cell.OtherReader) = (group.Phase, now, null);
            else if (cell.Reader != now) cell.OtherReader = now;
            return cell.Value;
        }
        set
        {
            var (cell, now) = (At(y, x), group.Running);
            var reader = cell.Read != group.Phase ? null : cell.Reader != now ? cell.Reader : cell.OtherReader;
            if (reader is not null)
                throw new Rejected($"{now} overwrites {name}[{y}, {x}], which {reader} has read since the last " +
                    "barrier. Which of them comes first is not known: wait between reading a tile and overwriting it.");
            if (cell.Written == group.Phase && cell.Writer != now)
                throw new Rejected($"{now} and {cell.Writer} both write to {name}[{y}, {x}]. Each thread has a place " +
                    "of its own, [Y, X].");
            (cell.Value, cell.Writer, cell.Written) = (value, now, group.Phase);
        }
    }

    Cell At(int y, int x) => (uint)y < Group.Size && (uint)x < Group.Size ? cells[y * Group.Size + x]
        : throw new Rejected($"{name}[{y}, {x}] is outside of the tile, whose indices are 0 to {Group.Size - 1}.");
}

/// <summary>One thread of a group.</summary>
public sealed class GpuThread
{
    readonly Group group;

    internal GpuThread(Group group, int y, int x) => (this.group, Y, X) = (group, y, x);

    /// <summary>Its column in the group, 0 to 3.</summary>
    public int X { get; }
    /// <summary>Its row in the group, 0 to 3.</summary>
    public int Y { get; }
    /// <summary>The row of c that it computes; perhaps outside.</summary>
    public int Row => group.Top + Y;
    /// <summary>The column of c that it computes; perhaps outside.</summary>
    public int Column => group.Left + X;
    /// <summary>What the group shares of a.</summary>
    public Tile TileA => group.TileA;
    /// <summary>What the group shares of b.</summary>
    public Tile TileB => group.TileB;
    /// <summary><c>yield return</c> it to wait for all threads of the group.</summary>
    public Barrier Barrier => default;
    /// <summary>For messages.</summary>
    public override string ToString() => $"Thread (Y = {Y}, X = {X})";
}

/// <summary>
/// A group of threads. Here they take turns on one thread of the host, each until its next barrier, so that the same
/// thing happens each time and a debugger can follow. On a simulator with real threads, a missing barrier fails only
/// sometimes.
/// </summary>
public sealed class Group
{
    /// <summary>Threads along each side of a group, and numbers along each side of a tile.</summary>
    public const int Size = 4;

    internal int Top { get; private init; }
    internal int Left { get; private init; }
    internal Tile TileA { get; }
    internal Tile TileB { get; }
    internal GpuThread? Running { get; private set; }
    /// <summary>How many barriers all have passed.</summary>
    internal int Phase { get; private set; }

    Group() => (TileA, TileB) = (new("TileA", this), new("TileB", this));

    /// <summary>Runs a kernel in as many groups as cover c.</summary>
    internal static void Launch(ITiledProduct kernel, Matrix a, Matrix b, Matrix c)
    {
        for (var top = 0; top < c.Rows; top += Size)
            for (var left = 0; left < c.Columns; left += Size)
                new Group { Top = top, Left = left }.Run(kernel, a, b, c);
    }

    void Run(ITiledProduct kernel, Matrix a, Matrix b, Matrix c)
    {
        GpuThread[] threads = [.. Enumerable.Range(0, Size * Size)
            .Select(i => new GpuThread(this, i / Size, i % Size))];
        var runs = Array.ConvertAll(threads, t => (kernel.Run(t, a, b, c)
            ?? throw new Rejected("Run gave null.")).GetEnumerator());
        for (var more = true; more; Phase++)
        {
            var waits = new bool[runs.Length];
            for (var i = 0; i < runs.Length; i++)
            {
                Running = threads[i];
                waits[i] = runs[i].MoveNext();
            }
            more = waits[0];
            var other = Array.IndexOf(waits, !more);
            if (other < 0) continue;
            var (waiting, ended) = more ? (threads[0], threads[other]) : (threads[other], threads[0]);
            throw new Rejected($"{waiting} waits at a barrier, and {ended} has ended: on a GPU the group would wait " +
                "for ever. A thread outside of c loads and waits like the others, and only does not write.");
        }
    }
}
