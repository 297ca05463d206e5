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
