// Which device computes and why, which libraries serve it, and what each device can do.
using CudnnNet;
using CudnnNet.Interop;

IReadOnlyList<CudaDevice> devices = CudaDevice.All;
if (devices.Count > 0)
{
    // The libraries are loaded at their first use; these make it.
    using CudaContext context = devices[0].RetainPrimaryContext();
    using CudaStream stream = context.CreateStream();
    using CudnnHandle cudnn = new(stream);
    using CublasHandle cublas = new(stream);
}

Console.WriteLine(NativeLibraries.Describe());
Console.WriteLine($"CUDA {CudaDriver.Version}, devices: {devices.Count}");
foreach (CudaDevice device in devices)
{
    DeviceProperties properties = device.Properties;
    Console.WriteLine();
    Console.WriteLine(device);
    Print("compute capability", properties.ComputeCapability);
    Print("memory", $"{properties.TotalMemoryBytes} bytes");
    Print("multiprocessors", properties.MultiprocessorCount);
    Print("threads of a warp", properties.WarpSize);
    Print("threads of a block", $"at most {properties.MaxThreadsPerBlock}");
    Print("shared memory of a block", $"at most {properties.MaxSharedMemoryPerBlockBytes} bytes");
    Print("L2 cache", $"{properties.L2CacheBytes} bytes");
    Print("address on the bus", device.PciBusId);

    // Whatever has no property of its own is an attribute.
    Print("clock", $"{properties.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE)} kHz");
    Print("memory pools", properties.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED) != 0 ? "yes" : "no");
}

static void Print(string name, object value) => Console.WriteLine($"  {name,-26}{value}");
