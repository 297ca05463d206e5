using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Device memory whose allocation and free are work in a stream. Made by <see cref="CudaStream.Allocate{T}"/> or <see cref="MemoryPool.Allocate{T}"/>.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>
/// Disposing puts the free into the stream that allocated it: what was put into that stream before may use the memory to its end. Use in
/// another stream must be ordered by events, or the memory be freed there with <see cref="Free"/>. The content is undefined at first.
/// </remarks>
public sealed class StreamMemory<T> : NativeOwner
    where T : unmanaged
{
    private ulong _address;

    internal unsafe StreamMemory(CudaStream stream, long elements, CUmemoryPool pool)
        : base(stream)
    {
        Stream = stream;
        Length = elements;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elements);
            nuint bytes = checked((nuint)elements * (nuint)Unsafe.SizeOf<T>());
            CUstream queue = stream.Enter();
            ulong address;
            CUresult status = pool == default ? Cuda.cuMemAllocAsync(&address, bytes, queue) : Cuda.cuMemAllocFromPoolAsync(&address, bytes, pool, queue);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.ThrowNotAllocated(pool == default ? "cuMemAllocAsync" : "cuMemAllocFromPoolAsync", status, bytes, typeof(T), elements);
            }

            _address = address;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Memory of another process's pool that was opened already.</summary>
    internal StreamMemory(CudaStream stream, long elements, ulong address)
        : base(stream)
    {
        Stream = stream;
        Length = elements;
        _address = address;
    }

    /// <summary>The stream the memory was allocated in.</summary>
    public CudaStream Stream { get; }

    /// <summary>The length in elements.</summary>
    public long Length { get; }

    /// <summary>The length in bytes.</summary>
    public long Bytes => Length * Unsafe.SizeOf<T>();

    /// <summary>The device address of the first element; aligned to 256 bytes or more.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public ulong Address
    {
        get
        {
            ThrowIfDisposed();
            return _address;
        }
    }

    /// <summary>The whole memory.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public DeviceSpan<T> Span => new(Address, Length);

    /// <summary>The whole of <paramref name="memory"/>.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DeviceSpan<T>(StreamMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.Span;
    }

    /// <summary>The untyped address of <paramref name="memory"/>.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DevicePointer(StreamMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return new(memory.Address);
    }

    /// <summary>Puts the free into another stream than the one that allocated the memory, and ends the use of this object.</summary>
    /// <param name="stream">A stream that is ordered behind the allocation.</param>
    /// <exception cref="CudaException">The driver does not free it there; the object can still be disposed.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed, or the stream is disposed.</exception>
    public void Free(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ulong address = Address;
        Cuda.Check(Cuda.cuMemFreeAsync(address, stream.Enter()));
        _address = 0;
        Dispose();
    }

    private protected override void Release()
    {
        if (_address != 0 && Stream.Context.TryEnsureCurrent())
        {
            _ = Cuda.cuMemFreeAsync(_address, Stream.KeptHandle);
        }

        _address = 0;
    }
}
