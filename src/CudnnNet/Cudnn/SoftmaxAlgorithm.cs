namespace CudnnNet;

/// <summary>How a softmax is computed; the numbers are cuDNN's.</summary>
public enum SoftmaxAlgorithm
{
    /// <summary>Without subtracting the maximum: overflows for large inputs.</summary>
    Fast = 0,

    /// <summary>With the maximum subtracted first.</summary>
    Accurate = 1,

    /// <summary>The logarithm of the softmax, with the maximum subtracted first.</summary>
    Log = 2,
}
