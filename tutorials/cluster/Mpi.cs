using System.Runtime.InteropServices;

namespace Tensorlet.Cluster;

/// <summary>
/// The C interface of an MPI library that is loaded at run time: Open MPI, or MPICH and those that share its binary
/// interface (Intel MPI, MS-MPI). A handle is a pointer in the former and an int in the latter. Here it is always a
/// machine word: the calling conventions of x64 and ARM64 pass an argument of either kind in a register or slot of that
/// width, of which a function that takes an int reads the lower half.
/// </summary>
sealed unsafe class Mpi
{
    const int ThreadMultiple = 3, TextLength = 8192;

    readonly nint library, world, sum, inPlace, errorsReturn;
    readonly nint[] types;                          // by DType: Bool, Int64, Float32, Float64
    readonly bool isOpenMpi, anyThread;

    /// <summary>What the library calls itself, as in <c>Open MPI v4.1.4</c>.</summary>
    public string Version { get; }
    /// <summary>The number of this process among those of the job, from 0.</summary>
    public int Rank { get; }
    /// <summary>How many processes the job has.</summary>
    public int Size { get; }

    /// <summary>Starts MPI on this thread, with the library of the launcher that started this process.</summary>
    /// <exception cref="DistributedException">There is no such library, MPI does not start, or it knows of another
    /// number of processes than the launcher.</exception>
    public Mpi(Launcher launcher)
    {
        library = Load(launcher, Names);
        isOpenMpi = IsOpenMpi(library);
        if (isOpenMpi)
        {
            world = Symbol("ompi_mpi_comm_world");
            (sum, errorsReturn, inPlace) = (Symbol("ompi_mpi_op_sum"), Symbol("ompi_mpi_errors_return"), 1);
            types = [Symbol("ompi_mpi_byte"), Symbol("ompi_mpi_long_long_int"), Symbol("ompi_mpi_float"),
                Symbol("ompi_mpi_double")];
        }
        else
        {
            (world, sum, errorsReturn, inPlace) = (0x44000000, 0x58000003, 0x54000001, -1);
            types = [0x4c00010d, 0x4c000809, 0x4c00040a, 0x4c00080b];
        }
        Version = Text((text, length) => ((delegate* unmanaged<byte*, int*, int>)Symbol("MPI_Get_library_version"))(
            text, length)).Split(['\n', ','])[0].Trim().Replace(" Version:\t", " ");
        int provided = 0, rank = 0, size = 0;
        Check("MPI_Init_thread", ((delegate* unmanaged<int*, byte***, int, int*, int>)Symbol("MPI_Init_thread"))(
            null, null, ThreadMultiple, &provided));
        anyThread = provided == ThreadMultiple;
        Check("MPI_Comm_set_errhandler", ((delegate* unmanaged<nint, nint, int>)Symbol("MPI_Comm_set_errhandler"))(
            world, errorsReturn));
        Check("MPI_Comm_rank", ((delegate* unmanaged<nint, int*, int>)Symbol("MPI_Comm_rank"))(world, &rank));
        Check("MPI_Comm_size", ((delegate* unmanaged<nint, int*, int>)Symbol("MPI_Comm_size"))(world, &size));
        (Rank, Size) = (rank, size);
        if (launcher.Size is { } started && started != size) throw new DistributedException(
            $"Distributed: {launcher.Name} started {started} processes, and {Version} knows of {size}: the library " +
            "that was loaded is not the launcher's. Name the right one in the variable TENSORLET_MPI, as in " +
            "TENSORLET_MPI=/usr/lib/x86_64-linux-gnu/libmpich.so.12.");
    }

    /// <summary>Sums arrays element by element over the ranks, in place.</summary>
    public void AllReduce(Array data, DType type)
    {
        fixed (byte* x = &MemoryMarshal.GetArrayDataReference(data))
            Check("MPI_Allreduce", ((delegate* unmanaged<nint, byte*, int, nint, nint, nint, int>)
                Symbol("MPI_Allreduce"))(inPlace, x, data.Length, types[(int)type], sum, world));
    }

    /// <summary>Copies the array of one rank to all.</summary>
    public void Broadcast(Array data, DType type, int root)
    {
        fixed (byte* x = &MemoryMarshal.GetArrayDataReference(data))
            Check("MPI_Bcast", ((delegate* unmanaged<byte*, int, nint, int, nint, int>)Symbol("MPI_Bcast"))(
                x, data.Length, types[(int)type], root, world));
    }

    /// <summary>Copies the arrays of all ranks, one after another, to all.</summary>
    public void AllGather(Array mine, Array all, DType type)
    {
        fixed (byte* x = &MemoryMarshal.GetArrayDataReference(mine), y = &MemoryMarshal.GetArrayDataReference(all))
            Check("MPI_Allgather", ((delegate* unmanaged<byte*, int, nint, byte*, int, nint, nint, int>)
                Symbol("MPI_Allgather"))(x, mine.Length, types[(int)type], y, mine.Length, types[(int)type], world));
    }

    /// <summary>Ends MPI. Every rank has to call it.</summary>
    public void Finish() => Check("MPI_Finalize", ((delegate* unmanaged<int>)Symbol("MPI_Finalize"))());

    /// <summary>Ends all processes of the job.</summary>
    public void Abort(int exitCode)
    {
        if (anyThread) ((delegate* unmanaged<nint, int, int>)Symbol("MPI_Abort"))(world, exitCode);
    }

    nint Symbol(string name) => NativeLibrary.GetExport(library, name);

    static bool IsOpenMpi(nint library) => NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _);

    void Check(string function, int error)
    {
        if (error == 0) return;
        throw new DistributedException($"{function}: {Text((text, length) =>
            ((delegate* unmanaged<int, byte*, int*, int>)Symbol("MPI_Error_string"))(error, text, length))}");
    }

    delegate int Writer(byte* text, int* length);

    static string Text(Writer write)
    {
        var text = stackalloc byte[TextLength];
        var length = 0;
        write(text, &length);
        return Marshal.PtrToStringUTF8((nint)text) ?? "";
    }

    /// <summary>The library that fits the launcher; any one where no launcher is known.</summary>
    /// <exception cref="DistributedException">There is none.</exception>
    internal static nint Load(Launcher launcher, string[] names)
    {
        if (Environment.GetEnvironmentVariable("TENSORLET_MPI") is { Length: > 0 } named)
            return NativeLibrary.TryLoad(named, out var given) && NativeLibrary.TryGetExport(given, "MPI_Init_thread",
                out _) ? given : throw new DistributedException($"Distributed: TENSORLET_MPI names {named}, which is " +
                "no MPI library that can be loaded.");
        var others = new List<string>();
        foreach (var name in names)
        {
            if (!NativeLibrary.TryLoad(name, out var found)) continue;
            if (launcher.IsOpenMpi is not { } wanted || IsOpenMpi(found) == wanted) return found;
            others.Add(name);
            NativeLibrary.Free(found);
        }
        throw new DistributedException(others.Count == 0
            ? "Distributed: no MPI library was found. To install one: on Debian and Ubuntu, apt-get install " +
                "openmpi-bin (or mpich); on macOS, brew install open-mpi; on Windows, Microsoft MPI (winget install " +
                "Microsoft.msmpi). If it is in a place of its own, name the library in the variable TENSORLET_MPI."
            : $"Distributed: {launcher.Name} started this process, and its library was not found, only " +
                $"{string.Join(", ", others)}. Start the job with the launcher of that one, or name the right " +
                "library in the variable TENSORLET_MPI.");
    }

    static string[] Names => OperatingSystem.IsWindows() ? ["msmpi.dll"]
        : OperatingSystem.IsMacOS() ? ["libmpi.dylib", "/opt/homebrew/lib/libmpi.dylib", "/usr/local/lib/libmpi.dylib",
            "/opt/local/lib/libmpi.dylib"]
        : ["libmpi.so.40", "libmpich.so.12", "libmpi.so.12", "libmpi.so", "libmpich.so"];
}

/// <summary>What started this process, as the variables that it has set tell.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Size">How many processes it started; null where that is not told.</param>
/// <param name="IsOpenMpi">Whether its library is Open MPI, or MPICH or one of its kin; null where either may
/// be.</param>
sealed record Launcher(string Name, int? Size, bool? IsOpenMpi)
{
    /// <summary>The launcher of this process.</summary>
    public static Launcher Find()
    {
        var slurm = Number("SLURM_STEP_NUM_TASKS");
        return Number("OMPI_COMM_WORLD_SIZE") is { } open ? new("the mpirun of Open MPI", open, true)
            : Number("PMI_SIZE") is { } pmi
                ? new(slurm is null ? "the mpiexec of MPICH" : "srun", pmi, slurm is null ? false : null)
            : slurm is > 1 ? new("srun", slurm, null) : new("no launcher", null, null);
    }

    static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var n) ? n : null;
}
