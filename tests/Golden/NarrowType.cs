using System.Runtime.CompilerServices;

namespace Golden;

/// <summary>Rounding of a float to a 16-bit type and back, to nearest even.</summary>
public static class NarrowType
{
    /// <summary>The value of a bfloat16 nearest to <paramref name="value"/>; not a number stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float RoundToBFloat16(float value)
    {
        if (float.IsNaN(value))
        {
            return value;
        }

        uint bits = BitConverter.SingleToUInt32Bits(value);
        bits += 0x7FFF + ((bits >> 16) & 1);
        return BitConverter.UInt32BitsToSingle(bits & 0xFFFF0000);
    }

    /// <summary>The IEEE half nearest to <paramref name="value"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float RoundToFloat16(float value) => (float)(Half)value;

    /// <summary>The storage bits of a bfloat16, rounded to nearest even.</summary>
    public static ushort ToBFloat16Bits(float value) =>
        (ushort)(BitConverter.SingleToUInt32Bits(RoundToBFloat16(value)) >> 16);

    /// <summary>The value of stored bfloat16 bits.</summary>
    public static float FromBFloat16Bits(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
