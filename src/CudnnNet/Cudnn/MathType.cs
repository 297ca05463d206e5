namespace CudnnNet;

/// <summary>Which arithmetic a convolution may use; the numbers are cuDNN's (cudnnMathType_t).</summary>
public enum MathType
{
    /// <summary>Tensor cores where they do not lower precision below TF32's: on Ampere and later f32 may be computed in TF32.</summary>
    Default = 0,

    /// <summary>Tensor cores for 16-bit types.</summary>
    TensorOp = 1,

    /// <summary>Tensor cores also where f32 has to be converted down to a 16-bit type.</summary>
    TensorOpAllowConversion = 2,

    /// <summary>Fused multiply-add units only: f32 is computed in f32.</summary>
    Fma = 3,
}
