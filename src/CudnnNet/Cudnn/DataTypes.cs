using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Facts about <see cref="DataType"/>.</summary>
public static class DataTypes
{
    /// <summary>The size of an element in bytes; of one channel, where several lie together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such type.</exception>
    public static int SizeInBytes(this DataType type) => type switch
    {
        DataType.Float32 or DataType.Int32 => 4,
        DataType.Float64 or DataType.Int64 => 8,
        DataType.Float16 or DataType.BFloat16 => 2,
        DataType.Int8 or DataType.UInt8 or DataType.Int8x4 or DataType.UInt8x4 or DataType.Int8x32 or DataType.Boolean => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no element type of a tensor. Use one of {string.Join(", ", Enum.GetNames<DataType>())}."),
    };

    /// <summary>The type of <typeparamref name="T"/>'s values.</summary>
    /// <exception cref="ArgumentException">Tensors have no elements of that type.</exception>
    public static DataType Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return DataType.Float32;
        }

        if (typeof(T) == typeof(double))
        {
            return DataType.Float64;
        }

        if (typeof(T) == typeof(Half))
        {
            return DataType.Float16;
        }

        if (typeof(T) == typeof(BFloat16))
        {
            return DataType.BFloat16;
        }

        if (typeof(T) == typeof(int))
        {
            return DataType.Int32;
        }

        if (typeof(T) == typeof(long))
        {
            return DataType.Int64;
        }

        if (typeof(T) == typeof(sbyte))
        {
            return DataType.Int8;
        }

        if (typeof(T) == typeof(byte))
        {
            return DataType.UInt8;
        }

        throw new ArgumentException($"Tensors have no elements of type {typeof(T).Name}. Use float, double, Half, BFloat16, int, long, sbyte or byte.");
    }

    /// <summary>The type cuDNN computes in, and in which it keeps statistics: double for double, 32-bit integers for integers, single for everything else.</summary>
    internal static DataType Computed(this DataType type) => type switch
    {
        DataType.Float64 => DataType.Float64,
        DataType.Int8 or DataType.UInt8 or DataType.Int32 or DataType.Int64 or DataType.Int8x4 or DataType.UInt8x4 or DataType.Int8x32 => DataType.Int32,
        _ => DataType.Float32,
    };

    /// <summary>How many channels of a pixel lie together.</summary>
    internal static int ChannelsPerVector(this DataType type) => type switch
    {
        DataType.Int8x4 or DataType.UInt8x4 => 4,
        DataType.Int8x32 => 32,
        _ => 1,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static cudnnDataType_t Raw(this DataType type) => (cudnnDataType_t)type;
}
