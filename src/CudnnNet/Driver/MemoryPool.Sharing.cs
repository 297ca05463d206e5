using CudnnNet.Interop;
using Microsoft.Win32.SafeHandles;

namespace CudnnNet;

/// <content>Access from other devices, and sharing with other processes.</content>
public sealed unsafe partial class MemoryPool
{
    /// <summary>Opens a pool of another process from the descriptor that it exported.</summary>
    internal MemoryPool(CudaContext context, SafeFileHandle descriptor)
        : base(context)
    {
        Context = context;
        IsImported = true;
        _owned = true;
        bool kept = false;
        try
        {
            ArgumentNullException.ThrowIfNull(descriptor);
            context.EnsureCurrent();
            descriptor.DangerousAddRef(ref kept);
            CUmemoryPool handle;
            Cuda.Check(Cuda.cuMemPoolImportFromShareableHandle(
                &handle, (void*)descriptor.DangerousGetHandle(), CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
            _handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            if (kept)
            {
                descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>Whether the pool is another process's. Its memory can be opened here (<see cref="Open{T}"/>), but none allocated.</summary>
    public bool IsImported { get; }

    /// <summary>Lets kernels and copies of another device use the pool's memory, or keeps them from it (<c>cuMemPoolSetAccess</c>).</summary>
    /// <param name="peer">A context of the other device.</param>
    /// <param name="allowed">Whether that device reads and writes the pool's memory, also what is allocated already.</param>
    /// <exception cref="CudaException">The devices have no such link (<see cref="CudaDevice.CanAccessPeer"/>), or it is the pool's own device that is to be kept out.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void SetAccess(CudaContext peer, bool allowed)
    {
        ArgumentNullException.ThrowIfNull(peer);
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        CUmemAccessDesc_v1 access = new()
        {
            location = peer.MemoryLocation,
            flags = allowed ? CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE : CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE,
        };
        CUresult status = Cuda.cuMemPoolSetAccess(handle, &access, 1);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuMemPoolSetAccess", status, $"Device {peer.Device} was to {(allowed ? "use" : "be kept from")} memory of device {Context.Device}");
        }
    }

    /// <summary>Whether the device of <paramref name="peer"/> may read and write the pool's memory.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public bool CanBeAccessedFrom(CudaContext peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        CUmemLocation_v1 location = peer.MemoryLocation;
        CUmemAccess_flags flags;
        Cuda.Check(Cuda.cuMemPoolGetAccess(&flags, handle, &location));
        return flags == CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    }

    /// <summary>A file descriptor by which another process opens the pool (<see cref="CudaContext.ImportMemoryPool"/>); it has to be sent there as descriptors are, over a Unix socket. On Linux.</summary>
    /// <exception cref="CudaException">The pool was not made to be shared.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public SafeFileHandle Export()
    {
        CUmemoryPool handle = Handle;
        Context.EnsureCurrent();
        int descriptor;
        Cuda.Check(Cuda.cuMemPoolExportToShareableHandle(&descriptor, handle, CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        return new(descriptor, ownsHandle: true);
    }

    /// <summary>What another process that has imported this pool passes to <see cref="Open{T}"/> to use the memory. The memory must outlive its use there.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <exception cref="CudaException">The memory is not of a pool that was made to be shared.</exception>
    /// <exception cref="ObjectDisposedException">The pool or the memory is disposed.</exception>
    public PooledMemoryHandle GetHandle<T>(StreamMemory<T> memory)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(memory);
        ThrowIfDisposed();
        Context.EnsureCurrent();
        CUmemPoolPtrExportData_v1 raw;
        Cuda.Check(Cuda.cuMemPoolExportPointer(&raw, memory.Address));
        return new(raw);
    }

    /// <summary>Opens memory of an imported pool. Disposing closes it here, in the order of <paramref name="stream"/>, and frees nothing there.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="stream">The stream that uses the memory and closes it.</param>
    /// <param name="handle">What the other process handed over.</param>
    /// <param name="elements">The number of elements the other process allocated.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The pool was not imported, or the handle is of another one.</exception>
    /// <exception cref="ObjectDisposedException">The pool or the stream is disposed.</exception>
    public StreamMemory<T> Open<T>(CudaStream stream, in PooledMemoryHandle handle, long elements)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elements);
        CUmemoryPool pool = Handle;
        Context.EnsureCurrent();
        CUmemPoolPtrExportData_v1 raw = handle.Raw;
        ulong address;
        Cuda.Check(Cuda.cuMemPoolImportPointer(&address, pool, &raw));
        return new(stream, elements, address);
    }
}
