namespace CudnnNet;

/// <summary>The operating systems whose file names differ.</summary>
internal enum Platform
{
    Linux,
    Windows,
    MacOS,
}

/// <summary>What the files are called.</summary>
internal static class LibraryNames
{
    public static Platform Current => OperatingSystem.IsWindows() ? Platform.Windows : OperatingSystem.IsMacOS() ? Platform.MacOS : Platform.Linux;

    public static string Display(NativeLibraryId library) => library switch
    {
        NativeLibraryId.Cuda => "the CUDA driver",
        NativeLibraryId.Cudnn => "cuDNN",
        NativeLibraryId.Cublas => "cuBLAS",
        NativeLibraryId.CublasLt => "cuBLASLt",
        NativeLibraryId.Nvrtc => "NVRTC",
        NativeLibraryId.Nccl => "NCCL",
        _ => throw new ArgumentOutOfRangeException(nameof(library), library, "not one of the six libraries"),
    };

    /// <summary>The file of the CPU device.</summary>
    public static string CpuDevice(Platform platform) => platform switch
    {
        Platform.Windows => "cudnnnet_cpu.dll",
        Platform.MacOS => "libcudnnnet_cpu.dylib",
        _ => "libcudnnnet_cpu.so",
    };

    /// <summary>
    /// The names of NVIDIA's file, best first: with a version before without, CUDA 13 before 12 unless
    /// <paramref name="toolkit"/> says that 12 is what the driver or an already loaded library goes with.
    /// </summary>
    public static IReadOnlyList<string> Nvidia(NativeLibraryId library, Platform platform, int toolkit)
    {
        int first = toolkit == 12 ? 12 : 13;
        int second = 25 - first;
        return (library, platform) switch
        {
            (NativeLibraryId.Cuda, Platform.Windows) => ["nvcuda.dll"],
            (NativeLibraryId.Cudnn, Platform.Windows) => ["cudnn64_9.dll"],
            (NativeLibraryId.Cublas, Platform.Windows) => [$"cublas64_{first}.dll", $"cublas64_{second}.dll"],
            (NativeLibraryId.CublasLt, Platform.Windows) => [$"cublasLt64_{first}.dll", $"cublasLt64_{second}.dll"],
            (NativeLibraryId.Nvrtc, Platform.Windows) => [$"nvrtc64_{first}0_0.dll", $"nvrtc64_{second}0_0.dll"],
            (NativeLibraryId.Nccl, Platform.Windows) => ["nccl.dll"],
            (NativeLibraryId.Cuda, _) => ["libcuda.so.1", "libcuda.so"],
            (NativeLibraryId.Cudnn, _) => ["libcudnn.so.9", "libcudnn.so"],
            (NativeLibraryId.Cublas, _) => [$"libcublas.so.{first}", $"libcublas.so.{second}", "libcublas.so"],
            (NativeLibraryId.CublasLt, _) => [$"libcublasLt.so.{first}", $"libcublasLt.so.{second}", "libcublasLt.so"],
            (NativeLibraryId.Nvrtc, _) => [$"libnvrtc.so.{first}", $"libnvrtc.so.{second}", "libnvrtc.so"],
            (NativeLibraryId.Nccl, _) => ["libnccl.so.2", "libnccl.so"],
            _ => throw new ArgumentOutOfRangeException(nameof(library), library, "not one of the six libraries"),
        };
    }
}
