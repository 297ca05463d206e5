using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <content>Stream-ordered allocation, copies of rows, copies between contexts, fills of rows.</content>
public sealed unsafe partial class CudaStream
{
    /// <summary>Puts an allocation from the device's current pool into the stream; see <see cref="MemoryPool"/>.</summary>
    /// <typeparam name="T">The element; any unmanaged type.</typeparam>
    /// <param name="elements">The number of elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is 0 or less.</exception>
    /// <exception cref="CudaException">The device has not that much memory left.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public StreamMemory<T> Allocate<T>(long elements)
        where T : unmanaged => new(this, elements, default(CUmemoryPool));

    /// <summary>Copies rows within the device. The two must not overlap.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The rows to copy.</param>
    /// <param name="destination">Where to: as many rows of as many elements; the pitch may be another.</param>
    /// <exception cref="ArgumentException">The extents differ.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void CopyRows<T>(PitchedSpan<T> source, PitchedSpan<T> destination)
        where T : unmanaged
    {
        CheckExtent(source.Width, source.Height, destination.Width, destination.Height);
        CUstream handle = Enter();
        if (!source.IsEmpty)
        {
            CUDA_MEMCPY2D_v2 copy = new()
            {
                srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                srcDevice = source.Address,
                srcPitch = (nuint)source.PitchBytes,
                dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                dstDevice = destination.Address,
                dstPitch = (nuint)destination.PitchBytes,
                WidthInBytes = (nuint)source.RowBytes,
                Height = (nuint)source.Height,
            };
            Cuda.Check(Cuda.cuMemcpy2DAsync_v2(&copy, handle));
        }
    }

    /// <summary>Copies rows from host to device. <paramref name="source"/> may be reused on return, unless it lies in pinned memory.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The rows, one after the other.</param>
    /// <param name="sourceStride">From the start of a row to the start of the next, in elements; at least the destination's width.</param>
    /// <param name="destination">Where to.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> has not that many rows, or the stride is less than a row.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void CopyRowsToDevice<T>(ReadOnlySpan<T> source, int sourceStride, PitchedSpan<T> destination)
        where T : unmanaged
    {
        CheckHost(source.Length, sourceStride, destination.Width, destination.Height);
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            fixed (T* pointer = source)
            {
                CUDA_MEMCPY2D_v2 copy = new()
                {
                    srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
                    srcHost = pointer,
                    srcPitch = (nuint)sourceStride * (nuint)sizeof(T),
                    dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                    dstDevice = destination.Address,
                    dstPitch = (nuint)destination.PitchBytes,
                    WidthInBytes = (nuint)destination.RowBytes,
                    Height = (nuint)destination.Height,
                };
                Cuda.Check(Cuda.cuMemcpy2DAsync_v2(&copy, handle));
            }
        }
    }

    /// <summary>Copies rows from device to host. The copy is done on return, unless <paramref name="destination"/> lies in pinned memory.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The rows to copy.</param>
    /// <param name="destination">Where to, one row after the other; what lies between the rows stays as it is.</param>
    /// <param name="destinationStride">From the start of a row to the start of the next, in elements; at least the source's width.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has not room for that many rows, or the stride is less than a row.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void CopyRowsToHost<T>(PitchedSpan<T> source, Span<T> destination, int destinationStride)
        where T : unmanaged
    {
        CheckHost(destination.Length, destinationStride, source.Width, source.Height);
        CUstream handle = Enter();
        if (!source.IsEmpty)
        {
            fixed (T* pointer = destination)
            {
                CUDA_MEMCPY2D_v2 copy = new()
                {
                    srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                    srcDevice = source.Address,
                    srcPitch = (nuint)source.PitchBytes,
                    dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
                    dstHost = pointer,
                    dstPitch = (nuint)destinationStride * (nuint)sizeof(T),
                    WidthInBytes = (nuint)source.RowBytes,
                    Height = (nuint)source.Height,
                };
                Cuda.Check(Cuda.cuMemcpy2DAsync_v2(&copy, handle));
            }
        }
    }

    /// <summary>Copies between the memories of two contexts, which may be of two devices; works without peer access, only slower (<c>cuMemcpyPeerAsync</c>).</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="source">The elements to copy.</param>
    /// <param name="sourceContext">The context of <paramref name="source"/>.</param>
    /// <param name="destination">Where to; at least as long, the rest stays as it is.</param>
    /// <param name="destinationContext">The context of <paramref name="destination"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a context is disposed.</exception>
    public void CopyPeer<T>(DeviceSpan<T> source, CudaContext sourceContext, DeviceSpan<T> destination, CudaContext destinationContext)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sourceContext);
        ArgumentNullException.ThrowIfNull(destinationContext);
        CUstream handle = Enter();
        if (Fits(source.Length, destination.Length))
        {
            Cuda.Check(Cuda.cuMemcpyPeerAsync(
                destination.Address, destinationContext.Handle, source.Address, sourceContext.Handle, (nuint)source.Bytes, handle));
        }
    }

    /// <summary>Sets every byte of the rows to <paramref name="value"/>; what lies between the rows stays as it is.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void FillRows(PitchedSpan<byte> destination, byte value)
    {
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            Cuda.Check(Cuda.cuMemsetD2D8Async(destination.Address, (nuint)destination.PitchBytes, value, (nuint)destination.Width, (nuint)destination.Height, handle));
        }
    }

    /// <summary>Sets every 16-bit element of the rows to <paramref name="value"/>; what lies between the rows stays as it is.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void FillRows(PitchedSpan<ushort> destination, ushort value)
    {
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            Cuda.Check(Cuda.cuMemsetD2D16Async(destination.Address, (nuint)destination.PitchBytes, value, (nuint)destination.Width, (nuint)destination.Height, handle));
        }
    }

    /// <summary>Sets every element of the rows to <paramref name="value"/>; what lies between the rows stays as it is.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void FillRows(PitchedSpan<uint> destination, uint value)
    {
        CUstream handle = Enter();
        if (!destination.IsEmpty)
        {
            Cuda.Check(Cuda.cuMemsetD2D32Async(destination.Address, (nuint)destination.PitchBytes, value, (nuint)destination.Width, (nuint)destination.Height, handle));
        }
    }

    /// <summary>Sets every element of the rows to <paramref name="value"/>; what lies between the rows stays as it is.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void FillRows(PitchedSpan<float> destination, float value) =>
        FillRows(new PitchedSpan<uint>(destination.Address, destination.Width, destination.Height, destination.PitchBytes), BitConverter.SingleToUInt32Bits(value));

    private static void CheckExtent(long sourceWidth, long sourceHeight, long width, long height)
    {
        if (sourceWidth != width || sourceHeight != height)
        {
            ThrowOtherExtent(sourceWidth, sourceHeight, width, height);
        }
    }

    private static void CheckHost(long length, long stride, long width, long height)
    {
        if (width != 0 && height != 0 && (stride < width || length < (stride * (height - 1)) + width))
        {
            ThrowHostTooShort(length, stride, width, height);
        }
    }

    [DoesNotReturn]
    private static void ThrowOtherExtent(long sourceWidth, long sourceHeight, long width, long height) => throw new ArgumentException(
        $"{sourceHeight} rows of {sourceWidth} elements were to be copied to {height} rows of {width}. Slice them to one extent.");

    [DoesNotReturn]
    private static void ThrowHostTooShort(long length, long stride, long width, long height) => throw new ArgumentException(
        $"{height} rows of {width} elements, {stride} apart, do not fit into {length} elements of the host. The stride must be at least a row, the memory at least {(stride * (height - 1)) + width} elements.");
}
