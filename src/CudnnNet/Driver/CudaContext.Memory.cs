using CudnnNet.Interop;
using Microsoft.Win32.SafeHandles;

namespace CudnnNet;

/// <content>Memory other than plain device memory, pools, access between devices, sharing between processes, limits.</content>
public sealed unsafe partial class CudaContext
{
    /// <summary>The device's pool that stream-ordered allocation uses unless told otherwise. Disposing the object leaves the pool alone.</summary>
    /// <exception cref="CudaException">The device has no pools (<see cref="DeviceProperties.HasMemoryPools"/>).</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public MemoryPool DefaultMemoryPool
    {
        get
        {
            ThrowIfDisposed();
            EnsureCurrent();
            CUmemoryPool pool;
            Cuda.Check(Cuda.cuDeviceGetDefaultMemPool(&pool, _device));
            return new(this, pool);
        }
    }

    /// <summary>The device's pool that <see cref="CudaStream.Allocate{T}"/> takes memory from now. Disposing the object leaves the pool alone.</summary>
    /// <exception cref="CudaException">The device has no pools (<see cref="DeviceProperties.HasMemoryPools"/>).</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public MemoryPool CurrentMemoryPool
    {
        get
        {
            ThrowIfDisposed();
            EnsureCurrent();
            CUmemoryPool pool;
            Cuda.Check(Cuda.cuDeviceGetMemPool(&pool, _device));
            return new(this, pool);
        }
    }

    internal int DeviceHandle => _device;

    /// <summary>Makes a pool of memory on the context's device.</summary>
    /// <param name="maximumBytes">The most the pool may hold; 0 lets the driver choose. Drivers before CUDA 12.2 ignore it.</param>
    /// <param name="shareable">Whether other processes shall be able to open it (<see cref="MemoryPool.Export"/>); on Linux.</param>
    /// <exception cref="CudaException">The device has no pools (<see cref="DeviceProperties.HasMemoryPools"/>).</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public MemoryPool CreateMemoryPool(long maximumBytes = 0, bool shareable = false) => new(this, maximumBytes, shareable);

    /// <summary>Opens a pool that another process shares; see <see cref="MemoryPool.Export"/>. On Linux.</summary>
    /// <param name="descriptor">The descriptor that came from the other process; the caller closes it.</param>
    /// <exception cref="CudaException">The descriptor is none of a pool.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public MemoryPool ImportMemoryPool(SafeFileHandle descriptor) => new(this, descriptor);

    /// <summary>Reserves addresses for memory that grows in place (<c>cuMemAddressReserve</c>); it has no elements at first.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="maximumElements">The most elements there will be, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximumElements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The device cannot do that (<see cref="DeviceProperties.HasVirtualMemoryManagement"/>), or there is not so much address space.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public GrowableMemory<T> ReserveMemory<T>(long maximumElements)
        where T : unmanaged => new(this, maximumElements);

    /// <summary>Allocates memory that host and device reach under one address; the content is undefined.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="elements">The number of elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The device has no managed memory, or not that much left.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public ManagedMemory<T> AllocateManaged<T>(long elements)
        where T : unmanaged => new(this, elements);

    /// <summary>Allocates rows on the device, padded as the device likes it (<c>cuMemAllocPitch</c>); the content is undefined.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="width">Elements in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is 0 or less.</exception>
    /// <exception cref="CudaException">The device has not that much memory left; the message says how much.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public PitchedMemory<T> AllocatePitched<T>(long width, long height)
        where T : unmanaged => new(this, width, height);

    /// <summary>Page-locks memory the program already has, for as long as the returned object lives.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="memory">At least one element; an array, or what <see cref="Memory{T}"/> can hold.</param>
    /// <exception cref="ArgumentException"><paramref name="memory"/> is empty.</exception>
    /// <exception cref="CudaException">The memory is page-locked already, or the host cannot lock that much.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public RegisteredMemory<T> Register<T>(Memory<T> memory)
        where T : unmanaged => new(this, memory);

    /// <summary>Lets kernels of this context use memory of <paramref name="peer"/> directly, until <see cref="DisablePeerAccess"/>. One direction only.</summary>
    /// <exception cref="CudaException">There is no such link (<see cref="CudaDevice.CanAccessPeer"/>), both are on one device, or access is enabled already.</exception>
    /// <exception cref="ObjectDisposedException">A context is disposed.</exception>
    public void EnablePeerAccess(CudaContext peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ThrowIfDisposed();
        CUcontext handle = peer.Handle;
        EnsureCurrent();
        CUresult status = Cuda.cuCtxEnablePeerAccess(handle, 0);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuCtxEnablePeerAccess", status, $"Device {Device} was to use memory of device {peer.Device} directly");
        }
    }

    /// <summary>Ends what <see cref="EnablePeerAccess"/> began.</summary>
    /// <exception cref="CudaException">Access was not enabled.</exception>
    /// <exception cref="ObjectDisposedException">A context is disposed.</exception>
    public void DisablePeerAccess(CudaContext peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ThrowIfDisposed();
        CUcontext handle = peer.Handle;
        EnsureCurrent();
        Cuda.Check(Cuda.cuCtxDisablePeerAccess(handle));
    }

    /// <summary>Opens memory that another process shares; see <see cref="DeviceMemory{T}.GetIpcHandle"/>.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="handle">What the other process handed over.</param>
    /// <param name="elements">The number of elements the other process allocated.</param>
    /// <exception cref="CudaException">The handle is of this process itself, or the memory is gone.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public IpcMemory<T> OpenMemory<T>(in IpcMemoryHandle handle, long elements)
        where T : unmanaged => new(this, handle, elements);

    /// <summary>Opens an event that another process shares; see <see cref="CudaEvent.GetIpcHandle"/>.</summary>
    /// <param name="handle">What the other process handed over.</param>
    /// <exception cref="CudaException">The handle is of this process itself, or the event is gone.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public CudaEvent OpenEvent(in IpcEventHandle handle) => new(this, handle);

    /// <summary>A limit of the context, such as the heap of device-side <c>malloc</c>, in bytes or counts as its name implies (<c>cuCtxGetLimit</c>).</summary>
    /// <exception cref="CudaException">The device has no such limit.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public long GetLimit(CUlimit limit)
    {
        ThrowIfDisposed();
        EnsureCurrent();
        nuint value;
        CUresult status = Cuda.cuCtxGetLimit(&value, limit);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuCtxGetLimit", status, $"{limit} was asked for");
        }

        return (long)value;
    }

    /// <summary>Asks for another limit; the driver may round it, see <see cref="GetLimit"/> (<c>cuCtxSetLimit</c>).</summary>
    /// <exception cref="CudaException">The device has no such limit, or the value is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public void SetLimit(CUlimit limit, long value)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        EnsureCurrent();
        CUresult status = Cuda.cuCtxSetLimit(limit, (nuint)value);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuCtxSetLimit", status, $"{limit} was to be {value}");
        }
    }

    /// <summary>The context's device as a place of memory.</summary>
    internal CUmemLocation_v1 MemoryLocation => new() { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = Device };
}
