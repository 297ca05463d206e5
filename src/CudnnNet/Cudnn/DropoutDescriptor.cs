using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A dropout as cuDNN knows it; <see cref="Dropout"/> gives it probability and generators.</summary>
public sealed class DropoutDescriptor : NativeOwner
{
    private cudnnDropoutDescriptor_t _handle;

    /// <summary>Makes a descriptor without generators, which drops nothing.</summary>
    /// <exception cref="CudnnException">cuDNN has no memory left.</exception>
    public unsafe DropoutDescriptor()
        : base(null)
    {
        cudnnDropoutDescriptor_t handle;
        Cudnn.Check(Cudnn.cudnnCreateDropoutDescriptor(&handle));
        _handle = handle;
    }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is disposed.</exception>
    public cudnnDropoutDescriptor_t Handle
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
            _ = Cudnn.cudnnDestroyDropoutDescriptor(_handle);
            _handle = default;
        }
    }
}
