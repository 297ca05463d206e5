namespace CudnnNet;

/// <summary>
/// The files that a library of NVIDIA's loads itself, by name. Where it was found by its full path, in a folder the system's loader does
/// not search, that name would not be found either; a file of that name which is in the process already is.
/// </summary>
internal static class LibraryCompanions
{
    /// <summary>The libraries that one needs at times, wherever they lie.</summary>
    public static IReadOnlyList<NativeLibraryId> Needs(NativeLibraryId library) => library switch
    {
        NativeLibraryId.Cudnn => [NativeLibraryId.CublasLt],
        NativeLibraryId.Cublas or NativeLibraryId.CublasLt => [NativeLibraryId.Nvrtc],
        _ => [],
    };

    /// <summary>The names, with wildcards, of the files beside a library that belong to it.</summary>
    /// <param name="library">The library.</param>
    /// <param name="file">The name of its file.</param>
    /// <param name="platform">Whose names to use.</param>
    public static IReadOnlyList<string> Beside(NativeLibraryId library, string file, Platform platform) => library switch
    {
        NativeLibraryId.Cudnn => [platform == Platform.Windows ? "cudnn_*64_9.dll" : "libcudnn_*.so.9"],
        // The same generation: cublas64_13.dll and cublasLt64_13.dll, libcublas.so.12 and libcublasLt.so.12.
        NativeLibraryId.Cublas => [file.Replace("cublas", "cublasLt", StringComparison.Ordinal)],
        NativeLibraryId.Nvrtc => [platform == Platform.Windows ? "nvrtc-builtins64_*.dll" : "libnvrtc-builtins.so.*"],
        _ => [],
    };
}
