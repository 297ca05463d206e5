using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>cuBLAS on a stream: vectors, matrices and their products, put into <see cref="Stream"/>.</summary>
/// <remarks>
/// <para>The methods have the names of BLAS, without the letter of the type: <c>Gemm</c>, <c>Axpy</c>, <c>Trsm</c>. Sizes, leading dimensions and
/// transpositions come with the operands (<see cref="DeviceMatrix{T}"/>, <see cref="DeviceVector{T}"/>), which may be column-major, as BLAS has them,
/// or row-major; what does not fit together is an <see cref="ArgumentException"/> before the call.</para>
/// <para>An operation is only put into the stream: nothing is allocated and nothing waited for, so that it can be captured. The exceptions are
/// the methods of level 1 that return a number (<c>Dot</c>, <c>Nrm2</c>, ...): they wait for it, as the library does, and cannot be captured;
/// their overloads with a result on the device do not wait. Factors may lie on the device too: see <see cref="Scalar"/>.</para>
/// <para>All blending results are destination = alpha · result + beta · destination. With beta = 0 the destination is not read and may hold anything.</para>
/// <para>Sizes have 64 bits. One handle is used by one thread at a time. On a GPU, give it a workspace of its own (<see cref="SetWorkspace"/>)
/// where a step is captured as a graph.</para>
/// </remarks>
[SkipLocalsInit] // Factors and results have their room on the stack, which need not be cleared for every call.
public sealed unsafe partial class CublasHandle : NativeOwner
{
    private const int UnknownMode = -1;

    private cublasHandle_t _handle;

    private SelectedStream _stream;

    // The pointer mode the library has, as far as is known.
    private int _pointerMode;

    /// <summary>Starts cuBLAS on <paramref name="stream"/>.</summary>
    /// <exception cref="CublasException">cuBLAS does not start.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public CublasHandle(CudaStream stream)
        : base(Existing(stream))
    {
        _stream = new(stream);
        try
        {
            stream.Context.EnsureCurrent();
            cublasHandle_t handle;
            Cublas.Check(Cublas.cublasCreate_v2(&handle));
            _handle = handle;
            Cublas.Check(Cublas.cublasSetStream_v2(handle, stream.KeptHandle));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The stream everything is put into.</summary>
    public CudaStream Stream => _stream.Current;

    /// <summary>The library's handle, for calls on the raw floor.</summary>
    /// <remarks>The pointer mode it has then is that of the last call here; set the one you want, and ask for the handle again after calls here.</remarks>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public cublasHandle_t Handle
    {
        get
        {
            ThrowIfDisposed();
            _pointerMode = UnknownMode;
            return _handle;
        }
    }

    /// <summary>The version of the library: major · 10000 + minor · 100 + patch.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public int Version
    {
        get
        {
            int version;
            Cublas.Check(Cublas.cublasGetVersion_v2(Enter(), &version));
            return version;
        }
    }

    /// <summary>Which arithmetic may be used.</summary>
    /// <exception cref="CublasException">cuBLAS does not know the mode.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public MatrixMathMode MathMode
    {
        get
        {
            cublasMath_t mode;
            Cublas.Check(Cublas.cublasGetMathMode(Enter(), &mode));
            return (MatrixMathMode)mode;
        }
        set => Cublas.Check(Cublas.cublasSetMathMode(Enter(), (cublasMath_t)value));
    }

    /// <summary>Whether kernels may sum with atomic additions: faster for some operations, and not the same bits every time. False at first.</summary>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public bool AtomicsAllowed
    {
        get
        {
            cublasAtomicsMode_t mode;
            Cublas.Check(Cublas.cublasGetAtomicsMode(Enter(), &mode));
            return mode == cublasAtomicsMode_t.CUBLAS_ATOMICS_ALLOWED;
        }
        set => Cublas.Check(Cublas.cublasSetAtomicsMode(Enter(), value ? cublasAtomicsMode_t.CUBLAS_ATOMICS_ALLOWED : cublasAtomicsMode_t.CUBLAS_ATOMICS_NOT_ALLOWED));
    }

    /// <summary>How many multiprocessors cuBLAS shall count on when it chooses kernels, where others work beside it; 0: all of them.</summary>
    /// <exception cref="CublasException">The number is negative or more than the device has.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public int SmCountTarget
    {
        get
        {
            int count;
            Cublas.Check(Cublas.cublasGetSmCountTarget(Enter(), &count));
            return count;
        }
        set => Cublas.Check(Cublas.cublasSetSmCountTarget(Enter(), value));
    }

    /// <summary>When wider types are emulated on narrower units, where the math mode allows it.</summary>
    /// <exception cref="MissingFunctionException">cuBLAS is older than 13.1.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public EmulationStrategy EmulationStrategy
    {
        get
        {
            cublasEmulationStrategy_t strategy;
            Cublas.Check(Cublas.cublasGetEmulationStrategy(Enter(), &strategy));
            return (EmulationStrategy)strategy;
        }
        set => Cublas.Check(Cublas.cublasSetEmulationStrategy(Enter(), (cublasEmulationStrategy_t)value));
    }

    /// <summary>Puts everything into another stream from now on; it is kept alive as the first one is. What was enqueued before stays where it is.</summary>
    /// <remarks>cuBLAS returns to its own workspace: call <see cref="SetWorkspace"/> again where it had another.</remarks>
    /// <exception cref="ArgumentException">The stream belongs to another context.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the stream.</exception>
    /// <exception cref="ObjectDisposedException">The handle or the stream is disposed.</exception>
    public void SetStream(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        _stream.CheckContext(stream);
        CUstream queue = stream.Enter();
        Cublas.Check(Cublas.cublasSetStream_v2(_handle, queue));
        _stream.Change(stream);
    }

    /// <summary>Gives cuBLAS memory to work in; it must outlive the handle's work. An empty span returns to cuBLAS's own.</summary>
    /// <exception cref="ArgumentException">The address is not aligned to 256 bytes.</exception>
    /// <exception cref="CublasException">cuBLAS refuses the memory.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public void SetWorkspace(DeviceSpan<byte> workspace)
    {
        if (workspace.Address % 256 != 0)
        {
            throw new ArgumentException($"cuBLAS wants a workspace aligned to 256 bytes; 0x{workspace.Address:x} is not. Use an allocation's start.", nameof(workspace));
        }

        Cublas.Check(Cublas.cublasSetWorkspace_v2(Enter(), workspace.Pointer.Raw, (nuint)workspace.Length));
    }

    private protected override void Release()
    {
        if (_handle != default && Stream.Context.TryEnsureCurrent())
        {
            _ = Cublas.cublasDestroy_v2(_handle);
        }

        _handle = default;
        _stream.LetGo();
    }

    /// <summary>The handle, for calls without factors and results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private cublasHandle_t Enter()
    {
        ThrowIfDisposed();
        Stream.Context.EnsureCurrent();
        return _handle;
    }

    /// <summary>The handle, in the pointer mode of host or device.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private cublasHandle_t Enter(bool onDevice)
    {
        cublasHandle_t handle = Enter();
        int mode = onDevice ? (int)cublasPointerMode_t.CUBLAS_POINTER_MODE_DEVICE : (int)cublasPointerMode_t.CUBLAS_POINTER_MODE_HOST;
        if (mode != _pointerMode)
        {
            Cublas.Check(Cublas.cublasSetPointerMode_v2(handle, (cublasPointerMode_t)mode));
            _pointerMode = mode;
        }

        return handle;
    }

    /// <summary>The handle, in the pointer mode of the two factors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private cublasHandle_t Enter(in Scalar alpha, in Scalar beta)
    {
        Scalar.CheckPlaces(alpha, beta);
        return Enter(alpha.IsOnDevice);
    }
}
