namespace CudnnNet;

/// <summary>An element-wise function of two tensors; the numbers are cuDNN's.</summary>
public enum TensorFunction
{
    /// <summary>a + b.</summary>
    Add = 0,

    /// <summary>a · b.</summary>
    Multiply = 1,

    /// <summary>The smaller one.</summary>
    Minimum = 2,

    /// <summary>The larger one.</summary>
    Maximum = 3,

    /// <summary>√a; b is not used.</summary>
    SquareRoot = 4,

    /// <summary>1 - a; b is not used.</summary>
    Not = 5,
}
