namespace CudnnNet;

/// <summary>What a softmax sums over; the numbers are cuDNN's.</summary>
public enum SoftmaxMode
{
    /// <summary>Over C, H and W of each image.</summary>
    Instance = 0,

    /// <summary>Over C at each pixel.</summary>
    Channel = 1,
}
