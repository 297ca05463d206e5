namespace CudnnNet;

/// <summary>An algorithm for a convolution with what it needs.</summary>
/// <typeparam name="TAlgorithm">cuDNN's list of algorithms for the operation.</typeparam>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="MathType">The arithmetic it was offered with.</param>
/// <param name="WorkspaceBytes">The workspace it needs, in bytes.</param>
/// <param name="Deterministic">Whether it gives the same bits every time.</param>
public readonly record struct ConvolutionChoice<TAlgorithm>(TAlgorithm Algorithm, MathType MathType, long WorkspaceBytes, bool Deterministic)
    where TAlgorithm : unmanaged, Enum
{
    /// <summary>Whether the algorithm multiplies transforms of its operands (Winograd, Fourier) instead of adding up the products of the
    /// definition: fewer multiplications, and rounding errors some times as large.</summary>
    public bool Transforms
    {
        get
        {
            string name = Algorithm.ToString();
            return name.Contains("WINOGRAD", StringComparison.Ordinal) || name.Contains("FFT", StringComparison.Ordinal);
        }
    }
}
