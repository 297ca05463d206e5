using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Device memory that grows in place: its addresses are reserved once, memory is put behind them as it is needed, and what was written stays where it is.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>
/// Made by <see cref="CudaContext.ReserveMemory{T}"/>. Reserving costs address space only; memory comes in whole multiples of
/// <see cref="GranularityBytes"/>. Growing does not wait for the device. Shrinking and disposing do, because what is queued may use the memory.
/// One object is for one thread at a time. The content of new memory is undefined.
/// </remarks>
public sealed unsafe class GrowableMemory<T> : NativeOwner
    where T : unmanaged
{
    private readonly Stack<nuint> _pieces = new();
    private readonly nuint _reserved;
    private ulong _address;
    private nuint _committed;

    internal GrowableMemory(CudaContext context, long maximumElements)
        : base(context)
    {
        Context = context;
        MaximumLength = maximumElements;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumElements);
            context.EnsureCurrent();
            CUmemAllocationProp_v1 properties = Properties;
            nuint granularity;
            Cuda.Check(Cuda.cuMemGetAllocationGranularity(&granularity, &properties, CUmemAllocationGranularity_flags.CU_MEM_ALLOC_GRANULARITY_RECOMMENDED));
            GranularityBytes = (long)granularity;
            nuint bytes = RoundUp(checked((nuint)maximumElements * (nuint)Unsafe.SizeOf<T>()));
            ulong address;
            CUresult status = Cuda.cuMemAddressReserve(&address, bytes, 0, 0, 0);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.Throw("cuMemAddressReserve", status, $"{bytes} bytes of address space were asked for ({maximumElements} elements of {typeof(T).Name})");
            }

            _address = address;
            _reserved = bytes;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the memory belongs to.</summary>
    public CudaContext Context { get; }

    /// <summary>The unit in which memory is put behind the addresses, in bytes.</summary>
    public long GranularityBytes { get; }

    /// <summary>The most elements there can be.</summary>
    public long MaximumLength { get; }

    /// <summary>The number of elements that can be used now; 0 at first.</summary>
    public long Length { get; private set; }

    /// <summary>The memory taken from the device, in bytes: that of <see cref="Length"/>, rounded up.</summary>
    public long CommittedBytes => (long)_committed;

    /// <summary>The elements that can be used now. The address is the same for the object's whole life.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public DeviceSpan<T> Span
    {
        get
        {
            ThrowIfDisposed();
            return new(_address, Length);
        }
    }

    /// <summary>The elements of <paramref name="memory"/> that can be used now.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DeviceSpan<T>(GrowableMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.Span;
    }

    /// <summary>Makes at least so many elements usable; does nothing where there are as many already.</summary>
    /// <param name="elements">The new length; up to <see cref="MaximumLength"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is negative or more than <see cref="MaximumLength"/>.</exception>
    /// <exception cref="CudaException">The device has not that much memory left; the length is as before.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public void Grow(long elements)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(elements);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elements, MaximumLength);
        nuint wanted = RoundUp((nuint)elements * (nuint)Unsafe.SizeOf<T>());
        if (wanted > _committed)
        {
            Context.EnsureCurrent();
            Map(_address + _committed, wanted - _committed, elements);
            _pieces.Push(wanted - _committed);
            _committed = wanted;
        }

        Length = Math.Max(Length, elements);
    }

    /// <summary>Makes only so many elements usable and gives the memory that was added for others back to the device, as far as it was added for them alone. Waits for the context's work.</summary>
    /// <param name="elements">The new length; nothing happens where it is not less.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is negative.</exception>
    /// <exception cref="CudaException">Something given to the context before has failed.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public void Shrink(long elements)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(elements);
        if (elements >= Length)
        {
            return;
        }

        Context.Synchronize();
        Length = elements;
        nuint wanted = RoundUp((nuint)elements * (nuint)Unsafe.SizeOf<T>());
        while (_pieces.TryPeek(out nuint bytes) && _committed - bytes >= wanted)
        {
            Cuda.Check(Cuda.cuMemUnmap(_address + _committed - bytes, bytes));
            _committed -= _pieces.Pop();
        }
    }

    private CUmemAllocationProp_v1 Properties => new() { type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED, location = Context.MemoryLocation };

    private nuint RoundUp(nuint bytes)
    {
        nuint unit = (nuint)GranularityBytes;
        return checked(bytes + unit - 1) / unit * unit;
    }

    private void Map(ulong address, nuint bytes, long elements)
    {
        CUmemAllocationProp_v1 properties = Properties;
        ulong handle;
        CUresult status = Cuda.cuMemCreate(&handle, bytes, &properties, 0);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.ThrowNotAllocated("cuMemCreate", status, bytes, typeof(T), elements);
        }

        status = Cuda.cuMemMap(address, bytes, 0, handle, 0);
        // The mapping keeps the memory.
        _ = Cuda.cuMemRelease(handle);
        Cuda.Check(status, "cuMemMap");
        CUmemAccessDesc_v1 access = new() { location = Context.MemoryLocation, flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE };
        status = Cuda.cuMemSetAccess(address, bytes, &access, 1);
        if (status != CUresult.CUDA_SUCCESS)
        {
            string said = LastErrorText.Of(status);
            _ = Cuda.cuMemUnmap(address, bytes);
            throw new CudaException("cuMemSetAccess", status, said);
        }
    }

    private protected override void Release()
    {
        if (_address != 0 && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuCtxSynchronize();
            while (_pieces.TryPop(out nuint bytes))
            {
                _committed -= bytes;
                _ = Cuda.cuMemUnmap(_address + _committed, bytes);
            }

            _ = Cuda.cuMemAddressFree(_address, _reserved);
        }

        _address = 0;
    }
}
