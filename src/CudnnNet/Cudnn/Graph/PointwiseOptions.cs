namespace CudnnNet;

/// <summary>The constants of a pointwise function; what is null is cuDNN's own: no clips, slope 0, 1 for all others.</summary>
public readonly record struct PointwiseOptions
{
    /// <summary>The factor of x in functions of two operands.</summary>
    public double? Alpha1 { get; init; }

    /// <summary>The factor of b in functions of two operands.</summary>
    public double? Alpha2 { get; init; }

    /// <summary>What ReLU gives at least; 0 unless set.</summary>
    public double? LowerClip { get; init; }

    /// <summary>What ReLU gives at most.</summary>
    public double? UpperClip { get; init; }

    /// <summary>The slope of ReLU below the lower clip (leaky ReLU).</summary>
    public double? LowerClipSlope { get; init; }

    /// <summary>The α of ELU.</summary>
    public double? EluAlpha { get; init; }

    /// <summary>The β of softplus.</summary>
    public double? SoftplusBeta { get; init; }

    /// <summary>The β of swish.</summary>
    public double? SwishBeta { get; init; }

    /// <summary>The dimension whose coordinates <see cref="PointwiseMode.Index"/> gives.</summary>
    public int? Axis { get; init; }

    /// <summary>Whether not-a-number goes through ReLU, minimum and maximum; it does, unless set to false.</summary>
    public bool? PropagatesNan { get; init; }
}
