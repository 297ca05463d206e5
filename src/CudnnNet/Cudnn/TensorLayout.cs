namespace CudnnNet;

/// <summary>The order in which a tensor's or filter's elements lie in memory; the numbers are cuDNN's.</summary>
public enum TensorLayout
{
    /// <summary>Image by image, plane by plane, row by row. Filters: K, C, R, S.</summary>
    Nchw = 0,

    /// <summary>Image by image, row by row, pixel by pixel, the channels of a pixel together: what tensor cores want. Filters: K, R, S, C.</summary>
    Nhwc = 1,

    /// <summary>As <see cref="Nchw"/>, but 4 or 32 channels of a pixel together, as the types Int8x4, UInt8x4 and Int8x32 say.</summary>
    NchwVector = 2,
}
