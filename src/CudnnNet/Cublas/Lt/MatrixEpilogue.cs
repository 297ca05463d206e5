namespace CudnnNet;

/// <summary>What follows a multiplication before its result is stored; the numbers are cuBLASLt's (cublasLtEpilogue_t).</summary>
/// <remarks>
/// <para>z = alpha · op(A) · op(B) + beta · C, M x N. The bias b has one number for each of the M rows, the same for all columns: D = f(z + b).
/// GELU is its approximation by tanh (Hendrycks and Gimpel 2016).</para>
/// <para>What a gradient needs is kept in the auxiliary matrix: for ReLU the bits z + b > 0, for GELU the numbers z + b.
/// The gradients read it: D = z ∘ f'(auxiliary), and sum their D along the rows to M numbers, the gradient of the bias.</para>
/// </remarks>
public enum MatrixEpilogue
{
    /// <summary>Nothing: D = z.</summary>
    None = 1,

    /// <summary>D = max(z, 0).</summary>
    Relu = 2,

    /// <summary>D = z + b.</summary>
    Bias = 4,

    /// <summary>D = max(z + b, 0).</summary>
    ReluBias = 6,

    /// <summary>D = gelu(z).</summary>
    Gelu = 32,

    /// <summary>D = gelu(z + b).</summary>
    GeluBias = 36,

    /// <summary><see cref="Relu"/>; the bits z > 0 are kept.</summary>
    ReluAuxiliary = 130,

    /// <summary><see cref="ReluBias"/>; the bits z + b > 0 are kept.</summary>
    ReluAuxiliaryBias = 134,

    /// <summary>The gradient of ReLU: D = z where the bit is set, else 0.</summary>
    ReluGradient = 136,

    /// <summary><see cref="ReluGradient"/>; the sums of D's rows become the bias.</summary>
    ReluGradientBiasGradient = 152,

    /// <summary><see cref="Gelu"/>; z is kept.</summary>
    GeluAuxiliary = 160,

    /// <summary><see cref="GeluBias"/>; z + b is kept.</summary>
    GeluAuxiliaryBias = 164,

    /// <summary>The gradient of GELU: D = z · gelu'(auxiliary).</summary>
    GeluGradient = 192,

    /// <summary><see cref="GeluGradient"/>; the sums of D's rows become the bias.</summary>
    GeluGradientBiasGradient = 208,

    /// <summary>D = z; the sums of op(A)'s rows, along the inner dimension, become the bias of M numbers.</summary>
    BiasGradientA = 256,

    /// <summary>D = z; the sums of op(B)'s columns, along the inner dimension, become the bias, which has N numbers here.</summary>
    BiasGradientB = 512,
}
