using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudnnNet.Interop;

public static unsafe partial class Cudnn
{
    /// <summary>Returns when the status is success, else throws with the call's name, the code's name and cuDNN's own words.</summary>
    /// <param name="status">What a function of cuDNN returned.</param>
    /// <param name="call">The text of the call; the compiler fills it in.</param>
    /// <exception cref="CudnnException">The status is anything else.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(cudnnStatus_t status, [CallerArgumentExpression(nameof(status))] string? call = null)
    {
        if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
        {
            Throw(status, call);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(cudnnStatus_t status, string? call) => throw new CudnnException(CallName.Of(call), status, LastErrorText.OfCudnn());
}
