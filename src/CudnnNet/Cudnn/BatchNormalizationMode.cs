namespace CudnnNet;

/// <summary>Which elements share statistics; the numbers are cuDNN's.</summary>
public enum BatchNormalizationMode
{
    /// <summary>The N elements at each c, h, w: after linear layers.</summary>
    PerActivation = 0,

    /// <summary>The N · H · W elements of each channel: after convolutions.</summary>
    Spatial = 1,

    /// <summary>As <see cref="Spatial"/>, with a faster kernel for 16-bit NHWC tensors; on a GPU it may overflow the range of half precision silently.</summary>
    SpatialPersistent = 2,
}
