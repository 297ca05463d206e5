using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What cuDNN says of an algorithm for a convolution, estimated or measured.</summary>
/// <typeparam name="TAlgorithm">cuDNN's list of algorithms for the operation.</typeparam>
/// <param name="Choice">The algorithm, its arithmetic, workspace and determinism; to be run as it is.</param>
/// <param name="Status">Success, or why the algorithm cannot be used.</param>
/// <param name="Milliseconds">The measured time; negative where nothing was measured.</param>
public readonly record struct ConvolutionMeasurement<TAlgorithm>(ConvolutionChoice<TAlgorithm> Choice, cudnnStatus_t Status, float Milliseconds)
    where TAlgorithm : unmanaged, Enum
{
    /// <summary>Whether the algorithm can be used.</summary>
    public bool Succeeded => Status == cudnnStatus_t.CUDNN_STATUS_SUCCESS;
}
