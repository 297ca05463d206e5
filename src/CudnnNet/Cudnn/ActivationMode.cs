namespace CudnnNet;

/// <summary>An element-wise function; the numbers are cuDNN's.</summary>
public enum ActivationMode
{
    /// <summary>1 / (1 + e⁻ˣ).</summary>
    Sigmoid = 0,

    /// <summary>max(x, 0); its derivative at 0 is 0.</summary>
    Relu = 1,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh = 2,

    /// <summary>min(max(x, 0), coefficient).</summary>
    ClippedRelu = 3,

    /// <summary>x for x > 0, else coefficient · (eˣ - 1).</summary>
    Elu = 4,

    /// <summary>x. cuDNN knows it for fused convolutions only; <see cref="Activation"/> may be refused with it.</summary>
    Identity = 5,

    /// <summary>x · sigmoid(coefficient · x).</summary>
    Swish = 6,
}
