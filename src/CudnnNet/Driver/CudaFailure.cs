using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Errors of the driver with what was asked for added to what the driver says.</summary>
internal static unsafe class CudaFailure
{
    /// <summary>Throws for a call that failed.</summary>
    /// <param name="function">The driver's function.</param>
    /// <param name="status">What it answered.</param>
    /// <param name="asked">What was asked for, and what may help.</param>
    /// <exception cref="CudaException">Always.</exception>
    [DoesNotReturn]
    internal static void Throw(string function, CUresult status, string asked)
    {
        string said = LastErrorText.Of(status).TrimEnd('.');
        throw new CudaException(function, status, said.Length == 0 ? asked : $"{said}. {asked}");
    }

    /// <summary>Throws for an allocation that failed.</summary>
    /// <exception cref="CudaException">Always.</exception>
    [DoesNotReturn]
    internal static void ThrowNotAllocated(string function, CUresult status, nuint bytes, Type type, long elements)
    {
        // The driver's words first: another call may replace them.
        string said = LastErrorText.Of(status).TrimEnd('.');
        nuint free;
        nuint total;
        string found = Cuda.cuMemGetInfo_v2(&free, &total) == CUresult.CUDA_SUCCESS ? $" {free} of the device's {total} bytes are free." : string.Empty;
        throw new CudaException(
            function, status, $"{(said.Length == 0 ? string.Empty : $"{said}. ")}{bytes} bytes were asked for ({elements} elements of {type.Name}).{found} Free memory or ask for less");
    }
}
