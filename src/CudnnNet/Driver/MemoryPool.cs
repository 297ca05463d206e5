using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Device memory kept by the driver for stream-ordered allocation: the device's own pool, or one made by <see cref="CudaContext.CreateMemoryPool"/>.</summary>
/// <remarks>
/// Allocating from a pool (<see cref="Allocate{T}"/>) and freeing are work in a stream: neither waits for the device, and memory freed in a
/// stream is given out again in the same stream at once. A pool gives memory above <see cref="ReleaseThresholdBytes"/> back whenever
/// a stream, event or the context is synchronised.
/// </remarks>
public sealed unsafe partial class MemoryPool : NativeOwner
{
    private readonly bool _owned;
    private CUmemoryPool _handle;

    internal MemoryPool(CudaContext context, CUmemoryPool handle)
        : base(context)
    {
        Context = context;
        _handle = handle;
    }

    internal MemoryPool(CudaContext context, long maximumBytes, bool shareable)
        : base(context)
    {
        Context = context;
        _owned = true;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegative(maximumBytes);
            context.EnsureCurrent();
            CUmemPoolProps_v1 properties = new()
            {
                allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
                location = context.MemoryLocation,
                maxSize = (nuint)maximumBytes,
                handleTypes = shareable
                    ? CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR
                    : CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_NONE,
            };
            CUmemoryPool handle;
            Cuda.Check(Cuda.cuMemPoolCreate(&handle, &properties));
            _handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context on whose device the pool lies. The memory can be used in every context of the device.</summary>
    public CudaContext Context { get; }

    /// <summary>The driver's handle.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public CUmemoryPool Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>How much unused memory the pool keeps, in bytes; 0 (the default) gives everything back at each synchronisation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 0.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public long ReleaseThresholdBytes
    {
        get => Get(CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Set(CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, value);
        }
    }

    /// <summary>The memory the pool holds of the device, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public long ReservedBytes => Get(CUmemPool_attribute.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT);

    /// <summary>The most the pool has held since <see cref="ResetPeaks"/>, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public long PeakReservedBytes => Get(CUmemPool_attribute.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH);

    /// <summary>The memory given out, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public long UsedBytes => Get(CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_CURRENT);

    /// <summary>The most given out at a time since <see cref="ResetPeaks"/>, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public long PeakUsedBytes => Get(CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH);

    /// <summary>Whether memory freed in one stream may be given out in another that is ordered behind it by events; true at first.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public bool ReusesAcrossEvents
    {
        get => GetSwitch(CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES);
        set => SetSwitch(CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES, value);
    }

    /// <summary>Whether memory freed in one stream may be given out in another when the free happens to be done; true at first.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public bool ReusesOpportunistically
    {
        get => GetSwitch(CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC);
        set => SetSwitch(CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, value);
    }

    /// <summary>Whether the driver may make a stream wait for another one to reuse what that one freed; true at first.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public bool ReusesByWaiting
    {
        get => GetSwitch(CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES);
        set => SetSwitch(CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES, value);
    }

    /// <summary>Puts an allocation into <paramref name="stream"/>. The memory may be used by what is put into the stream afterwards.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="stream">The stream that orders allocation, use and free.</param>
    /// <param name="elements">The number of elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The pool or the device has not that much memory left.</exception>
    /// <exception cref="ObjectDisposedException">The pool or the stream is disposed.</exception>
    public StreamMemory<T> Allocate<T>(CudaStream stream, long elements)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new(stream, elements, Handle);
    }

    /// <summary>Gives unused memory back to the device until the pool holds no more than <paramref name="keptBytes"/>.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void Trim(long keptBytes = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keptBytes);
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuMemPoolTrimTo(handle, (nuint)keptBytes));
    }

    /// <summary>Makes this pool the one that <see cref="CudaStream.Allocate{T}"/> takes memory from on this device.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void MakeCurrent()
    {
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuDeviceSetMemPool(Context.DeviceHandle, handle));
    }

    /// <summary>Lets <see cref="PeakReservedBytes"/> and <see cref="PeakUsedBytes"/> start again from what is reserved and used now.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void ResetPeaks()
    {
        Set(CUmemPool_attribute.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH, 0);
        Set(CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH, 0);
    }

    private protected override void Release()
    {
        if (_owned && _handle != default && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuMemPoolDestroy(_handle);
        }

        _handle = default;
    }

    // Sizes are 64-bit numbers, switches 32-bit ones.
    private long Get(CUmemPool_attribute attribute)
    {
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        ulong value;
        Cuda.Check(Cuda.cuMemPoolGetAttribute(handle, attribute, &value));
        return (long)value;
    }

    private void Set(CUmemPool_attribute attribute, long value)
    {
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuMemPoolSetAttribute(handle, attribute, &value));
    }

    private bool GetSwitch(CUmemPool_attribute attribute)
    {
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        int value;
        Cuda.Check(Cuda.cuMemPoolGetAttribute(handle, attribute, &value));
        return value != 0;
    }

    private void SetSwitch(CUmemPool_attribute attribute, bool value)
    {
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        int number = value ? 1 : 0;
        Cuda.Check(Cuda.cuMemPoolSetAttribute(handle, attribute, &number));
    }
}
