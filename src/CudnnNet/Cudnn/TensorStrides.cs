namespace CudnnNet;

/// <summary>How many elements lie between neighbours along each dimension of a tensor.</summary>
/// <param name="N">Between images.</param>
/// <param name="C">Between channels.</param>
/// <param name="H">Between rows.</param>
/// <param name="W">Between columns.</param>
public readonly record struct TensorStrides(int N, int C, int H, int W)
{
    /// <summary>Between slices of a volume; 0 for images.</summary>
    public int D { get; init; }
}
