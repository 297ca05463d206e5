using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <content>Launches with typed arguments. Those with 1 to 16 of them are generated.</content>
[SkipLocalsInit]
public sealed partial class CudaKernel
{
    /// <summary>Puts a kernel without parameters into <paramref name="stream"/>.</summary>
    /// <param name="stream">A stream of the module's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <exception cref="ArgumentException">The kernel has parameters, or shape or stream do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The module or the stream is disposed.</exception>
    public unsafe void Launch(CudaStream stream, in LaunchShape shape)
    {
        CheckCount(0);
        Launch(stream, shape, (void**)null);
    }

    // Where the arguments of a launch lie: fields, because an array on the stack would keep the launch from being inlined into its caller.
    private unsafe struct ArgumentAddresses
    {
#pragma warning disable CS0169, IDE0044, IDE0051 // they are written and read by their addresses
        private void* _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16;
#pragma warning restore CS0169, IDE0044, IDE0051
    }
}
