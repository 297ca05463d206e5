namespace CudnnNet;

/// <summary>Which kernel of cuBLAS multiplies; the numbers are cuBLAS's (cublasGemmAlgo_t). Other numbers may be cast.</summary>
/// <remarks>From the compute capability 8.0 on cuBLAS chooses by itself whatever is named here.</remarks>
public enum GemmAlgorithm
{
    /// <summary>cuBLAS chooses by its heuristics.</summary>
    Default = -1,

    /// <summary>cuBLAS chooses among the tensor cores' kernels.</summary>
    DefaultTensorOperation = 99,

    /// <summary>cuBLAS measures at the first call of a size and keeps the fastest; since cuBLAS 13.1.</summary>
    Autotune = 999,
}
