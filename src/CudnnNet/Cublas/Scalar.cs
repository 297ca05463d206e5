using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A factor of an operation, alpha or beta: a number, or a place on the device where the number will lie when the operation runs.</summary>
/// <remarks>
/// <para>Numbers convert by themselves (<c>cublas.Scal(2, x)</c>) and are rounded to the type the operation computes in. What is on the device is
/// not looked at before the operation runs, so that work queued earlier may write it (cuBLAS's pointer mode, which the handle switches by itself).</para>
/// <para>All factors of one call are numbers, or all are on the device.</para>
/// </remarks>
public readonly record struct Scalar
{
    private readonly double _real;
    private readonly double _imaginary;
    private readonly ulong _address;
    private readonly cudaDataType _type;

    private Scalar(double real, double imaginary)
    {
        _real = real;
        _imaginary = imaginary;
    }

    private Scalar(ulong address, cudaDataType type)
    {
        _address = address;
        _type = type;
    }

    /// <summary>Whether the number lies on the device.</summary>
    public bool IsOnDevice => _address != 0;

    /// <summary>Whether it is known to be 0: what it would multiply is not read.</summary>
    internal bool IsZero => _address == 0 && _real == 0 && _imaginary == 0;

    /// <summary>The first element of <paramref name="value"/>, read when the operation runs.</summary>
    /// <typeparam name="T">The type the operation's factors have: that of its elements, <see cref="float"/> for elements of 16 bits, or what the compute type says.</typeparam>
    /// <exception cref="ArgumentException">The span is empty, or cuBLAS has no such type.</exception>
    public static Scalar OnDevice<T>(DeviceSpan<T> value)
        where T : unmanaged
    {
        if (value.Length == 0)
        {
            throw new ArgumentException("A factor on the device takes one element; the span has none.", nameof(value));
        }

        return new(value.Address, MatrixTypes.Of<T>());
    }

    /// <summary>The number; whole numbers and singles come this way too.</summary>
    public static implicit operator Scalar(double value) => new(value, 0);

    /// <summary>The number.</summary>
    public static implicit operator Scalar(Half value) => new((double)value, 0);

    /// <summary>The number.</summary>
    public static implicit operator Scalar(BFloat16 value) => new((float)value, 0);

    /// <summary>The number, for operations on complex elements.</summary>
    public static implicit operator Scalar(Complex value) => new(value.Real, value.Imaginary);

    /// <summary>The number, for operations on complex elements.</summary>
    public static implicit operator Scalar(ComplexSingle value) => new(value.Real, value.Imaginary);

    /// <summary>The number, or its place.</summary>
    public override string ToString() => IsOnDevice
        ? string.Create(CultureInfo.InvariantCulture, $"{MatrixTypes.NameOf(_type)} at 0x{_address:x}")
        : _imaginary == 0 ? _real.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"<{_real}; {_imaginary}>");

    /// <exception cref="ArgumentException">One of the two factors is a number, the other lies on the device.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void CheckPlaces(in Scalar alpha, in Scalar beta)
    {
        if (alpha.IsOnDevice != beta.IsOnDevice)
        {
            ThrowMixed(alpha, beta);
        }
    }

    /// <summary>Writes the factor as cuBLAS reads it.</summary>
    /// <remarks>Compiled into its callers, whose type is a constant: one conversion and one store remain. It is written in place, since a copy
    /// would read the number wider than it was just written, for which processors wait.</remarks>
    /// <exception cref="ArgumentException">A complex number for a real operation, a fraction for one of integers, or a place of another type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe void As(cudaDataType type, string name, out ScalarMemory memory)
    {
        Unsafe.SkipInit(out memory);
        memory.Device = (void*)_address;
        if (_address != 0)
        {
            if (_type != type)
            {
                ThrowOtherType(this, type, name);
            }

            return;
        }

        void* value = memory.Host;
        switch (type)
        {
            case cudaDataType.CUDA_R_32F:
                *(float*)value = (float)_real;
                break;
            case cudaDataType.CUDA_R_64F:
                *(double*)value = _real;
                break;
            case cudaDataType.CUDA_C_32F:
                *(ComplexSingle*)value = new((float)_real, (float)_imaginary);
                return;
            case cudaDataType.CUDA_C_64F:
                *(Complex*)value = new(_real, _imaginary);
                return;
            case cudaDataType.CUDA_R_16F:
                *(Half*)value = (Half)_real;
                break;
            case cudaDataType.CUDA_R_16BF:
                *(BFloat16*)value = (BFloat16)(float)_real;
                break;
            default:
                *(int*)value = (int)_real;
                if (*(int*)value != _real)
                {
                    ThrowNoInteger(this, name);
                }

                break;
        }

        if (_imaginary != 0)
        {
            ThrowNotReal(this, type, name);
        }
    }

    // Passed by value: an address would keep the factor in memory, where it is a number known when its user is compiled.
    [DoesNotReturn]
    private static void ThrowMixed(Scalar alpha, Scalar beta) => throw new ArgumentException(
        $"One factor is a number and the other lies on the device (alpha is {alpha}, beta is {beta}). Pass two numbers, or two places on the device.", nameof(beta));

    [DoesNotReturn]
    private static void ThrowOtherType(Scalar factor, cudaDataType type, string name) => throw new ArgumentException(
        $"'{name}' lies on the device as {MatrixTypes.NameOf(factor._type)}; the operation reads it as {MatrixTypes.NameOf(type)}.", name);

    [DoesNotReturn]
    private static void ThrowNotReal(Scalar factor, cudaDataType type, string name) => throw new ArgumentException(
        $"'{name}' is {factor}; the operation takes a real number ({MatrixTypes.NameOf(type)}).", name);

    [DoesNotReturn]
    private static void ThrowNoInteger(Scalar factor, string name) => throw new ArgumentException($"'{name}' is {factor}; the operation computes in 32-bit integers and takes one.", name);
}
