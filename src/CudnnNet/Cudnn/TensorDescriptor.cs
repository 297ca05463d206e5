using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A tensor of four dimensions as cuDNN knows it.</summary>
public sealed class TensorDescriptor : NativeOwner
{
    private cudnnTensorDescriptor_t _handle;

    /// <summary>Describes <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">No tensor has that shape.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the shape.</exception>
    public unsafe TensorDescriptor(TensorShape shape)
        : base(null)
    {
        try
        {
            cudnnTensorDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateTensorDescriptor(&handle));
            _handle = handle;
            Shape = shape.Validate(nameof(shape));
            if (shape.IsPacked)
            {
                Cudnn.Check(Cudnn.cudnnSetTensor4dDescriptor(handle, (cudnnTensorFormat_t)shape.Layout, shape.Type.Raw(), shape.N, shape.C, shape.H, shape.W));
            }
            else
            {
                TensorStrides strides = shape.Strides;
                Cudnn.Check(Cudnn.cudnnSetTensor4dDescriptorEx(
                    handle, shape.Type.Raw(), shape.N, shape.C, shape.H, shape.W, strides.N, strides.C, strides.H, strides.W));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is described.</summary>
    public TensorShape Shape { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnTensorDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyTensorDescriptor(_handle);
            _handle = default;
        }
    }
}
