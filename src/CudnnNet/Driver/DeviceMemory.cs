using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Memory on the device, allocated by <see cref="CudaContext.Allocate{T}"/> and freed by <see cref="NativeOwner.Dispose"/>.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>
/// The content is undefined after allocation. Freeing (<c>cuMemFree</c>) waits for the device to finish what it was given before,
/// so that memory may be disposed while work on it is queued.
/// </remarks>
public sealed class DeviceMemory<T> : NativeOwner
    where T : unmanaged
{
    private ulong _address;

    internal unsafe DeviceMemory(CudaContext context, long elements)
        : base(context)
    {
        Context = context;
        Length = elements;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elements);
            nuint bytes = checked((nuint)elements * (nuint)Unsafe.SizeOf<T>());
            context.EnsureCurrent();
            ulong address;
            CUresult status = Cuda.cuMemAlloc_v2(&address, bytes);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.ThrowNotAllocated("cuMemAlloc_v2", status, bytes, typeof(T), elements);
            }

            _address = address;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the memory belongs to.</summary>
    public CudaContext Context { get; }

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
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DeviceSpan<T>(DeviceMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.Span;
    }

    /// <summary>The untyped address of <paramref name="memory"/>.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DevicePointer(DeviceMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return new(memory.Address);
    }

    /// <summary>The part of <paramref name="length"/> elements from element <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the memory.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public DeviceSpan<T> Slice(long start, long length) => Span.Slice(start, length);

    /// <summary>What another process passes to <see cref="CudaContext.OpenMemory{T}"/> to use this memory. The memory must outlive its use there.</summary>
    /// <exception cref="CudaException">The device cannot share memory.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public unsafe IpcMemoryHandle GetIpcHandle()
    {
        ulong address = Address;
        Context.EnsureCurrent();
        CUipcMemHandle_v1 raw;
        Cuda.Check(Cuda.cuIpcGetMemHandle(&raw, address));
        return new(raw);
    }

    private protected override void Release()
    {
        if (_address != 0 && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuMemFree_v2(_address);
        }

        _address = 0;
    }
}
