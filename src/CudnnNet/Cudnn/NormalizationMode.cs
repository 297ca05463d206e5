namespace CudnnNet;

/// <summary>Which elements share statistics in a <see cref="Normalization"/>; the numbers are cuDNN's.</summary>
public enum NormalizationMode
{
    /// <summary>Every element of an image has its own, over the batch.</summary>
    PerActivation = 0,

    /// <summary>Every channel has its own, over the batch and the pixels.</summary>
    PerChannel = 1,
}
