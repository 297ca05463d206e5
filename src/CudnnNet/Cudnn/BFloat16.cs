using System.Globalization;

namespace CudnnNet;

/// <summary>A number of the format bfloat16: the upper half of a single, 8 bits of exponent and 7 of fraction.</summary>
/// <remarks>Only what goes to and comes from a device: .NET computes with <see cref="float"/>.</remarks>
public readonly record struct BFloat16
{
    private BFloat16(ushort bits) => Bits = bits;

    /// <summary>The bits: sign, exponent, fraction.</summary>
    public ushort Bits { get; }

    /// <summary>The number with the given bits.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>The nearest number, the even one of two; a NaN stays a NaN, what is too large becomes infinite.</summary>
    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return new(float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>The same number in single precision.</summary>
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>The number in decimal.</summary>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
