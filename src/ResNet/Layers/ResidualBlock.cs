namespace ResNet;

/// <summary>A block's layers by name; the projection is null where the shortcut has no parameters.</summary>
internal sealed record BlockDefinition(
    string Name,
    IReadOnlyList<(ConvolutionDefinition Convolution, NormalizationDefinition Normalization)> Residual,
    (ConvolutionDefinition Convolution, NormalizationDefinition Normalization)? Projection,
    ShortcutStyle Shortcut,
    int Stride,
    int InputChannels,
    int OutputChannels);

/// <summary>
/// y = relu(F(x) + shortcut(x)), F being convolution and batch normalisation two or three times with ReLU between. Sum and last ReLU
/// belong to the last normalisation. Backward, the sum's gradient goes both ways: through the shortcut first, whose result the residual
/// branch's first convolution then adds to.
/// </summary>
internal sealed class ResidualBlock
{
    private readonly List<(ConvolutionLayer Convolution, BatchNormalizationLayer Normalization)> _residual = [];
    private readonly (ConvolutionLayer Convolution, BatchNormalizationLayer Normalization)? _projection;
    private readonly SubsampleLayer? _subsample;

    public ResidualBlock(PassBuilder pass, BlockDefinition definition, PlannedTensor x)
    {
        PlannedTensor? shortcut = x;
        if (definition.Projection is { } projection)
        {
            var convolution = new ConvolutionLayer(pass, projection.Convolution, x, default);
            var normalization = new BatchNormalizationLayer(pass, projection.Normalization, convolution);
            _projection = (convolution, normalization);
            shortcut = normalization.Output;
        }
        else if (definition.Shortcut == ShortcutStyle.None)
        {
            shortcut = null;
        }
        else if (definition.Stride != 1 || definition.InputChannels != definition.OutputChannels)
        {
            _subsample = new SubsampleLayer(pass, $"{definition.Name}.subsample", x, definition.OutputChannels);
            shortcut = _subsample.Output;
        }

        PlannedTensor y = x;
        for (int i = 0; i < definition.Residual.Count; i++)
        {
            bool isLast = i == definition.Residual.Count - 1;
            var end = new NormalizationEnd(isLast ? shortcut : null, Relu: true);
            var convolution = new ConvolutionLayer(pass, definition.Residual[i].Convolution, y, end);
            var normalization = new BatchNormalizationLayer(pass, definition.Residual[i].Normalization, convolution, end);
            _residual.Add((convolution, normalization));
            y = normalization.Output;
        }

        Output = y;
    }

    public PlannedTensor Output { get; }

    /// <summary>Adds the gradients of everything in the block and of its input.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var (gradient, sum) = _residual[^1].Normalization.AddBackward(dy);
        PlannedTensor? addTo = sum;
        if (_projection is { } projection)
        {
            addTo = projection.Convolution.AddBackward(projection.Normalization.AddBackward(sum!).Input);
        }
        else if (_subsample is not null)
        {
            addTo = _subsample.AddBackward(sum!);
        }

        // Without either, the identity's gradient is the sum's own, which nobody reads any more by the time the first convolution adds to it.
        for (int i = _residual.Count - 1; i > 0; i--)
        {
            gradient = _residual[i - 1].Normalization.AddBackward(_residual[i].Convolution.AddBackward(gradient)!).Input;
        }

        return _residual[0].Convolution.AddBackward(gradient, addTo)!;
    }
}
