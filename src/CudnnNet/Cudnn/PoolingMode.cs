namespace CudnnNet;

/// <summary>What a window becomes; the numbers are cuDNN's.</summary>
public enum PoolingMode
{
    /// <summary>The largest element; padding never wins. On a GPU the gradient is not deterministic where windows overlap.</summary>
    Max = 0,

    /// <summary>The sum divided by the size of the window, padding included.</summary>
    AverageIncludePadding = 1,

    /// <summary>The sum divided by the number of real elements in the window.</summary>
    AverageExcludePadding = 2,

    /// <summary>The largest element, with a gradient that gives the same bits every time.</summary>
    MaxDeterministic = 3,
}
