using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The result of a spatial transformer as cuDNN knows it.</summary>
public sealed class SpatialTransformerDescriptor : NativeOwner
{
    private cudnnSpatialTransformerDescriptor_t _handle;

    /// <summary>Describes bilinear sampling with the result <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">No tensor has that shape, or it is one of volumes.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the type.</exception>
    public unsafe SpatialTransformerDescriptor(TensorShape shape)
        : base(null)
    {
        try
        {
            Shape = shape.Validate(nameof(shape));
            if (shape.IsVolume)
            {
                throw new ArgumentException($"'{nameof(shape)}' is {shape}; images are sampled, of four dimensions.", nameof(shape));
            }

            cudnnSpatialTransformerDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateSpatialTransformerDescriptor(&handle));
            _handle = handle;
            int* dimensions = stackalloc int[] { shape.N, shape.C, shape.H, shape.W };
            Cudnn.Check(Cudnn.cudnnSetSpatialTransformerNdDescriptor(handle, cudnnSamplerType_t.CUDNN_SAMPLER_BILINEAR, shape.Type.Raw(), 4, dimensions));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shape of the result.</summary>
    public TensorShape Shape { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnSpatialTransformerDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroySpatialTransformerDescriptor(_handle);
            _handle = default;
        }
    }
}
