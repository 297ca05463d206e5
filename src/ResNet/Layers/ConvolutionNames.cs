namespace ResNet;

/// <summary>How the names of a convolution's operations end in an <see cref="OperationList"/>, behind the convolution's own name.</summary>
public static class ConvolutionNames
{
    /// <summary>The output.</summary>
    public const string Forward = " convolution forward";

    /// <summary>The gradient by the filter.</summary>
    public const string FilterGradient = " filter gradient";

    /// <summary>The gradient by the input.</summary>
    public const string DataGradient = " data gradient";
}
