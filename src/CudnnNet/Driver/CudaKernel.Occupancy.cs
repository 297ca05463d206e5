using CudnnNet.Interop;

namespace CudnnNet;

/// <content>What the compiled kernel needs, and how many blocks of it a device holds.</content>
public sealed unsafe partial class CudaKernel
{
    /// <summary>The most threads a block of this kernel may have on its device.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int MaxThreadsPerBlock => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);

    /// <summary>The shared memory the kernel declares itself, in bytes a block.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int StaticSharedBytes => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);

    /// <summary>The constant memory the kernel declares, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int ConstantBytes => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES);

    /// <summary>The local memory the kernel uses, in bytes a thread.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int LocalBytesPerThread => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);

    /// <summary>The registers the kernel uses a thread.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int RegistersPerThread => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS);

    /// <summary>The virtual architecture of the PTX the kernel was compiled from.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public ComputeCapability PtxVersion => Capability(CUfunction_attribute.CU_FUNC_ATTRIBUTE_PTX_VERSION);

    /// <summary>The architecture the kernel was compiled for.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public ComputeCapability BinaryVersion => Capability(CUfunction_attribute.CU_FUNC_ATTRIBUTE_BINARY_VERSION);

    /// <summary>The most dynamic shared memory a launch may ask for, in bytes a block. Must be raised before a launch that wants more than 48 KiB.</summary>
    /// <exception cref="CudaException">Set to more than the device has (<see cref="DeviceProperties.MaxSharedMemoryPerBlockOptInBytes"/>).</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int MaxDynamicSharedBytes
    {
        get => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
        set => SetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, value);
    }

    /// <summary>How much of the first-level cache shall be shared memory, in per cent; -1 leaves it to the driver. A hint.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int PreferredSharedPercent
    {
        get => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT);
        set => SetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, value);
    }

    /// <summary>Whether a launch may use clusters of more than 8 blocks.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public bool AllowsNonPortableClusters
    {
        get => GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED) != 0;
        set => SetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, value ? 1 : 0);
    }

    /// <summary>How many blocks of the kernel a multiprocessor holds at a time.</summary>
    /// <param name="blockThreads">Threads in a block.</param>
    /// <param name="dynamicSharedBytes">Dynamic shared memory a block, in bytes.</param>
    /// <exception cref="CudaException">A number is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int GetMaxActiveBlocks(int blockThreads, long dynamicSharedBytes = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dynamicSharedBytes);
        CUfunction handle = Handle;
        Module.Context.EnsureCurrent();
        int blocks;
        CUresult status = Cuda.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, handle, blockThreads, (nuint)dynamicSharedBytes);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuOccupancyMaxActiveBlocksPerMultiprocessor", status, $"Blocks of {blockThreads} threads and {dynamicSharedBytes} bytes of shared memory of kernel {Name} were asked for");
        }

        return blocks;
    }

    /// <summary>The block with which the device is filled best, and the least grid that fills it.</summary>
    /// <param name="dynamicSharedBytes">Dynamic shared memory a block, in bytes, whatever its size.</param>
    /// <param name="mostThreads">The most threads the block shall have; 0 for no limit.</param>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public (int BlockThreads, int LeastGridBlocks) SuggestBlock(long dynamicSharedBytes = 0, int mostThreads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dynamicSharedBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(mostThreads);
        CUfunction handle = Handle;
        Module.Context.EnsureCurrent();
        int grid;
        int block;
        Cuda.Check(Cuda.cuOccupancyMaxPotentialBlockSize(&grid, &block, handle, null, (nuint)dynamicSharedBytes, mostThreads));
        return (block, grid);
    }

    /// <summary>The dynamic shared memory each block can have, in bytes, when a multiprocessor shall hold <paramref name="blocks"/> of them.</summary>
    /// <exception cref="CudaException">So many blocks do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public long GetAvailableDynamicSharedBytes(int blocks, int blockThreads)
    {
        CUfunction handle = Handle;
        Module.Context.EnsureCurrent();
        nuint bytes;
        CUresult status = Cuda.cuOccupancyAvailableDynamicSMemPerBlock(&bytes, handle, blocks, blockThreads);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuOccupancyAvailableDynamicSMemPerBlock", status, $"{blocks} blocks of {blockThreads} threads of kernel {Name} on a multiprocessor were asked for");
        }

        return (long)bytes;
    }

    /// <summary>How many clusters of <see cref="LaunchShape.Cluster"/> the device holds at a time.</summary>
    /// <exception cref="CudaException">The device has no clusters (<see cref="DeviceProperties.CanLaunchClusters"/>).</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int GetMaxActiveClusters(LaunchShape shape)
    {
        CUfunction handle = Handle;
        shape.Validate();
        Module.Context.EnsureCurrent();
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[LaunchAttributes.Most];
        CUlaunchConfig configuration = LaunchAttributes.Configuration(shape, default, attributes);
        int clusters;
        Cuda.Check(Cuda.cuOccupancyMaxActiveClusters(&clusters, handle, &configuration));
        return clusters;
    }

    /// <summary>The most blocks a cluster of the kernel may have with the given grid, block and shared memory.</summary>
    /// <exception cref="CudaException">The device has no clusters (<see cref="DeviceProperties.CanLaunchClusters"/>).</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public int GetMaxClusterBlocks(LaunchShape shape)
    {
        CUfunction handle = Handle;
        shape.Validate();
        Module.Context.EnsureCurrent();
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[LaunchAttributes.Most];
        CUlaunchConfig configuration = LaunchAttributes.Configuration(shape with { Cluster = new(0, 0, 0) }, default, attributes);
        int blocks;
        Cuda.Check(Cuda.cuOccupancyMaxPotentialClusterSize(&blocks, handle, &configuration));
        return blocks;
    }

    // The driver packs 8.6 into 86.
    private ComputeCapability Capability(CUfunction_attribute attribute)
    {
        (int major, int minor) = Math.DivRem(GetAttribute(attribute), 10);
        return new(major, minor);
    }
}
