using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudnnNet.Interop;

public static unsafe partial class CublasLt
{
    /// <summary>Returns when the status is success, else throws with the call's name, the code's name and cuBLASLt's own words.</summary>
    /// <param name="status">What a function of cuBLASLt returned.</param>
    /// <param name="call">The text of the call; the compiler fills it in.</param>
    /// <exception cref="CublasLtException">The status is anything else.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(cublasStatus_t status, [CallerArgumentExpression(nameof(status))] string? call = null)
    {
        if (status != cublasStatus_t.CUBLAS_STATUS_SUCCESS)
        {
            Throw(status, call);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(cublasStatus_t status, string? call) => throw new CublasLtException(CallName.Of(call), status, LastErrorText.Of(status, NativeLibraryId.CublasLt));
}
