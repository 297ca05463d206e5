namespace CudnnNet;

/// <summary>How the matrices of a batch are found; the numbers are cuBLASLt's (cublasLtBatchMode_t).</summary>
public enum MatrixBatchMode
{
    /// <summary>They lie a stride apart, and the address is that of the first.</summary>
    Strided = 0,

    /// <summary>The address is that of an array of their addresses on the device, which is read when the operation runs; since cuBLASLt 13.1.</summary>
    PointerArray = 1,
}
