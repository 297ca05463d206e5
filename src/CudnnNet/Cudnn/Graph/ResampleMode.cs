namespace CudnnNet;

/// <summary>What a window of a resampling becomes; the numbers are cuDNN's (cudnnResampleMode_t).</summary>
public enum ResampleMode
{
    /// <summary>The nearest element.</summary>
    Nearest = 0,

    /// <summary>Interpolated between the nearest elements.</summary>
    Bilinear = 1,

    /// <summary>The sum divided by the size of the window, padding included.</summary>
    AverageIncludePadding = 2,

    /// <summary>The largest element.</summary>
    Max = 3,

    /// <summary>The sum divided by the number of real elements in the window.</summary>
    AverageExcludePadding = 4,
}

/// <summary>What lies around an image that is resampled; the numbers are cuDNN's (cudnnPaddingMode_t).</summary>
public enum ResamplePadding
{
    /// <summary>Zeros.</summary>
    Zero = 0,

    /// <summary>Minus infinity, which is never the maximum.</summary>
    NegativeInfinity = 1,

    /// <summary>The element at the edge.</summary>
    Edge = 2,
}
