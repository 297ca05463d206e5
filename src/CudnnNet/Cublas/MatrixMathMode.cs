namespace CudnnNet;

/// <summary>Which arithmetic cuBLAS may use; the numbers are cuBLAS's (cublasMath_t).</summary>
[Flags]
public enum MatrixMathMode
{
    /// <summary>The fastest that keeps the precision of the types.</summary>
    Default = 0,

    /// <summary>The prescribed precision and order of every intermediate; slow, for comparison.</summary>
    Pedantic = 2,

    /// <summary>TF32 on tensor cores for products of f32.</summary>
    TensorFloat32 = 3,

    /// <summary>Products of f32 put together from bfloat16 ones; since cuBLAS 13.1.</summary>
    EmulatedFloat32 = 4,

    /// <summary>Products of f64 put together from fixed-point ones; since cuBLAS 13.1.</summary>
    EmulatedFloat64 = 8,

    /// <summary>Added to another mode: sums of 16-bit products are kept in the compute type throughout.</summary>
    DisallowReducedPrecisionReduction = 16,
}
