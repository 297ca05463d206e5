using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A tensor as cuDNN knows it.</summary>
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
            Describe(handle, shape);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Describes a tensor of any number of dimensions that cuDNN takes, for calls on the raw floor.</summary>
    /// <param name="type">The type of the elements.</param>
    /// <param name="dimensions">The dimensions, slowest first; 3 to 8 of them (fewer are refused or padded by cuDNN).</param>
    /// <param name="strides">The distances between neighbours along each dimension, in elements.</param>
    /// <exception cref="ArgumentException">There are not as many strides as dimensions.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the numbers.</exception>
    public unsafe TensorDescriptor(DataType type, ReadOnlySpan<int> dimensions, ReadOnlySpan<int> strides)
        : base(null)
    {
        try
        {
            if (dimensions.Length != strides.Length)
            {
                throw new ArgumentException($"{dimensions.Length} dimensions were given with {strides.Length} strides; each dimension needs one.", nameof(strides));
            }

            cudnnTensorDescriptor_t handle;
            Cudnn.Check(Cudnn.cudnnCreateTensorDescriptor(&handle));
            _handle = handle;
            fixed (int* firstDimension = dimensions)
            fixed (int* firstStride = strides)
            {
                Cudnn.Check(Cudnn.cudnnSetTensorNdDescriptor(handle, type.Raw(), dimensions.Length, firstDimension, firstStride));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The memory cuDNN says the tensor spans, in bytes (cudnnGetTensorSizeInBytes).</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public unsafe long SpannedBytes
    {
        get
        {
            nuint bytes;
            Cudnn.Check(Cudnn.cudnnGetTensorSizeInBytes(Handle, &bytes));
            return (long)bytes;
        }
    }

    /// <summary>What is described; the default where it was described by dimensions and strides.</summary>
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

    private static unsafe void Describe(cudnnTensorDescriptor_t handle, TensorShape shape)
    {
        if (shape.IsVolume)
        {
            int* dimensions = stackalloc int[] { shape.N, shape.C, shape.D, shape.H, shape.W };
            if (shape.IsPacked)
            {
                Cudnn.Check(Cudnn.cudnnSetTensorNdDescriptorEx(handle, (cudnnTensorFormat_t)shape.Layout, shape.Type.Raw(), 5, dimensions));
            }
            else
            {
                TensorStrides given = shape.Strides;
                int* strides = stackalloc int[] { given.N, given.C, given.D, given.H, given.W };
                Cudnn.Check(Cudnn.cudnnSetTensorNdDescriptor(handle, shape.Type.Raw(), 5, dimensions, strides));
            }
        }
        else if (shape.IsPacked)
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
}
