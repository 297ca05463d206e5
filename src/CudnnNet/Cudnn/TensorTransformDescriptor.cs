using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A padding and folding of tensors as cuDNN knows it.</summary>
public sealed class TensorTransformDescriptor : NativeOwner
{
    private cudnnTensorTransformDescriptor_t _handle;

    /// <summary>Describes a folding.</summary>
    /// <param name="folding">What is done.</param>
    /// <param name="layout">The layout of the result.</param>
    /// <param name="volumes">Whether the tensors have five dimensions.</param>
    /// <exception cref="CudnnException">cuDNN refuses a number.</exception>
    public unsafe TensorTransformDescriptor(Folding folding, TensorLayout layout, bool volumes = false)
        : base(null)
    {
        try
        {
            cudnnTensorTransformDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateTensorTransformDescriptor(&handle));
            _handle = handle;
            Folding = folding;
            (Margins b, Margins a) = (folding.Before, folding.After);
            int* before = stackalloc int[] { b.N, b.C, b.D, b.H, b.W };
            int* after = stackalloc int[] { a.N, a.C, a.D, a.H, a.W };
            uint* blocks = stackalloc uint[] { (uint)folding.BlockDepth, (uint)folding.BlockHeight, (uint)folding.BlockWidth };
            if (!volumes)
            {
                (before[2], before[3], after[2], after[3]) = (b.H, b.W, a.H, a.W);
                blocks++;
            }

            Cudnn.Check(Cudnn.cudnnSetTensorTransformDescriptor(
                handle, volumes ? 5u : 4u, (cudnnTensorFormat_t)layout, before, after, blocks,
                folding.Unfolds ? cudnnFoldingDirection_t.CUDNN_TRANSFORM_UNFOLD : cudnnFoldingDirection_t.CUDNN_TRANSFORM_FOLD));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is done.</summary>
    public Folding Folding { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnTensorTransformDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyTensorTransformDescriptor(_handle);
            _handle = default;
        }
    }
}
