using System.Runtime.InteropServices.Marshalling;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>The driver itself: its version, and functions by name and version.</summary>
public static unsafe class CudaDriver
{
    /// <summary>The newest CUDA version the driver knows; what a program of that version asks of it works.</summary>
    /// <exception cref="MissingLibraryException">There is no driver.</exception>
    public static Version Version
    {
        get
        {
            int version;
            Cuda.Check(Cuda.cuDriverGetVersion(&version));
            return new(version / 1000, version % 1000 / 10);
        }
    }

    /// <summary>The function a program of a given CUDA version gets under a name (<c>cuGetProcAddress</c>): cuMemAlloc is the symbol <c>cuMemAlloc_v2</c> since 3.2.</summary>
    /// <param name="name">The name without suffix, as C programs write it.</param>
    /// <param name="version">The CUDA version the program is written for.</param>
    /// <param name="address">The function; 0 where the answer is not success.</param>
    /// <param name="perThreadStream">Whether the null stream shall mean the calling thread's default stream.</param>
    /// <returns>Whether it was found, is not known, or is newer than <paramref name="version"/>.</returns>
    public static CUdriverProcAddressQueryResult GetFunction(string name, Version version, out nint address, bool perThreadStream = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(version);
        void* function = null;
        CUdriverProcAddressQueryResult result = CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
        ulong flags = (ulong)(perThreadStream
            ? CUdriverProcAddress_flags.CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM
            : CUdriverProcAddress_flags.CU_GET_PROC_ADDRESS_LEGACY_STREAM);
        byte* text = Utf8StringMarshaller.ConvertToUnmanaged(name);
        try
        {
            CUresult status = Cuda.cuGetProcAddress_v2(text, &function, (version.Major * 1000) + (version.Minor * 10), flags, &result);
            // Not finding it is an answer, not an error.
            if (status != CUresult.CUDA_ERROR_NOT_FOUND)
            {
                Cuda.Check(status, "cuGetProcAddress_v2");
            }
        }
        finally
        {
            Utf8StringMarshaller.Free(text);
        }

        address = result == CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS ? (nint)function : 0;
        return result;
    }
}
