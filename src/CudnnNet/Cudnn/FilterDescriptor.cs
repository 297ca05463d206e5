using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The filters of a convolution as cuDNN knows them.</summary>
public sealed class FilterDescriptor : NativeOwner
{
    private cudnnFilterDescriptor_t _handle;

    /// <summary>Describes <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">No filter has that shape.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    public unsafe FilterDescriptor(FilterShape shape)
        : base(null)
    {
        try
        {
            cudnnFilterDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateFilterDescriptor(&handle));
            _handle = handle;
            Shape = shape.Validate(nameof(shape));
            if (shape.IsVolume)
            {
                int* dimensions = stackalloc int[] { shape.K, shape.C, shape.T, shape.R, shape.S };
                Cudnn.Check(Cudnn.cudnnSetFilterNdDescriptor(handle, shape.Type.Raw(), (cudnnTensorFormat_t)shape.Layout, 5, dimensions));
                return;
            }

            Cudnn.Check(Cudnn.cudnnSetFilter4dDescriptor(handle, shape.Type.Raw(), (cudnnTensorFormat_t)shape.Layout, shape.K, shape.C, shape.R, shape.S));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is described.</summary>
    public FilterShape Shape { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnFilterDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyFilterDescriptor(_handle);
            _handle = default;
        }
    }
}
