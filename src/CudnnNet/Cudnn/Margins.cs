namespace CudnnNet;

/// <summary>Elements added along each dimension of a tensor, all 0; cut off where negative.</summary>
/// <param name="N">Images.</param>
/// <param name="C">Channels.</param>
/// <param name="H">Rows.</param>
/// <param name="W">Columns.</param>
public readonly record struct Margins(int N = 0, int C = 0, int H = 0, int W = 0)
{
    /// <summary>Slices of a volume.</summary>
    public int D { get; init; }
}
