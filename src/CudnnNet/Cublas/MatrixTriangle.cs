namespace CudnnNet;

/// <summary>Which triangle of a matrix is given, or is to be written; the numbers are cuBLAS's.</summary>
/// <remarks>It is the triangle of the matrix as it is passed: the lower one of a transposed view is the upper one of what lies in memory.</remarks>
public enum MatrixTriangle
{
    /// <summary>The diagonal and what is below it.</summary>
    Lower = 0,

    /// <summary>The diagonal and what is above it.</summary>
    Upper = 1,
}
