using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A reduction as cuDNN knows it.</summary>
public sealed class ReduceTensorDescriptor : NativeOwner
{
    private cudnnReduceTensorDescriptor_t _handle;

    /// <summary>Describes a reduction.</summary>
    /// <param name="mode">What the elements become.</param>
    /// <param name="computeType">The type it is computed in.</param>
    /// <param name="propagateNan">Whether a NaN wins minimum and maximum.</param>
    /// <param name="indices">Whether to tell where minimum and maximum were, as 32-bit numbers.</param>
    /// <exception cref="CudnnException">cuDNN refuses the combination.</exception>
    public unsafe ReduceTensorDescriptor(TensorReductionMode mode, DataType computeType, bool propagateNan = true, bool indices = false)
        : base(null)
    {
        try
        {
            cudnnReduceTensorDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateReduceTensorDescriptor(&handle));
            _handle = handle;
            Cudnn.Check(Cudnn.cudnnSetReduceTensorDescriptor(
                handle,
                (cudnnReduceTensorOp_t)mode,
                computeType.Raw(),
                propagateNan ? cudnnNanPropagation_t.CUDNN_PROPAGATE_NAN : cudnnNanPropagation_t.CUDNN_NOT_PROPAGATE_NAN,
                indices ? cudnnReduceTensorIndices_t.CUDNN_REDUCE_TENSOR_FLATTENED_INDICES : cudnnReduceTensorIndices_t.CUDNN_REDUCE_TENSOR_NO_INDICES,
                cudnnIndicesType_t.CUDNN_32BIT_INDICES));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnReduceTensorDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyReduceTensorDescriptor(_handle);
            _handle = default;
        }
    }
}
