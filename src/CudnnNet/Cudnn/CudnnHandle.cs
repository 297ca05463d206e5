using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>cuDNN on a stream: the parent of every operation. Whatever an operation does is put into <see cref="Stream"/>.</summary>
/// <remarks>The stream is chosen once. A second stream takes a second handle; both may be used at the same time, each from one thread at a time.</remarks>
public sealed class CudnnHandle : NativeOwner
{
    private cudnnHandle_t _handle;

    /// <summary>Starts cuDNN on <paramref name="stream"/>.</summary>
    /// <exception cref="CudnnException">cuDNN does not start.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public unsafe CudnnHandle(CudaStream stream)
        : base(Existing(stream))
    {
        Stream = stream;
        try
        {
            stream.Context.EnsureCurrent();
            cudnnHandle_t handle;
            Cudnn.Check(Cudnn.cudnnCreate(&handle));
            _handle = handle;
            Version = (long)Cudnn.cudnnGetVersion();
            Cudnn.Check(Cudnn.cudnnSetStream(handle, stream.KeptHandle));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The version of the library: major · 10000 + minor · 100 + patch.</summary>
    public long Version { get; }

    /// <summary>The stream everything is put into.</summary>
    public CudaStream Stream { get; }

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public cudnnHandle_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The handle for operations, which keep it alive even after it was disposed; with its context made current.</summary>
    internal cudnnHandle_t Enter()
    {
        Stream.Context.EnsureCurrent();
        return _handle;
    }

    private protected override void Release()
    {
        if (_handle != default && Stream.Context.TryEnsureCurrent())
        {
            _ = Cudnn.cudnnDestroy(_handle);
        }

        _handle = default;
    }

    private static CudaStream Existing(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream;
    }
}
