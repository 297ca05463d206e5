namespace CudnnNet;

/// <summary>The native libraries that this package speaks to.</summary>
public enum NativeLibraryId
{
    /// <summary>The CUDA driver (libcuda).</summary>
    Cuda,

    /// <summary>cuBLAS.</summary>
    Cublas,

    /// <summary>cuBLASLt.</summary>
    CublasLt,

    /// <summary>cuDNN 9.</summary>
    Cudnn,

    /// <summary>NVRTC, the run-time compiler; always the real library, also on the CPU device.</summary>
    Nvrtc,

    /// <summary>NCCL.</summary>
    Nccl,
}

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
