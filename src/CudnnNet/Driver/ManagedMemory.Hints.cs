using CudnnNet.Interop;

namespace CudnnNet;

/// <content>What the driver was told about the memory.</content>
public sealed unsafe partial class ManagedMemory<T>
{
    /// <summary>Whether all of the memory was advised to be mostly read.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public bool IsReadMostly => Ask(CUmem_range_attribute.CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY) != 0;

    /// <summary>The place all of the memory was advised to stay at: a device's ordinal, -1 for the host; null where there is none, or several.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public int? PreferredPlace => Place(CUmem_range_attribute.CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION);

    /// <summary>The place all of the memory was last moved ahead to: a device's ordinal, -1 for the host; null where there is none, or several. The move may still go on.</summary>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    public int? LastPrefetchPlace => Place(CUmem_range_attribute.CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION);

    /// <summary>Gives the content up, in the order of <paramref name="stream"/>, so that it need not be moved; it is undefined until it is written again.</summary>
    /// <exception cref="CudaException">The device cannot move managed memory ahead (<see cref="DeviceProperties.HasConcurrentManagedAccess"/>).</exception>
    /// <exception cref="MissingFunctionException">The driver is older than CUDA 13.0.</exception>
    /// <exception cref="ObjectDisposedException">The memory or the stream is disposed.</exception>
    public void Discard(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        ulong address = _address;
        nuint bytes = (nuint)Bytes;
        Cuda.Check(Cuda.cuMemDiscardBatchAsync(&address, &bytes, 1, 0, stream.Enter()));
    }

    // CU_DEVICE_INVALID
    private const int NoPlace = -2;

    private int? Place(CUmem_range_attribute attribute) => Ask(attribute) is int place && place != NoPlace ? place : null;

    private int Ask(CUmem_range_attribute attribute)
    {
        ThrowIfDisposed();
        Context.EnsureCurrent();
        int value;
        Cuda.Check(Cuda.cuMemRangeGetAttribute(&value, sizeof(int), attribute, _address, (nuint)Bytes));
        return value;
    }
}
