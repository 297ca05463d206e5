namespace ResNet;

/// <summary>One named parameter and its place in the flat buffers of parameters, gradients and momentum.</summary>
/// <param name="Name">torchvision's name, e.g. <c>layer1.0.conv1.weight</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Shape">The dimensions in the order in which files hold them (filters K, C, R, S).</param>
public sealed record Parameter(string Name, ParameterKind Kind, IReadOnlyList<int> Shape)
{
    /// <summary>The number of elements.</summary>
    public long Elements { get; } = Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>First element in the flat buffers, a multiple of <see cref="ParameterLayout.Alignment"/>.</summary>
    public long Offset { get; internal set; }

    /// <summary>Whether activations are multiplied with it in a convolution or matrix product, and not scaled or shifted by it.</summary>
    public bool IsFactor => Kind is ParameterKind.ConvolutionFilter or ParameterKind.LinearWeight;
}

/// <summary>The running mean and variance of one batch normalisation and their places in the flat buffer of statistics.</summary>
/// <param name="Name">torchvision's name of the layer, e.g. <c>layer1.0.bn1</c>.</param>
/// <param name="Channels">Values of each.</param>
/// <param name="MeanOffset">First element of the running mean.</param>
/// <param name="VarianceOffset">First element of the running variance.</param>
public sealed record RunningStatistics(string Name, int Channels, long MeanOffset, long VarianceOffset);
