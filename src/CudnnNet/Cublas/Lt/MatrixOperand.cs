namespace CudnnNet;

/// <summary>A matrix of a multiplication.</summary>
public enum MatrixOperand
{
    /// <summary>The first factor.</summary>
    A,

    /// <summary>The second factor.</summary>
    B,

    /// <summary>What is added.</summary>
    C,

    /// <summary>The result.</summary>
    D,

    /// <summary>What the epilogue keeps for the gradient.</summary>
    Auxiliary,
}
