namespace CudnnNet;

/// <summary>The type of a matrix's elements; the numbers are CUDA's (cudaDataType).</summary>
public enum MatrixElementType
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    Float32 = 0,

    /// <summary>IEEE double precision, 8 bytes.</summary>
    Float64 = 1,

    /// <summary>IEEE half precision, 2 bytes.</summary>
    Float16 = 2,

    /// <summary>Signed, 1 byte.</summary>
    Int8 = 3,

    /// <summary>Two singles, real and imaginary part, 8 bytes.</summary>
    ComplexFloat32 = 4,

    /// <summary>Two doubles, real and imaginary part, 16 bytes.</summary>
    ComplexFloat64 = 5,

    /// <summary>Unsigned, 1 byte.</summary>
    UInt8 = 8,

    /// <summary>Signed, 4 bytes.</summary>
    Int32 = 10,

    /// <summary>The upper half of a single, 2 bytes.</summary>
    BFloat16 = 14,

    /// <summary>A float of 1 byte with 4 bits of exponent and 3 of fraction, up to 448; without infinities.</summary>
    Float8E4M3 = 28,

    /// <summary>A float of 1 byte with 5 bits of exponent and 2 of fraction, up to 57344.</summary>
    Float8E5M2 = 29,
}
