namespace CudnnNet;

/// <summary>What computes: a GPU through NVIDIA's libraries, or this package's CPU device with the same interfaces.</summary>
public enum DeviceKind
{
    /// <summary>The GPU where the driver loads and counts a device, else the CPU device.</summary>
    Auto,

    /// <summary>A GPU; an error where there is none.</summary>
    Cuda,

    /// <summary>The CPU device.</summary>
    Cpu,
}
