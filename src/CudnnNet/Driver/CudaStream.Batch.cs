using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>One copy of a batch: bytes from one place to another, both on the device, managed or pinned.</summary>
/// <param name="Source">Where from.</param>
/// <param name="Destination">Where to.</param>
/// <param name="Bytes">How many bytes, at least 1.</param>
public readonly record struct BatchCopy(DevicePointer Source, DevicePointer Destination, long Bytes)
{
    /// <summary>The copy of a whole span to the beginning of another.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy, at least 1.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    public static BatchCopy Of<T>(DeviceSpan<T> source, DeviceSpan<T> destination)
        where T : unmanaged => destination.Length >= source.Length
            ? new(new(source.Address), new(destination.Address), source.Bytes)
            : throw new ArgumentException($"{source.Length} elements were to be copied to {destination.Length}. Slice the source or take a longer destination.", nameof(destination));
}

/// <content>Many copies in one call.</content>
public sealed unsafe partial class CudaStream
{
    // As many fit into the arrays on the stack; longer batches are several calls.
    private const int BatchLength = 64;

    /// <summary>Puts many copies into the stream in one call, which may run in any order and at the same time: none may write what another one reads or writes.</summary>
    /// <param name="copies">The copies; the span may be reused on return.</param>
    /// <exception cref="ArgumentOutOfRangeException">A copy has less than 1 byte.</exception>
    /// <exception cref="CudaException">A copy reaches beyond its memory; the message says which. Those of the same 64 before it were not made either.</exception>
    /// <exception cref="MissingFunctionException">The driver is older than CUDA 12.8.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void CopyBatch(params ReadOnlySpan<BatchCopy> copies)
    {
        CUstream handle = Enter();
        ulong* destinations = stackalloc ulong[BatchLength];
        ulong* sources = stackalloc ulong[BatchLength];
        nuint* sizes = stackalloc nuint[BatchLength];
        CUmemcpyAttributes_v1 attributes = new() { srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM };
        nuint first = 0;
        for (int begin = 0; begin < copies.Length; begin += BatchLength)
        {
            ReadOnlySpan<BatchCopy> part = copies[begin..Math.Min(begin + BatchLength, copies.Length)];
            for (int i = 0; i < part.Length; i++)
            {
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(part[i].Bytes, nameof(copies));
                destinations[i] = part[i].Destination.Address;
                sources[i] = part[i].Source.Address;
                sizes[i] = (nuint)part[i].Bytes;
            }

            nuint failed = nuint.MaxValue;
            CUresult status = Cuda.cuMemcpyBatchAsync(destinations, sources, sizes, (nuint)part.Length, &attributes, &first, 1, &failed, handle);
            if (status != CUresult.CUDA_SUCCESS)
            {
                ThrowBatch(status, begin, failed, copies.Length);
            }
        }
    }

    [DoesNotReturn]
    private static void ThrowBatch(CUresult status, int begin, nuint failed, int count) => CudaFailure.Throw(
        "cuMemcpyBatchAsync",
        status,
        failed == nuint.MaxValue ? $"{count} copies were to be made" : $"It was copy {begin + (int)failed} of {count}, counted from 0");
}
