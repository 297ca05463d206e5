namespace ResNet;

/// <summary>What a parameter is, which decides how it is initialised and how it lies in memory.</summary>
public enum ParameterKind
{
    /// <summary>A convolution's filter: named shape K, C, R, S; on the device K, R, S, C.</summary>
    ConvolutionFilter,

    /// <summary>Scale of a batch normalisation, one value a channel.</summary>
    NormalizationScale,

    /// <summary>Shift of a batch normalisation, one value a channel.</summary>
    NormalizationShift,

    /// <summary>Matrix of the fully connected layer: outputs x inputs, inputs fastest.</summary>
    LinearWeight,

    /// <summary>Bias of the fully connected layer, one value an output.</summary>
    LinearBias,
}
