using CudnnNet;

namespace ResNet;

/// <summary>In which numbers a pass computes. Parameters, momentum, batch normalisation's parameters and statistics, sums and losses are always in single precision.</summary>
public enum Precision
{
    /// <summary>Activations, filters and gradients in single precision, multiplied as such.</summary>
    Float32,

    /// <summary>As <see cref="Float32"/>, but on GPUs with tensor cores factors may be rounded to the ten bits of TF32. The CPU device has no such units and computes in single precision.</summary>
    TensorFloat32,

    /// <summary>Activations, the filters' copies and all gradients that come from multiplications in bfloat16, summed in single precision.</summary>
    BFloat16,

    /// <summary>As <see cref="BFloat16"/>, in half precision. The loss's gradient is multiplied by a loss scale, and a step with gradients that are not finite is skipped.</summary>
    Float16,
}

/// <summary>What a precision means for memory and arithmetic.</summary>
internal static class Precisions
{
    /// <summary>The type of activations and their gradients, and of what is multiplied with them.</summary>
    public static DataType ElementType(this Precision precision) => precision switch
    {
        Precision.BFloat16 => DataType.BFloat16,
        Precision.Float16 => DataType.Float16,
        _ => DataType.Float32,
    };

    /// <summary>Whether elements have 16 bits, so that the optimiser keeps copies of the parameters for the multiplications.</summary>
    public static bool IsNarrow(this Precision precision) => precision is Precision.BFloat16 or Precision.Float16;

    /// <summary>Which arithmetic convolutions may use.</summary>
    public static MathType MathType(this Precision precision) => precision switch
    {
        Precision.Float32 => CudnnNet.MathType.Fma,
        Precision.TensorFloat32 => CudnnNet.MathType.Default,
        _ => CudnnNet.MathType.TensorOp,
    };

    /// <summary>Which arithmetic matrix products use.</summary>
    public static MatrixComputeType ComputeType(this Precision precision) =>
        precision == Precision.TensorFloat32 ? MatrixComputeType.Float32FastTensorFloat32 : MatrixComputeType.Float32;
}
