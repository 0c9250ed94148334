namespace Tutorials.Chapter11;

/// <summary>What exercise 11 asks for.</summary>
public interface ITiledProduct
{
    /// <summary>What one thread does for c = a·b. It waits where it gives a barrier.</summary>
    IEnumerable<Barrier> Run(GpuThread thread, Matrix a, Matrix b, Matrix c);
}
