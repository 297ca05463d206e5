using System.Runtime.InteropServices;
using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Fetches a library's own words about the error that its last call on this thread ended with.</summary>
internal static unsafe class LastErrorText
{
    private const int Capacity = 1024;

    public static string Of(CUresult status)
    {
        if (FromCpuDevice(NativeLibraryId.Cuda) is { Length: > 0 } text)
        {
            return text;
        }
        byte* description = null;
        return NativeLibraries.TryGetFunction(NativeLibraryId.Cuda, "cuGetErrorString", out nint f)
            && ((delegate* unmanaged<CUresult, byte**, CUresult>)f)(status, &description) == CUresult.CUDA_SUCCESS
            ? Text(description) : "";
    }

    public static string OfCudnn()
    {
        if (FromCpuDevice(NativeLibraryId.Cudnn) is { Length: > 0 } text)
        {
            return text;
        }
        if (!NativeLibraries.TryGetFunction(NativeLibraryId.Cudnn, "cudnnGetLastErrorString", out nint f))
        {
            return "";
        }
        byte* buffer = stackalloc byte[Capacity];
        buffer[0] = 0;
        ((delegate* unmanaged<byte*, nuint, void>)f)(buffer, Capacity);
        return Text(buffer);
    }

    public static string Of(cublasStatus_t status, NativeLibraryId library)
    {
        if (FromCpuDevice(library) is { Length: > 0 } text)
        {
            return text;
        }
        string name = library == NativeLibraryId.Cublas ? "cublasGetStatusString" : "cublasLtGetStatusString";
        return NativeLibraries.TryGetFunction(library, name, out nint f) ? Text(((delegate* unmanaged<cublasStatus_t, byte*>)f)(status)) : "";
    }

    public static string Of(nvrtcResult status)
        => NativeLibraries.TryGetFunction(NativeLibraryId.Nvrtc, "nvrtcGetErrorString", out nint f) ? Text(((delegate* unmanaged<nvrtcResult, byte*>)f)(status)) : "";

    public static string Of(ncclResult_t status)
    {
        if (FromCpuDevice(NativeLibraryId.Nccl) is { Length: > 0 } text)
        {
            return text;
        }
        // The text of the last error on any communicator; where there is none, what the code means.
        text = NativeLibraries.TryGetFunction(NativeLibraryId.Nccl, "ncclGetLastError", out nint last)
            ? Text(((delegate* unmanaged<ncclComm_t, byte*>)last)(default)) : "";
        return text.Length == 0 && NativeLibraries.TryGetFunction(NativeLibraryId.Nccl, "ncclGetErrorString", out nint f)
            ? Text(((delegate* unmanaged<ncclResult_t, byte*>)f)(status)) : text;
    }

    // First of all, because any further call on this thread may replace the text.
    private static string FromCpuDevice(NativeLibraryId library)
    {
        if (NativeLibraries.Selected != DeviceKind.Cpu || !NativeLibraries.TryGetFunction(library, "cudnnnetCpuTakeLastError", out nint f))
        {
            return "";
        }
        byte* buffer = stackalloc byte[Capacity];
        buffer[0] = 0;
        // The numbers are those of native/cpu/engine/last_error.h.
        int number = library switch
        {
            NativeLibraryId.Cuda => 0,
            NativeLibraryId.Cudnn => 1,
            NativeLibraryId.Cublas => 2,
            NativeLibraryId.CublasLt => 3,
            _ => 4,
        };
        ((delegate* unmanaged<int, byte*, nuint, nuint>)f)(number, buffer, Capacity);
        return Text(buffer);
    }

    private static string Text(byte* utf8) => utf8 == null ? "" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(utf8)).Trim();
}
