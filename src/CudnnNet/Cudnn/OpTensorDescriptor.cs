using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>An element-wise function of two tensors as cuDNN knows it.</summary>
public sealed class OpTensorDescriptor : NativeOwner
{
    private cudnnOpTensorDescriptor_t _handle;

    /// <summary>Describes an element-wise function.</summary>
    /// <param name="function">The function.</param>
    /// <param name="computeType">The type it is computed in.</param>
    /// <param name="propagateNan">Whether a NaN wins minimum and maximum.</param>
    /// <exception cref="CudnnException">cuDNN refuses the combination.</exception>
    public unsafe OpTensorDescriptor(TensorFunction function, DataType computeType, bool propagateNan = true)
        : base(null)
    {
        try
        {
            cudnnOpTensorDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateOpTensorDescriptor(&handle));
            _handle = handle;
            Cudnn.Check(Cudnn.cudnnSetOpTensorDescriptor(
                handle,
                (cudnnOpTensorOp_t)function,
                computeType.Raw(),
                propagateNan ? cudnnNanPropagation_t.CUDNN_PROPAGATE_NAN : cudnnNanPropagation_t.CUDNN_NOT_PROPAGATE_NAN));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnOpTensorDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyOpTensorDescriptor(_handle);
            _handle = default;
        }
    }
}
