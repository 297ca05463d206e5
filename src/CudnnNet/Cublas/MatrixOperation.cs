namespace CudnnNet;

/// <summary>How cuBLAS takes a matrix; the numbers are cuBLAS's.</summary>
public enum MatrixOperation
{
    /// <summary>As it lies.</summary>
    None = 0,

    /// <summary>Transposed.</summary>
    Transpose = 1,

    /// <summary>Transposed and conjugated; of real matrices the same as <see cref="Transpose"/>.</summary>
    ConjugateTranspose = 2,
}
