using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A queue of work for the device, done in the order given. Made by <see cref="CudaContext.CreateStream()"/>.</summary>
/// <remarks>
/// Everything that takes a stream only puts work into it and returns; <see cref="Synchronize"/>, <see cref="IsComplete"/> and events say when it is done.
/// An error of the device shows at a later call. Enqueueing allocates no managed memory.
/// </remarks>
public sealed partial class CudaStream : NativeOwner
{
    private readonly bool _owned;
    private CUstream _handle;

    internal unsafe CudaStream(CudaContext context, int? priority, bool nonBlocking)
        : base(context)
    {
        Context = context;
        _owned = true;
        try
        {
            context.EnsureCurrent();
            CUstream handle;
            uint flags = (uint)(nonBlocking ? CUstream_flags.CU_STREAM_NON_BLOCKING : CUstream_flags.CU_STREAM_DEFAULT);
            if (priority is { } value)
            {
                Cuda.Check(Cuda.cuStreamCreateWithPriority(&handle, flags, value));
            }
            else
            {
                Cuda.Check(Cuda.cuStreamCreate(&handle, flags));
            }

            _handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal CudaStream(CudaContext context, CUstream handle)
        : base(context)
    {
        Context = context;
        _handle = handle;
    }

    /// <summary>The context the stream belongs to.</summary>
    public CudaContext Context { get; }

    /// <summary>The driver's handle, for calls on the raw floor and for other libraries.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public CUstream Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The stream's priority; smaller numbers go first.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public unsafe int Priority
    {
        get
        {
            CUstream handle = Enter();
            int priority;
            Cuda.Check(Cuda.cuStreamGetPriority(handle, &priority));
            return priority;
        }
    }

    /// <summary>Whether everything put into the stream is done. Does not wait.</summary>
    /// <exception cref="CudaException">Something given to the stream before has failed.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public bool IsComplete
    {
        get
        {
            CUresult status = Cuda.cuStreamQuery(Enter());
            if (status == CUresult.CUDA_ERROR_NOT_READY)
            {
                return false;
            }

            Cuda.Check(status, "cuStreamQuery");
            return true;
        }
    }

    /// <summary>The handle for children, which keep the stream alive even after it was disposed.</summary>
    internal CUstream KeptHandle => _handle;

    /// <summary>Waits until everything put into the stream is done.</summary>
    /// <exception cref="CudaException">Something given to the stream before has failed.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Synchronize() => Cuda.Check(Cuda.cuStreamSynchronize(Enter()));

    /// <summary>What is put into the stream from now on waits for <paramref name="cudaEvent"/>'s last recording. The caller does not wait.</summary>
    /// <exception cref="ObjectDisposedException">The stream or the event is disposed.</exception>
    public void Wait(CudaEvent cudaEvent)
    {
        ArgumentNullException.ThrowIfNull(cudaEvent);
        Cuda.Check(Cuda.cuStreamWaitEvent(Enter(), cudaEvent.Handle, 0));
    }

    /// <summary>Puts <paramref name="cudaEvent"/> into the stream: it is complete when everything put in before is done.</summary>
    /// <exception cref="ArgumentException">The event belongs to another context.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the event is disposed.</exception>
    public void Record(CudaEvent cudaEvent)
    {
        ArgumentNullException.ThrowIfNull(cudaEvent);
        CUstream handle = Enter();
        if (cudaEvent.Context.KeptHandle != Context.KeptHandle)
        {
            ThrowOtherContext(cudaEvent);
        }

        Cuda.Check(Cuda.cuEventRecord(cudaEvent.Handle, handle));
    }

    /// <summary>Copies from host to device. <paramref name="source"/> may be reused on return (<c>cuMemcpyHtoDAsync</c> stages pageable memory), unless it lies in pinned memory.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public unsafe void CopyToDevice<T>(ReadOnlySpan<T> source, DeviceSpan<T> destination)
        where T : unmanaged
    {
        fixed (T* pointer = source)
        {
            CopyToDevice(pointer, source.Length, destination);
        }
    }

    /// <summary>Copies from pinned memory to the device, truly asynchronously: <paramref name="source"/> must stay as it is until the copy is done.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the memory is disposed.</exception>
    public unsafe void CopyToDevice<T>(PinnedMemory<T> source, DeviceSpan<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        CopyToDevice(source.Pointer, source.Length, destination);
    }

    /// <summary>Copies from device to host. The copy is done on return (<c>cuMemcpyDtoHAsync</c> waits with pageable memory), unless <paramref name="destination"/> lies in pinned memory.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public unsafe void CopyToHost<T>(DeviceSpan<T> source, Span<T> destination)
        where T : unmanaged
    {
        fixed (T* pointer = destination)
        {
            CopyToHost(source, pointer, destination.Length);
        }
    }

    /// <summary>Copies from the device to pinned memory, truly asynchronously: <paramref name="destination"/> holds the elements once the stream is synchronised.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the memory is disposed.</exception>
    public unsafe void CopyToHost<T>(DeviceSpan<T> source, PinnedMemory<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(destination);
        CopyToHost(source, destination.Pointer, destination.Length);
    }

    /// <summary>Copies within the device. The two must not overlap.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Copy<T>(DeviceSpan<T> source, DeviceSpan<T> destination)
        where T : unmanaged
    {
        CUstream handle = Enter();
        if (Fits(source.Length, destination.Length))
        {
            Cuda.Check(Cuda.cuMemcpyDtoDAsync_v2(destination.Address, source.Address, (nuint)source.Bytes, handle));
        }
    }

    /// <summary>Sets every byte to <paramref name="value"/>.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Fill(DeviceSpan<byte> destination, byte value)
    {
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            Cuda.Check(Cuda.cuMemsetD8Async(destination.Address, value, (nuint)destination.Length, handle));
        }
    }

    /// <summary>Sets every 16-bit element to <paramref name="value"/>.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Fill(DeviceSpan<ushort> destination, ushort value)
    {
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            Cuda.Check(Cuda.cuMemsetD16Async(destination.Address, value, (nuint)destination.Length, handle));
        }
    }

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Fill(DeviceSpan<uint> destination, uint value)
    {
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            Cuda.Check(Cuda.cuMemsetD32Async(destination.Address, value, (nuint)destination.Length, handle));
        }
    }

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Fill(DeviceSpan<int> destination, int value) => Fill(destination.Cast<uint>(), unchecked((uint)value));

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Fill(DeviceSpan<float> destination, float value) => Fill(destination.Cast<uint>(), BitConverter.SingleToUInt32Bits(value));

    /// <summary>Sets every byte of <paramref name="destination"/> to 0.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Clear<T>(DeviceSpan<T> destination)
        where T : unmanaged => Fill(destination.Cast<byte>(), 0);

    /// <summary>Checks that the stream can be used and makes its context current.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal CUstream Enter()
    {
        ThrowIfDisposed();
        Context.EnsureCurrent();
        return _handle;
    }

    private protected override void Release()
    {
        if (_owned && _handle != default && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuStreamDestroy_v2(_handle);
        }

        _handle = default;
    }

    [DoesNotReturn]
    private void ThrowOtherContext(CudaEvent cudaEvent) => throw new ArgumentException(
        $"The event belongs to another context (of device {cudaEvent.Context.Device}) than the stream (of device {Context.Device}). Record an event of the stream's own context.",
        nameof(cudaEvent));

    private unsafe void CopyToDevice<T>(T* source, long length, DeviceSpan<T> destination)
        where T : unmanaged
    {
        CUstream handle = Enter();
        if (Fits(length, destination.Length))
        {
            Cuda.Check(Cuda.cuMemcpyHtoDAsync_v2(destination.Address, source, (nuint)length * (nuint)sizeof(T), handle));
        }
    }

    private unsafe void CopyToHost<T>(DeviceSpan<T> source, T* destination, long length)
        where T : unmanaged
    {
        CUstream handle = Enter();
        if (Fits(source.Length, length))
        {
            Cuda.Check(Cuda.cuMemcpyDtoHAsync_v2(destination, source.Address, (nuint)source.Bytes, handle));
        }
    }

    /// <summary>Whether there is anything to copy; throws where it does not fit.</summary>
    private static bool Fits(long source, long destination)
    {
        if (destination < source)
        {
            ThrowTooShort(source, destination);
        }

        return source != 0;
    }

    [DoesNotReturn]
    private static void ThrowTooShort(long source, long destination) => throw new ArgumentException(
        $"{source} elements were to be copied to a destination of {destination}. Slice the source or pass a longer destination.", nameof(destination));
}
