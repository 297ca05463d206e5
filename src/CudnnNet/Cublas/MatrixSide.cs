namespace CudnnNet;

/// <summary>On which side of the other factor a matrix stands; the numbers are cuBLAS's.</summary>
public enum MatrixSide
{
    /// <summary>The matrix is the first factor.</summary>
    Left = 0,

    /// <summary>The matrix is the second factor.</summary>
    Right = 1,
}
