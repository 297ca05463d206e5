namespace CudnnNet;

/// <summary>How cuDNN computes a <see cref="Normalization"/>; the numbers are cuDNN's.</summary>
public enum NormalizationAlgorithm
{
    /// <summary>For every mode, type and layout.</summary>
    Standard = 0,

    /// <summary>Faster where it is supported: 16-bit NHWC tensors, one statistic a channel.</summary>
    Persistent = 1,
}
