using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Page-locked memory of the host, allocated by <see cref="CudaContext.AllocatePinned{T}"/>: the only host memory a stream copies truly asynchronously.</summary>
/// <typeparam name="T">The element; any unmanaged type.</typeparam>
/// <remarks>
/// The content is undefined after allocation. The memory must not be disposed while a queued copy reads or writes it; synchronise the stream first.
/// </remarks>
public sealed class PinnedMemory<T> : NativeOwner
    where T : unmanaged
{
    private unsafe T* _pointer;

    internal unsafe PinnedMemory(CudaContext context, long elements)
        : base(context)
    {
        Context = context;
        Length = elements;
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elements);
            nuint bytes = checked((nuint)elements * (nuint)Unsafe.SizeOf<T>());
            context.EnsureCurrent();
            void* pointer;
            CUresult status = Cuda.cuMemHostAlloc(&pointer, bytes, Portable);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.ThrowNotAllocated("cuMemHostAlloc", status, bytes, typeof(T), elements);
            }

            _pointer = (T*)pointer;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The context the memory was allocated in; every context of the process treats it as pinned.</summary>
    public CudaContext Context { get; }

    /// <summary>The length in elements.</summary>
    public long Length { get; }

    /// <summary>The length in bytes.</summary>
    public long Bytes => Length * Unsafe.SizeOf<T>();

    /// <summary>The host address of the first element.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public unsafe T* Pointer
    {
        get
        {
            ThrowIfDisposed();
            return _pointer;
        }
    }

    /// <summary>The whole memory, to read and write on the host.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    /// <exception cref="OverflowException">The memory has more than 2³¹ - 1 elements; use <see cref="Slice"/>.</exception>
    public unsafe Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>The part of <paramref name="length"/> elements from element <paramref name="start"/> on, to read and write on the host.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the memory.</exception>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public unsafe Span<T> Slice(long start, int length)
    {
        if ((ulong)start > (ulong)Length || (ulong)length > (ulong)(Length - start))
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), $"The part of {length} elements from element {start} on does not lie inside pinned memory of {Length} elements.");
        }

        return new(Pointer + start, length);
    }

    // CU_MEMHOSTALLOC_PORTABLE
    private const uint Portable = 1;

    private protected override unsafe void Release()
    {
        if (_pointer is not null && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuMemFreeHost(_pointer);
        }

        _pointer = null;
    }
}
