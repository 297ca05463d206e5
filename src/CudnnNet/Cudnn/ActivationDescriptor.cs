using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>An activation function as cuDNN knows it.</summary>
public sealed class ActivationDescriptor : NativeOwner
{
    private cudnnActivationDescriptor_t _handle;

    /// <summary>Describes an activation.</summary>
    /// <param name="mode">The function.</param>
    /// <param name="coefficient">The ceiling of the clipped ReLU, the slope of ELU or the beta of swish; unused by the others.</param>
    /// <param name="propagateNan">Whether ReLU hands a NaN on.</param>
    /// <exception cref="CudnnException">cuDNN refuses the numbers.</exception>
    public unsafe ActivationDescriptor(ActivationMode mode, double coefficient = 0, bool propagateNan = true)
        : base(null)
    {
        try
        {
            cudnnActivationDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateActivationDescriptor(&handle));
            _handle = handle;
            Cudnn.Check(Cudnn.cudnnSetActivationDescriptor(
                handle,
                (cudnnActivationMode_t)mode,
                propagateNan ? cudnnNanPropagation_t.CUDNN_PROPAGATE_NAN : cudnnNanPropagation_t.CUDNN_NOT_PROPAGATE_NAN,
                coefficient));
            if (mode == ActivationMode.Swish)
            {
                Cudnn.Check(Cudnn.cudnnSetActivationDescriptorSwishBeta(handle, coefficient));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnActivationDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyActivationDescriptor(_handle);
            _handle = default;
        }
    }
}
