using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>C#'s types and cuBLAS's numbers for them. What depends on a type argument alone is folded by the compiler.</summary>
internal static class MatrixTypes
{
    /// <summary>The types of the functions that have a letter: S, D, C and Z.</summary>
    internal const string Lettered = "float, double, ComplexSingle or Complex";

    /// <summary>The real ones of these.</summary>
    internal const string LetteredReal = "float or double";

    /// <summary>The complex ones of these.</summary>
    internal const string LetteredComplex = "ComplexSingle or Complex";

    /// <summary>The types of level 1.</summary>
    internal const string Vectors = "float, double, ComplexSingle, Complex, Half or BFloat16";

    /// <summary>The real ones of these.</summary>
    internal const string RealVectors = "float, double, Half or BFloat16";

    /// <summary>The types of products.</summary>
    internal const string Products = "float, double, ComplexSingle, Complex, Half or BFloat16, or GemmEx for other types";

    /// <summary>cuBLAS's number of <typeparamref name="T"/>.</summary>
    /// <exception cref="ArgumentException">cuBLAS has no such type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static cudaDataType Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return cudaDataType.CUDA_R_32F;
        }

        if (typeof(T) == typeof(double))
        {
            return cudaDataType.CUDA_R_64F;
        }

        if (typeof(T) == typeof(Half))
        {
            return cudaDataType.CUDA_R_16F;
        }

        if (typeof(T) == typeof(BFloat16))
        {
            return cudaDataType.CUDA_R_16BF;
        }

        if (typeof(T) == typeof(ComplexSingle))
        {
            return cudaDataType.CUDA_C_32F;
        }

        if (typeof(T) == typeof(Complex))
        {
            return cudaDataType.CUDA_C_64F;
        }

        if (typeof(T) == typeof(sbyte))
        {
            return cudaDataType.CUDA_R_8I;
        }

        if (typeof(T) == typeof(byte))
        {
            return cudaDataType.CUDA_R_8U;
        }

        if (typeof(T) == typeof(int))
        {
            return cudaDataType.CUDA_R_32I;
        }

        return ThrowNone();

        [DoesNotReturn]
        static cudaDataType ThrowNone() => throw new ArgumentException(
            $"cuBLAS has no elements of type {typeof(T).Name}. Use float, double, Half, BFloat16, ComplexSingle, Complex, sbyte, byte or int.");
    }

    /// <summary>Whether <typeparamref name="T"/> is a float of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsNarrow<T>() => typeof(T) == typeof(Half) || typeof(T) == typeof(BFloat16);

    /// <summary>Whether <typeparamref name="T"/> is a complex number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsComplex<T>() => typeof(T) == typeof(ComplexSingle) || typeof(T) == typeof(Complex);

    /// <summary>The type of the factors of vectors and matrices of <typeparamref name="T"/>: their own, but single precision for the floats of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static cudaDataType FactorOf<T>()
        where T : unmanaged => IsNarrow<T>() ? cudaDataType.CUDA_R_32F : Of<T>();

    /// <summary>The type of the real numbers that belong to <typeparamref name="T"/>: a norm's, a Hermitian update's factor's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static cudaDataType RealOf<T>()
        where T : unmanaged => typeof(T) == typeof(ComplexSingle) ? cudaDataType.CUDA_R_32F : typeof(T) == typeof(Complex) ? cudaDataType.CUDA_R_64F : Of<T>();

    /// <summary>The type of alpha and beta of a product.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such compute type.</exception>
    internal static cudaDataType FactorOf(MatrixComputeType compute, bool complex) => compute switch
    {
        MatrixComputeType.Float16 or MatrixComputeType.Float16Pedantic => cudaDataType.CUDA_R_16F,
        MatrixComputeType.Float32 or MatrixComputeType.Float32Pedantic or MatrixComputeType.Float32FastFloat16 or MatrixComputeType.Float32FastBFloat16
            or MatrixComputeType.Float32FastTensorFloat32 or MatrixComputeType.Float32Emulated => complex ? cudaDataType.CUDA_C_32F : cudaDataType.CUDA_R_32F,
        MatrixComputeType.Float64 or MatrixComputeType.Float64Pedantic or MatrixComputeType.Float64Emulated => complex ? cudaDataType.CUDA_C_64F : cudaDataType.CUDA_R_64F,
        MatrixComputeType.Int32 or MatrixComputeType.Int32Pedantic => cudaDataType.CUDA_R_32I,
        _ => throw new ArgumentOutOfRangeException(nameof(compute), compute, $"{compute} is no compute type. Use one of {string.Join(", ", Enum.GetNames<MatrixComputeType>())}."),
    };

    /// <summary>The size of a factor in bytes.</summary>
    internal static int SizeOf(cudaDataType type) => type switch
    {
        cudaDataType.CUDA_R_16F => 2,
        cudaDataType.CUDA_R_32F or cudaDataType.CUDA_R_32I => 4,
        cudaDataType.CUDA_C_64F => 16,
        _ => 8,
    };

    /// <summary>What C# calls a type.</summary>
    internal static string NameOf(cudaDataType type) => type switch
    {
        cudaDataType.CUDA_R_32F => "float",
        cudaDataType.CUDA_R_64F => "double",
        cudaDataType.CUDA_R_16F => "Half",
        cudaDataType.CUDA_R_16BF => "BFloat16",
        cudaDataType.CUDA_C_32F => "ComplexSingle",
        cudaDataType.CUDA_C_64F => "Complex",
        cudaDataType.CUDA_R_8I => "sbyte",
        cudaDataType.CUDA_R_8U => "byte",
        cudaDataType.CUDA_R_32I => "int",
        _ => type.ToString(),
    };

    /// <exception cref="ArgumentException">Always: the function does not exist for <typeparamref name="T"/>.</exception>
    [DoesNotReturn]
    internal static void ThrowUnsupported<T>(string types, [CallerMemberName] string function = "") => throw new ArgumentException(
        $"cuBLAS has no {function} of {typeof(T).Name}. Use {types}.");
}
