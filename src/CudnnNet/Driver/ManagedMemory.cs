using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Memory that host and device reach under one address, allocated by <see cref="CudaContext.AllocateManaged{T}"/>; the driver moves it to where it is used.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>
/// The content is undefined after allocation. Where <see cref="DeviceProperties.HasConcurrentManagedAccess"/> is false, the host must not touch
/// the memory while any work is queued: synchronise first. Where it is true, synchronising the stream that writes is enough.
/// </remarks>
public sealed partial class ManagedMemory<T> : NativeOwner
    where T : unmanaged
{
    private ulong _address;

    internal unsafe ManagedMemory(CudaContext context, long elements)
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
            CUresult status = Cuda.cuMemAllocManaged(&address, bytes, (uint)CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.ThrowNotAllocated("cuMemAllocManaged", status, bytes, typeof(T), elements);
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

    /// <summary>The whole memory, as the device sees it.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public DeviceSpan<T> Device
    {
        get
        {
            ThrowIfDisposed();
            return new(_address, Length);
        }
    }

    /// <summary>The whole memory, to read and write on the host.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    /// <exception cref="OverflowException">The memory has more than 2³¹ - 1 elements.</exception>
    public unsafe Span<T> Host
    {
        get
        {
            ThrowIfDisposed();
            return new((void*)_address, checked((int)Length));
        }
    }

    /// <summary>The whole of <paramref name="memory"/>, as the device sees it.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public static implicit operator DeviceSpan<T>(ManagedMemory<T> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.Device;
    }

    /// <summary>Moves the memory to the context's device, in the order of <paramref name="stream"/>; a hint that saves faults.</summary>
    /// <exception cref="CudaException">The device cannot move managed memory ahead (<see cref="DeviceProperties.HasConcurrentManagedAccess"/>).</exception>
    /// <exception cref="ObjectDisposedException">The memory or the stream is disposed.</exception>
    public void PrefetchToDevice(CudaStream stream) => Prefetch(stream, Context.Device);

    /// <summary>Moves the memory to the host, in the order of <paramref name="stream"/>; a hint that saves faults.</summary>
    /// <exception cref="CudaException">The device cannot move managed memory ahead (<see cref="DeviceProperties.HasConcurrentManagedAccess"/>).</exception>
    /// <exception cref="ObjectDisposedException">The memory or the stream is disposed.</exception>
    public void PrefetchToHost(CudaStream stream) => Prefetch(stream, HostPlace);

    /// <summary>Tells the driver how the memory will be used by the context's device (<c>cuMemAdvise</c>).</summary>
    /// <exception cref="CudaException">The device does not take the advice.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public void Advise(CUmem_advise advice)
    {
        ThrowIfDisposed();
        Context.EnsureCurrent();
        Cuda.Check(Cuda.cuMemAdvise(_address, (nuint)Bytes, advice, Context.Device));
    }

    // CU_DEVICE_CPU
    private const int HostPlace = -1;

    private void Prefetch(CudaStream stream, int place)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        // The unsuffixed symbol of CUDA 12; later drivers keep it beside the _v2 of 12.2.
        Cuda.Check(Cuda.cuMemPrefetchAsync(_address, (nuint)Bytes, place, stream.Enter()));
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
