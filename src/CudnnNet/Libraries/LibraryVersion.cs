using System.Globalization;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Asks a loaded library for its version, without going through anything that could fail with an exception.</summary>
internal static unsafe class LibraryVersion
{
    /// <summary>The version as in <see cref="NativeSymbols.ComparedVersions"/>, or null where the library does not say.</summary>
    public static string? Of(NativeLibraryId library, Func<string, nint> export)
    {
        int first = 0;
        int second = 0;
        int third = 0;
        switch (library)
        {
            case NativeLibraryId.Cuda when Find("cuDriverGetVersion") is var f and not 0:
                // 13000 is 13.0, 12040 is 12.4.
                return ((delegate* unmanaged<int*, CUresult>)f)(&first) == CUresult.CUDA_SUCCESS && first > 0 ? Join(first / 1000, first % 1000 / 10) : null;
            case NativeLibraryId.Cudnn when Find("cudnnGetVersion") is var f and not 0:
                // 91900 is 9.19.0.
                return ((delegate* unmanaged<nuint>)f)() is var cudnn and > 0 ? Join((int)cudnn / 10000, (int)cudnn / 100 % 100, (int)cudnn % 100) : null;
            case NativeLibraryId.Cublas when Find("cublasGetProperty") is var f and not 0:
                var property = (delegate* unmanaged<libraryPropertyType, int*, cublasStatus_t>)f;
                return property(libraryPropertyType.MAJOR_VERSION, &first) == 0 && property(libraryPropertyType.MINOR_VERSION, &second) == 0
                    && property(libraryPropertyType.PATCH_LEVEL, &third) == 0 && first > 0 ? Join(first, second, third) : null;
            case NativeLibraryId.CublasLt when Find("cublasLtGetVersion") is var f and not 0:
                // 130100 is 13.1.0.
                return ((delegate* unmanaged<nuint>)f)() is var lt and > 0 ? Join((int)lt / 10000, (int)lt / 100 % 100, (int)lt % 100) : null;
            case NativeLibraryId.Nvrtc when Find("nvrtcVersion") is var f and not 0:
                return ((delegate* unmanaged<int*, int*, nvrtcResult>)f)(&first, &second) == 0 ? Join(first, second) : null;
            case NativeLibraryId.Nccl when Find("ncclGetVersion") is var f and not 0:
                // 22809 is 2.28.9.
                return ((delegate* unmanaged<int*, ncclResult_t>)f)(&first) == 0 && first > 0 ? Join(first / 10000, first / 100 % 100, first % 100) : null;
            default:
                return null;
        }

        nint Find(string symbol) => export(symbol);
    }

    private static string Join(params ReadOnlySpan<int> parts)
    {
        var text = new System.Text.StringBuilder();
        foreach (int part in parts)
        {
            text.Append(text.Length > 0 ? "." : "").Append(part.ToString(CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }
}
