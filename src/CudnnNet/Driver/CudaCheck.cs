using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudnnNet.Interop;

public static unsafe partial class Cuda
{
    /// <summary>Returns when the status is success, else throws with the call's name, the code's name and the driver's own words.</summary>
    /// <param name="status">What a function of the driver returned.</param>
    /// <param name="call">The text of the call; the compiler fills it in.</param>
    /// <exception cref="CudaException">The status is anything else.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(CUresult status, [CallerArgumentExpression(nameof(status))] string? call = null)
    {
        if (status != CUresult.CUDA_SUCCESS)
        {
            Throw(status, call);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(CUresult status, string? call) => throw new CudaException(CallName.Of(call), status, LastErrorText.Of(status));
}
