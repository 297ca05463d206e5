namespace CudnnNet;

/// <summary>What is fused to a batch normalisation; the numbers are cuDNN's.</summary>
public enum BatchNormalizationFusion
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>An activation: y = act(bn(x)).</summary>
    Activation = 1,

    /// <summary>A sum and an activation: y = act(bn(x) + z).</summary>
    AddActivation = 2,
}
