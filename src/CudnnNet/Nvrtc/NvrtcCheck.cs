using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudnnNet.Interop;

public static unsafe partial class Nvrtc
{
    /// <summary>Returns when the status is success, else throws with the call's name, the code's name and NVRTC's own words.</summary>
    /// <param name="status">What a function of NVRTC returned.</param>
    /// <param name="call">The text of the call; the compiler fills it in.</param>
    /// <exception cref="NvrtcException">The status is anything else.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(nvrtcResult status, [CallerArgumentExpression(nameof(status))] string? call = null)
    {
        if (status != nvrtcResult.NVRTC_SUCCESS)
        {
            Throw(status, call);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(nvrtcResult status, string? call) => throw new NvrtcException(CallName.Of(call), status, LastErrorText.Of(status));
}
