using System.Globalization;
using System.Numerics;

namespace CudnnNet;

/// <summary>A complex number of two singles, as <c>cuComplex</c> lies in memory. Its double counterpart is <see cref="Complex"/>.</summary>
/// <param name="Real">The real part.</param>
/// <param name="Imaginary">The imaginary part.</param>
/// <remarks>Only what goes to and comes from a device: .NET computes with <see cref="Complex"/>.</remarks>
public readonly record struct ComplexSingle(float Real, float Imaginary)
{
    /// <summary>The number with both parts rounded to singles.</summary>
    public static explicit operator ComplexSingle(Complex value) => new((float)value.Real, (float)value.Imaginary);

    /// <summary>The same number in double precision.</summary>
    public static implicit operator Complex(ComplexSingle value) => new(value.Real, value.Imaginary);

    /// <summary>The real number.</summary>
    public static implicit operator ComplexSingle(float value) => new(value, 0);

    /// <summary>The number as .NET writes complex numbers: &lt;real; imaginary&gt;.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"<{Real}; {Imaginary}>");
}
