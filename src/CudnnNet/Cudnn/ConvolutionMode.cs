namespace CudnnNet;

/// <summary>Whether the filter is flipped; the numbers are cuDNN's.</summary>
public enum ConvolutionMode
{
    /// <summary>The mathematical convolution: the filter is flipped in rows and columns.</summary>
    Convolution = 0,

    /// <summary>What networks use: the filter is applied as it lies.</summary>
    CrossCorrelation = 1,
}
