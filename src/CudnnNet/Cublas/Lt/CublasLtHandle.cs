using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>cuBLASLt on a stream: the parent of <see cref="MatrixMultiplication"/> and <see cref="MatrixTransformation"/>, which are put into <see cref="Stream"/>.</summary>
/// <remarks>cuBLASLt itself takes a stream with every call, so that changing it costs nothing. One handle is used by one thread at a time.</remarks>
public sealed unsafe class CublasLtHandle : NativeOwner
{
    private cublasLtHandle_t _handle;

    private SelectedStream _stream;

    /// <summary>Starts cuBLASLt for <paramref name="stream"/>.</summary>
    /// <exception cref="CublasLtException">cuBLASLt does not start.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public CublasLtHandle(CudaStream stream)
        : base(Existing(stream))
    {
        _stream = new(stream);
        try
        {
            stream.Context.EnsureCurrent();
            cublasLtHandle_t handle;
            CublasLt.Check(CublasLt.cublasLtCreate(&handle));
            _handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The version of the library: major · 10000 + minor · 100 + patch.</summary>
    public static long Version => (long)CublasLt.cublasLtGetVersion();

    /// <summary>How many answers of the heuristics cuBLASLt remembers, for the whole process; 0: none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <exception cref="CublasLtException">cuBLASLt refuses the call.</exception>
    public static long HeuristicsCacheCapacity
    {
        get
        {
            nuint capacity;
            CublasLt.Check(CublasLt.cublasLtHeuristicsCacheGetCapacity(&capacity));
            return (long)capacity;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            CublasLt.Check(CublasLt.cublasLtHeuristicsCacheSetCapacity((nuint)value));
        }
    }

    /// <summary>The stream everything is put into.</summary>
    public CudaStream Stream => _stream.Current;

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public cublasLtHandle_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>Puts everything into another stream from now on; it is kept alive as the first one is. What was enqueued before stays where it is.</summary>
    /// <exception cref="ArgumentException">The stream belongs to another context.</exception>
    /// <exception cref="ObjectDisposedException">The handle or the stream is disposed.</exception>
    public void SetStream(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        _stream.CheckContext(stream);
        stream.Require();
        _stream.Change(stream);
    }

    /// <summary>The handle for operations, which keep it alive even after it was disposed; with its context made current.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal cublasLtHandle_t Enter()
    {
        Stream.Context.EnsureCurrent();
        return _handle;
    }

    private protected override void Release()
    {
        if (_handle != default && Stream.Context.TryEnsureCurrent())
        {
            _ = CublasLt.cublasLtDestroy(_handle);
        }

        _handle = default;
        _stream.LetGo();
    }
}
