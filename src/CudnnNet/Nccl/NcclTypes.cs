using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Which of NCCL's types an element is.</summary>
internal static class NcclTypes
{
    /// <exception cref="ArgumentException">NCCL has no such type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ncclDataType_t Of<T>()
        where T : unmanaged
    {
        // Each of these comparisons is decided when the method is compiled for T.
        if (typeof(T) == typeof(float))
        {
            return ncclDataType_t.ncclFloat32;
        }

        if (typeof(T) == typeof(double))
        {
            return ncclDataType_t.ncclFloat64;
        }

        if (typeof(T) == typeof(Half))
        {
            return ncclDataType_t.ncclFloat16;
        }

        if (typeof(T) == typeof(BFloat16))
        {
            return ncclDataType_t.ncclBfloat16;
        }

        if (typeof(T) == typeof(sbyte))
        {
            return ncclDataType_t.ncclInt8;
        }

        if (typeof(T) == typeof(byte))
        {
            return ncclDataType_t.ncclUint8;
        }

        if (typeof(T) == typeof(int))
        {
            return ncclDataType_t.ncclInt32;
        }

        if (typeof(T) == typeof(uint))
        {
            return ncclDataType_t.ncclUint32;
        }

        if (typeof(T) == typeof(long))
        {
            return ncclDataType_t.ncclInt64;
        }

        if (typeof(T) == typeof(ulong))
        {
            return ncclDataType_t.ncclUint64;
        }

        Throw(typeof(T));
        return default;
    }

    [DoesNotReturn]
    private static void Throw(Type type) => throw new ArgumentException(
        $"NCCL has no elements of type {type.Name}. Use float, double, Half, BFloat16, sbyte, byte, int, uint, long or ulong, for instance through DeviceSpan.Cast.");
}
