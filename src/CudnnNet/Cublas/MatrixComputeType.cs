namespace CudnnNet;

/// <summary>In which arithmetic products are formed and summed; the numbers are cuBLAS's (cublasComputeType_t).</summary>
/// <remarks>It also decides the type of the factors alpha and beta: <see cref="Half"/>, single, double or <see cref="int"/>; complex where the result is complex.</remarks>
public enum MatrixComputeType
{
    /// <summary>Half precision.</summary>
    Float16 = 64,

    /// <summary>Half precision with the prescribed order of every intermediate.</summary>
    Float16Pedantic = 65,

    /// <summary>Single precision; the way for matrices of 16 bits.</summary>
    Float32 = 68,

    /// <summary>Single precision with the prescribed order of every intermediate.</summary>
    Float32Pedantic = 69,

    /// <summary>Double precision.</summary>
    Float64 = 70,

    /// <summary>Double precision with the prescribed order of every intermediate.</summary>
    Float64Pedantic = 71,

    /// <summary>32-bit integers, for matrices of <see cref="sbyte"/>.</summary>
    Int32 = 72,

    /// <summary>32-bit integers with the prescribed order of every intermediate.</summary>
    Int32Pedantic = 73,

    /// <summary>Single-precision matrices whose factors may be rounded to half precision.</summary>
    Float32FastFloat16 = 74,

    /// <summary>Single-precision matrices whose factors may be rounded to bfloat16.</summary>
    Float32FastBFloat16 = 75,

    /// <summary>Single-precision matrices whose factors may be rounded to TF32.</summary>
    Float32FastTensorFloat32 = 77,

    /// <summary>Single-precision matrices whose products are put together from bfloat16 ones; since cuBLAS 13.1.</summary>
    Float32Emulated = 78,

    /// <summary>Double-precision matrices whose products are put together from fixed-point ones; since cuBLAS 13.1.</summary>
    Float64Emulated = 79,
}
