namespace Tutorials.Chapter11;

/// <summary>The memory of a matrix: it counts what is read and written.</summary>
sealed class Memory
{
    readonly string name;
    readonly float[,] values;
    readonly int[,] writes;

    public Memory(string name, float[,] values) =>
        (this.name, this.values, writes) = (name, values, new int[values.GetLength(0), values.GetLength(1)]);

    int Rows => values.GetLength(0);
    int Columns => values.GetLength(1);

    /// <summary>As a kernel sees it.</summary>
    public Matrix Matrix => new(Rows, Columns, Read, Write);

    /// <summary>How many numbers have been read.</summary>
    public int Reads { get; private set; }

    float Read(int row, int column)
    {
        Inside("read", row, column);
        Reads++;
        return values[row, column];
    }

    void Write(int row, int column, float value)
    {
        Inside("written", row, column);
        values[row, column] = value;
        writes[row, column]++;
    }

    /// <summary>The numbers, row by row.</summary>
    public float[] Values => [.. values.Cast<float>()];

    /// <summary>How often an element was written.</summary>
    public int Writes(int row, int column) => writes[row, column];

    void Inside(string what, int row, int column)
    {
        if (row < 0 || row >= Rows || column < 0 || column >= Columns)
            throw new Rejected($"{name}[{row}, {column}] is {what}, and {name} has {Rows} rows and {Columns} " +
                "columns. A thread outside, or the part of a tile outside, must leave it alone and put 0 into the " +
                "tile.");
    }
}

/// <summary>The memory of a tile: it notices where the order of threads would count.</summary>
sealed class SharedMemory
{
    sealed class Cell
    {
        public float Value;
        public GpuThread? Writer, Reader, OtherReader;
        public int Written = -1, Read = -1;
    }

    readonly string name;
    readonly Machine machine;
    readonly Cell[] cells = [.. Enumerable.Range(0, Group.Size * Group.Size).Select(_ => new Cell())];

    public SharedMemory(string name, Machine machine)
    {
        (this.name, this.machine) = (name, machine);
        Tile = new(Read, Write);
    }

    /// <summary>As a kernel sees it.</summary>
    public Tile Tile { get; }

    float Read(int y, int x)
    {
        var (cell, now) = (At(y, x), machine.Running);
        if (cell.Writer is null) throw new Rejected($"{now} reads {name}[{y}, {x}] before any thread has written " +
            "it. Is there a barrier between loading the tiles and multiplying? Does each thread write to both " +
            "tiles?");
        if (cell.Written == machine.Phase && cell.Writer != now)
            throw new Rejected($"{now} reads {name}[{y}, {x}], which {cell.Writer} has written since the last " +
                "barrier. Which of them comes first is not known: wait between writing a tile and reading it, " +
                "and between reading it and overwriting it.");
        if (cell.Read != machine.Phase) (cell.Read, cell.Reader, cell.OtherReader) = (machine.Phase, now, null);
        else if (cell.Reader != now) cell.OtherReader = now;
        return cell.Value;
    }

    void Write(int y, int x, float value)
    {
        var (cell, now) = (At(y, x), machine.Running);
        var reader = cell.Read != machine.Phase ? null : cell.Reader != now ? cell.Reader : cell.OtherReader;
        if (reader is not null)
            throw new Rejected($"{now} overwrites {name}[{y}, {x}], which {reader} has read since the last " +
                "barrier. Which of them comes first is not known: wait between reading a tile and overwriting it.");
        if (cell.Written == machine.Phase && cell.Writer != now)
            throw new Rejected($"{now} and {cell.Writer} both write to {name}[{y}, {x}]. Each thread has a place " +
                "of its own, [Y, X].");
        (cell.Value, cell.Writer, cell.Written) = (value, now, machine.Phase);
    }

    Cell At(int y, int x) => (uint)y < Group.Size && (uint)x < Group.Size ? cells[y * Group.Size + x]
        : throw new Rejected($"{name}[{y}, {x}] is outside of the tile, whose indices are 0 to {Group.Size - 1}.");
}

/// <summary>
/// A group of threads. Here they take turns on one thread of the host, each until its next barrier, so that the same
/// thing happens each time and a debugger can follow. On a simulator with real threads, a missing barrier fails only
/// sometimes.
/// </summary>
sealed class Machine
{
    const int Size = Group.Size;

    /// <summary>The thread whose turn it is.</summary>
    public GpuThread? Running { get; private set; }
    /// <summary>How many barriers all have passed.</summary>
    public int Phase { get; private set; }

    /// <summary>Runs a kernel in as many groups as cover c.</summary>
    public static void Launch(ITiledProduct kernel, Matrix a, Matrix b, Matrix c)
    {
        for (var top = 0; top < c.Rows; top += Size)
            for (var left = 0; left < c.Columns; left += Size)
                new Machine().Run(kernel, a, b, c, top, left);
    }

    void Run(ITiledProduct kernel, Matrix a, Matrix b, Matrix c, int top, int left)
    {
        var (tileA, tileB) = (new SharedMemory("TileA", this).Tile, new SharedMemory("TileB", this).Tile);
        GpuThread[] threads = [.. Enumerable.Range(0, Size * Size).Select(i =>
            new GpuThread(i / Size, i % Size, top + i / Size, left + i % Size, tileA, tileB))];
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
