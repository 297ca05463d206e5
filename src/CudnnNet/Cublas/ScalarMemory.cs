using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A factor or a result as cuBLAS takes it: room for a number on the caller's stack, or an address on the device.</summary>
/// <remarks>The pointers point into the structure itself, which therefore never leaves the stack.</remarks>
internal unsafe ref struct ScalarMemory
{
    private fixed double _value[2];

    /// <summary>The address on the device; null where the number is in the structure.</summary>
    internal void* Device;

    /// <summary>The number's place in the structure.</summary>
    internal readonly void* Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Unsafe.AsPointer(ref Unsafe.AsRef(in _value[0]));
    }

    /// <summary>Where the number is.</summary>
    internal readonly void* Raw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Device != null ? Device : Host;
    }

    // By the letters of BLAS.
    internal readonly float* S => (float*)Raw;

    internal readonly double* D => (double*)Raw;

    internal readonly float2* C => (float2*)Raw;

    internal readonly double2* Z => (double2*)Raw;
}
