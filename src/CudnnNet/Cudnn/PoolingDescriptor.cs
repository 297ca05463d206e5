using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Mode and window of a pooling as cuDNN knows them.</summary>
public sealed class PoolingDescriptor : NativeOwner
{
    private cudnnPoolingDescriptor_t _handle;

    /// <summary>Describes a pooling.</summary>
    /// <param name="mode">What a window becomes.</param>
    /// <param name="window">Size, padding and stride.</param>
    /// <param name="propagateNan">Whether a NaN in a window wins the maximum.</param>
    /// <param name="volumes">Whether it goes over volumes, with three numbers each, or over images, with two.</param>
    /// <exception cref="CudnnException">cuDNN refuses the numbers.</exception>
    public unsafe PoolingDescriptor(PoolingMode mode, PoolingWindow window, bool propagateNan = true, bool volumes = false)
        : base(null)
    {
        try
        {
            cudnnPoolingDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreatePoolingDescriptor(&handle));
            _handle = handle;
            if (volumes)
            {
                int* size = stackalloc int[] { window.Depth, window.Height, window.Width };
                int* padding = stackalloc int[] { window.PaddingDepth, window.PaddingHeight, window.PaddingWidth };
                int* stride = stackalloc int[] { window.StrideDepth, window.StrideHeight, window.StrideWidth };
                Cudnn.Check(Cudnn.cudnnSetPoolingNdDescriptor(
                    handle,
                    (cudnnPoolingMode_t)mode,
                    propagateNan ? cudnnNanPropagation_t.CUDNN_PROPAGATE_NAN : cudnnNanPropagation_t.CUDNN_NOT_PROPAGATE_NAN,
                    3,
                    size,
                    padding,
                    stride));
                return;
            }

            Cudnn.Check(Cudnn.cudnnSetPooling2dDescriptor(
                handle,
                (cudnnPoolingMode_t)mode,
                propagateNan ? cudnnNanPropagation_t.CUDNN_PROPAGATE_NAN : cudnnNanPropagation_t.CUDNN_NOT_PROPAGATE_NAN,
                window.Height,
                window.Width,
                window.PaddingHeight,
                window.PaddingWidth,
                window.StrideHeight,
                window.StrideWidth));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnPoolingDescriptor_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            _ = Cudnn.cudnnDestroyPoolingDescriptor(_handle);
            _handle = default;
        }
    }
}
