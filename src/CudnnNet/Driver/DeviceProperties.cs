using System.Globalization;
using System.Runtime.InteropServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What a device is and can do.</summary>
public sealed partial class DeviceProperties
{
    private readonly int _device;

    internal unsafe DeviceProperties(int ordinal, int device)
    {
        Ordinal = ordinal;
        _device = device;

        const int capacity = 256;
        byte* name = stackalloc byte[capacity];
        Cuda.Check(Cuda.cuDeviceGetName(name, capacity, device));
        name[capacity - 1] = 0;
        Name = Marshal.PtrToStringUTF8((nint)name) ?? string.Empty;

        nuint bytes;
        Cuda.Check(Cuda.cuDeviceTotalMem_v2(&bytes, device));
        TotalMemoryBytes = (long)bytes;
        ComputeCapability = new(
            GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
        MultiprocessorCount = GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    }

    /// <summary>The device's ordinal, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>The device's name as its driver tells it.</summary>
    public string Name { get; }

    /// <summary>The compute capability: what the device's code generation can do.</summary>
    public ComputeCapability ComputeCapability { get; }

    /// <summary>The device's memory in bytes.</summary>
    public long TotalMemoryBytes { get; }

    /// <summary>The number of multiprocessors; on the CPU device, of the cores it uses.</summary>
    public int MultiprocessorCount { get; }

    /// <summary>The number of threads that step together.</summary>
    public int WarpSize => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE);

    /// <summary>The most threads a block may have.</summary>
    public int MaxThreadsPerBlock => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);

    /// <summary>The most shared memory a block gets without opting in, in bytes.</summary>
    public int MaxSharedMemoryPerBlockBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);

    /// <summary>The size of the second-level cache in bytes.</summary>
    public int L2CacheBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);

    /// <summary>Any attribute the driver knows, in the unit its name implies (<c>cuDeviceGetAttribute</c>).</summary>
    /// <exception cref="CudaException">The driver does not know the attribute.</exception>
    public unsafe int GetAttribute(CUdevice_attribute attribute)
    {
        int value;
        CUresult status = Cuda.cuDeviceGetAttribute(&value, attribute, _device);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuDeviceGetAttribute", status, $"{attribute} of device {Ordinal} was asked for");
        }

        return value;
    }

    /// <summary>Name, compute capability, multiprocessors and memory in one line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}, compute capability {ComputeCapability}, {MultiprocessorCount} multiprocessors, {TotalMemoryBytes / (double)(1L << 30):0.0} GiB");
}
