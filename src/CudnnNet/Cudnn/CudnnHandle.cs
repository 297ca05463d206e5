using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>cuDNN on a stream: the parent of every operation. Whatever an operation does is put into <see cref="Stream"/>.</summary>
/// <remarks>The stream is chosen once. A second stream takes a second handle; both may be used at the same time, each from one thread at a time.</remarks>
public sealed class CudnnHandle : NativeOwner
{
    private cudnnHandle_t _handle;

    private SelectedStream _stream;

    /// <summary>Starts cuDNN on <paramref name="stream"/>.</summary>
    /// <exception cref="CudnnException">cuDNN does not start.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public unsafe CudnnHandle(CudaStream stream)
        : base(Existing(stream))
    {
        _stream = new(stream);
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
    public CudaStream Stream => _stream.Current;

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

    /// <summary>Puts everything into another stream from now on; it is kept alive as the first one is. What was enqueued before stays where it is.</summary>
    /// <exception cref="ArgumentException">The stream belongs to another context.</exception>
    /// <exception cref="CudnnException">cuDNN refuses the stream, for instance because this one is being captured.</exception>
    /// <exception cref="ObjectDisposedException">The handle or the stream is disposed.</exception>
    public void SetStream(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        _stream.CheckContext(stream);
        CUstream queue = stream.Enter();
        Cudnn.Check(Cudnn.cudnnSetStream(_handle, queue));
        _stream.Change(stream);
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
        _stream.LetGo();
    }
}
