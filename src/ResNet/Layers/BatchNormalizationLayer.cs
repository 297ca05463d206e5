namespace ResNet;

/// <summary>A batch normalisation's parameters and running statistics, one value a channel each.</summary>
internal sealed record NormalizationDefinition(Parameter Scale, Parameter Shift, RunningStatistics Statistics);

/// <summary>What follows a batch normalisation within one layer.</summary>
/// <param name="Added">Added to its output; null: nothing.</param>
/// <param name="Relu">Whether negative values become 0 at last.</param>
internal readonly record struct NormalizationEnd(PlannedTensor? Added, bool Relu)
{
    public static NormalizationEnd WithRelu => new(null, true);
}

/// <summary>The gradients a batch normalisation hands on.</summary>
/// <param name="Input">Its input's.</param>
/// <param name="Sum">That of the sum of its output and what was added, behind the ReLU; null where nothing was added.</param>
internal readonly record struct NormalizationGradients(PlannedTensor Input, PlannedTensor? Sum);

/// <summary>
/// Batch normalisation over N, H and W (Ioffe and Szegedy, 2015): y = scale (x - mean) / sqrt(variance + epsilon) + shift, and where asked
/// for the sum with a shortcut and the ReLU behind it. In training with the batch's mean and biased variance, which also move the running
/// values (with the unbiased variance); in evaluation with the running values. Saves x, y where there is a ReLU, and the batch's mean and
/// inverse deviation.
/// </summary>
/// <remarks>In training the options' preference says in which order plans of graphs, fused calls and separate ones are tried; what the library lacks for the tensors' type and layout is done the next way.</remarks>
internal sealed class BatchNormalizationLayer
{
    private readonly NormalizationWay _way;

    public BatchNormalizationLayer(PassBuilder pass, NormalizationDefinition definition, ConvolutionLayer convolution, NormalizationEnd end = default)
    {
        var x = convolution.Output;
        if (pass.Training && (long)x.Shape.N * x.Shape.H * x.Shape.W < 2)
        {
            throw new ArgumentException(
                $"{definition.Statistics.Name} would have to take the variance of a single value: a batch of one image has shrunk to one pixel there. "
                + "Choose a batch size that does not leave one image over, larger images or the cifar stem.");
        }

        NormalizationOperands operands = new(pass, definition, x, end);
        Output = operands.Y;
        _way = Choose(operands, convolution.Sums);
        _way.AddForward();
    }

    public PlannedTensor Output { get; }

    /// <summary>Adds the gradients of scale, shift and input, and of what was added.</summary>
    /// <param name="dy">The output's gradient; its content may be lost.</param>
    public NormalizationGradients AddBackward(PlannedTensor dy) => _way.AddBackward(dy);

    /// <summary>The ways that are tried before separate calls, which every library has, in order.</summary>
    /// <param name="fusion">What the options prefer.</param>
    /// <param name="relu">Whether a ReLU follows, and with it something that the descriptors API can fuse.</param>
    internal static OperationWay[] PreferredWays(FusionPreference fusion, bool relu) => (fusion, relu) switch
    {
        (FusionPreference.Auto, true) => [OperationWay.FusedCall, OperationWay.GraphPlan],
        (FusionPreference.Graph, true) => [OperationWay.GraphPlan, OperationWay.FusedCall],
        (FusionPreference.Graph, false) => [OperationWay.GraphPlan],
        (FusionPreference.Descriptors, true) => [OperationWay.FusedCall],
        _ => [],
    };

    private static NormalizationWay Choose(NormalizationOperands operands, ChannelSumPlaces? sums)
    {
        if (!operands.Pass.Training)
        {
            return new SeparateNormalization(operands);
        }

        NormalizationWay? way = sums is { } given ? new StatisticsNormalization(operands, given) : null;
        List<string> reasons = [];
        foreach (var preferred in PreferredWays(operands.Pass.Options.Fusion, operands.End.Relu))
        {
            string reason = "";
            way ??= preferred == OperationWay.GraphPlan ? GraphNormalization.TryMake(operands, out reason) : FusedNormalization.TryMake(operands, out reason);
            if (reason.Length > 0)
            {
                reasons.Add(reason);
            }
        }

        way ??= new SeparateNormalization(operands);
        string title = NormalizationGraph.Title(operands.End.Added is not null, operands.End.Relu);
        operands.Pass.Operations.Chose($"{title}{(sums is null ? "" : " of the convolution's sums")}, and its gradients", way.Way, string.Join("; ", reasons));
        return way;
    }
}
