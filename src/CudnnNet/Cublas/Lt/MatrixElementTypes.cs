namespace CudnnNet;

/// <summary>Facts about <see cref="MatrixElementType"/>.</summary>
public static class MatrixElementTypes
{
    /// <summary>The size of an element in bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such type.</exception>
    public static int SizeInBytes(this MatrixElementType type) => type switch
    {
        MatrixElementType.Int8 or MatrixElementType.UInt8 or MatrixElementType.Float8E4M3 or MatrixElementType.Float8E5M2 => 1,
        MatrixElementType.Float16 or MatrixElementType.BFloat16 => 2,
        MatrixElementType.Float32 or MatrixElementType.Int32 => 4,
        MatrixElementType.Float64 or MatrixElementType.ComplexFloat32 => 8,
        MatrixElementType.ComplexFloat64 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no element type of a matrix. Use one of {string.Join(", ", Enum.GetNames<MatrixElementType>())}."),
    };

    /// <summary>The type of <typeparamref name="T"/>'s values: <see cref="float"/>, <see cref="double"/>, <see cref="Half"/>, <see cref="BFloat16"/>,
    /// <see cref="ComplexSingle"/>, <see cref="System.Numerics.Complex"/>, <see cref="sbyte"/>, <see cref="byte"/> or <see cref="int"/>.</summary>
    /// <remarks>The floats of 8 bits have no type in C#: their matrices lie in memory of <see cref="byte"/>, and their layouts name the type.</remarks>
    /// <exception cref="ArgumentException">Matrices have no elements of that type.</exception>
    public static MatrixElementType Of<T>()
        where T : unmanaged => (MatrixElementType)MatrixTypes.Of<T>();

    internal static bool IsComplex(this MatrixElementType type) => type is MatrixElementType.ComplexFloat32 or MatrixElementType.ComplexFloat64;

    internal static bool IsFloat8(this MatrixElementType type) => type is MatrixElementType.Float8E4M3 or MatrixElementType.Float8E5M2;
}
