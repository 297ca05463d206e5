namespace CudnnNet;

/// <summary>Facts about <see cref="MatrixEpilogue"/>, which is made of bits.</summary>
internal static class MatrixEpilogues
{
    // cuBLASLt names the sums of its bits only. 8 and 64: the gradients of ReLU and GELU. 16: their sums.
    private const int ReluBits = 2 | 8;
    private const int BiasBits = 4 | 16 | (int)MatrixEpilogue.BiasGradientA | (int)MatrixEpilogue.BiasGradientB;
    private const int AuxiliaryBit = 128;

    /// <summary>Whether a bias is read or written.</summary>
    internal static bool HasBias(this MatrixEpilogue epilogue) => ((int)epilogue & BiasBits) != 0;

    /// <summary>Whether an auxiliary matrix is read or written.</summary>
    internal static bool HasAuxiliary(this MatrixEpilogue epilogue) => ((int)epilogue & AuxiliaryBit) != 0;

    /// <summary>Whether the auxiliary matrix is one of bits.</summary>
    internal static bool HasBits(this MatrixEpilogue epilogue) => epilogue.HasAuxiliary() && ((int)epilogue & ReluBits) != 0;
}
