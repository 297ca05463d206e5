namespace CudnnNet;

/// <summary>What many elements become; the numbers are cuDNN's.</summary>
public enum TensorReductionMode
{
    /// <summary>Their sum.</summary>
    Add = 0,

    /// <summary>Their product.</summary>
    Multiply = 1,

    /// <summary>The smallest.</summary>
    Minimum = 2,

    /// <summary>The largest.</summary>
    Maximum = 3,

    /// <summary>The largest absolute value.</summary>
    MaximumAbsolute = 4,

    /// <summary>Their mean.</summary>
    Average = 5,

    /// <summary>The sum of their absolute values.</summary>
    Norm1 = 6,

    /// <summary>The root of the sum of their squares.</summary>
    Norm2 = 7,

    /// <summary>The product of those that are not 0.</summary>
    MultiplyNoZeros = 8,
}
