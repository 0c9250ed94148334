namespace Benchmarks;

/// <summary>All rows, in the order of the table.</summary>
static class Catalogue
{
    public static IReadOnlyList<Row> Rows { get; } =
    [
        .. Products.Rows, .. Elementwise.Rows, .. Reductions.Rows, .. Functions.Rows, .. Layers.Rows, .. Masks.Rows,
        .. Arrangements.Rows, .. Optimizers.Rows, .. Training.Rows,
    ];
}
