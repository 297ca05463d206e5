using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The parameters of nodes as the driver wants them, the same for a graph and for its executable.</summary>
internal static unsafe class GraphParameters
{
    /// <summary>The most arguments of a kernel node; as for a launch.</summary>
    public const int MostArguments = 1024;

    public static CUDA_KERNEL_NODE_PARAMS_v2 Kernel(CudaKernel kernel, in LaunchShape shape, void** arguments, void** extra)
    {
        shape.Validate();
        return new()
        {
            func = kernel.Handle,
            gridDimX = shape.Grid.X,
            gridDimY = shape.Grid.Y,
            gridDimZ = shape.Grid.Z,
            blockDimX = shape.Block.X,
            blockDimY = shape.Block.Y,
            blockDimZ = shape.Block.Z,
            sharedMemBytes = shape.SharedBytes,
            kernelParams = arguments,
            extra = extra,
        };
    }

    public static CUDA_MEMCPY3D_v2 Copy(ulong source, void* sourceHost, ulong destination, void* destinationHost, long bytes) => new()
    {
        srcMemoryType = sourceHost == null ? CUmemorytype.CU_MEMORYTYPE_DEVICE : CUmemorytype.CU_MEMORYTYPE_HOST,
        srcDevice = source,
        srcHost = sourceHost,
        dstMemoryType = destinationHost == null ? CUmemorytype.CU_MEMORYTYPE_DEVICE : CUmemorytype.CU_MEMORYTYPE_HOST,
        dstDevice = destination,
        dstHost = destinationHost,
        WidthInBytes = (nuint)bytes,
        Height = 1,
        Depth = 1,
    };

    public static CUDA_MEMSET_NODE_PARAMS_v1 Fill(ulong destination, uint value, uint elementBytes, long elements) => new()
    {
        dst = destination,
        value = value,
        elementSize = elementBytes,
        width = (nuint)elements,
        height = 1,
    };

    /// <summary>Throws where a copy in a graph would copy nothing or write past its destination.</summary>
    public static void CheckCopy(long source, long destination)
    {
        if (source <= 0 || destination < source)
        {
            throw new ArgumentException(
                $"A copy of {source} elements to a destination of {destination} was to be put into a graph; it must copy at least one element and fit.", nameof(destination));
        }
    }

    /// <summary>Throws where a fill in a graph would fill nothing.</summary>
    public static void CheckFill(long elements)
    {
        if (elements <= 0)
        {
            throw new ArgumentException("A fill of no elements was to be put into a graph; it must fill at least one.", nameof(elements));
        }
    }
}
