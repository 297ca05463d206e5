using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>An algorithm for one multiplication, with what it needs.</summary>
/// <param name="Algorithm">cuBLASLt's description, for calls on the raw floor.</param>
/// <param name="WorkspaceBytes">The workspace it needs, in bytes.</param>
/// <param name="Waves">How often the multiprocessors are filled: near a whole number is good, below 1 leaves some idle.</param>
/// <param name="Status">Success, or why the algorithm cannot be used.</param>
/// <param name="Alignment">The bytes to which every matrix's address must be aligned.</param>
public readonly record struct MatrixAlgorithm(cublasLtMatmulAlgo_t Algorithm, long WorkspaceBytes, float Waves, cublasStatus_t Status, int Alignment)
{
    /// <summary>Whether the algorithm can be used.</summary>
    public bool Succeeded => Status == cublasStatus_t.CUBLAS_STATUS_SUCCESS;
}
