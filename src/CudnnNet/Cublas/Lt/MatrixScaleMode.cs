namespace CudnnNet;

/// <summary>How many scales a matrix has; the numbers are cuBLASLt's (cublasLtMatmulMatrixScale_t).</summary>
public enum MatrixScaleMode
{
    /// <summary>One for the whole matrix.</summary>
    Scalar = 0,

    /// <summary>One for each row of op(A), or for each column of op(B); since cuBLASLt 13.1.</summary>
    OuterVector = 3,
}
