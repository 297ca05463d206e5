using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudnnNet.Tests;

/// <summary>Numbers of any element type from and to the complex numbers in double precision that references are computed with.</summary>
internal static class NumberOf
{
    /// <summary>The element nearest to <paramref name="number"/>; of a real type, to its real part.</summary>
    public static T Value<T>(Complex number)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Cast<float, T>((float)number.Real);
        }

        if (typeof(T) == typeof(double))
        {
            return Cast<double, T>(number.Real);
        }

        if (typeof(T) == typeof(Half))
        {
            return Cast<Half, T>((Half)number.Real);
        }

        if (typeof(T) == typeof(BFloat16))
        {
            return Cast<BFloat16, T>((BFloat16)(float)number.Real);
        }

        if (typeof(T) == typeof(ComplexSingle))
        {
            return Cast<ComplexSingle, T>((ComplexSingle)number);
        }

        if (typeof(T) == typeof(sbyte))
        {
            return Cast<sbyte, T>((sbyte)number.Real);
        }

        if (typeof(T) == typeof(int))
        {
            return Cast<int, T>((int)number.Real);
        }

        return Cast<Complex, T>(number);
    }

    /// <summary>The number an element is.</summary>
    public static Complex Complex<T>(T value)
        where T : unmanaged => value switch
        {
            float number => number,
            double number => number,
            Half number => (double)number,
            BFloat16 number => (float)number,
            ComplexSingle number => number,
            sbyte number => number,
            int number => number,
            _ => Cast<T, Complex>(value),
        };

    /// <summary>The error a result may have, relative to the sum of the sizes of what was summed.</summary>
    public static double Precision<T>() =>
        typeof(T) == typeof(Half) ? 1e-3 : typeof(T) == typeof(BFloat16) ? 8e-3 : typeof(T) == typeof(float) || typeof(T) == typeof(ComplexSingle) ? 1e-6 : 1e-14;

    /// <summary>Whether there are imaginary parts.</summary>
    public static bool IsComplex<T>() => typeof(T) == typeof(ComplexSingle) || typeof(T) == typeof(Complex);

    private static TTo Cast<TFrom, TTo>(TFrom value)
        where TFrom : unmanaged
        where TTo : unmanaged => Unsafe.BitCast<TFrom, TTo>(value);
}
