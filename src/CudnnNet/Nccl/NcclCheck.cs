using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudnnNet.Interop;

public static unsafe partial class Nccl
{
    /// <summary>Returns when the status is success, else throws with the call's name, the code's name and NCCL's own words.</summary>
    /// <param name="status">What a function of NCCL returned.</param>
    /// <param name="call">The text of the call; the compiler fills it in.</param>
    /// <exception cref="NcclException">The status is anything else.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(ncclResult_t status, [CallerArgumentExpression(nameof(status))] string? call = null)
    {
        if (status != ncclResult_t.ncclSuccess)
        {
            Throw(status, call);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(ncclResult_t status, string? call) => throw new NcclException(CallName.Of(call), status, LastErrorText.Of(status));
}
