using CudnnNet;

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
/// y = relu(F(x) + shortcut(x)), F being convolution and batch normalisation two or three times with ReLU between. The sum is made
/// in the last normalisation's output. Backward, the sum's gradient goes both ways: through the shortcut first, whose result the
/// residual branch's first convolution then adds to.
/// </summary>
internal sealed class ResidualBlock
{
    private readonly List<(ConvolutionLayer Convolution, BatchNormalizationLayer Normalization, ReluLayer? Relu)> _residual = [];
    private readonly (ConvolutionLayer Convolution, BatchNormalizationLayer Normalization)? _projection;
    private readonly SubsampleLayer? _subsample;
    private readonly ReluLayer _relu;
    private readonly bool _hasShortcut;

    public ResidualBlock(PassBuilder pass, BlockDefinition definition, PlannedTensor x)
    {
        PlannedTensor y = x;
        for (int i = 0; i < definition.Residual.Count; i++)
        {
            var convolution = new ConvolutionLayer(pass, definition.Residual[i].Convolution, y);
            var normalization = new BatchNormalizationLayer(pass, definition.Residual[i].Normalization, convolution.Output);
            y = normalization.Output;
            _residual.Add((convolution, normalization, i + 1 < definition.Residual.Count ? new ReluLayer(pass, y) : null));
        }

        PlannedTensor? shortcut = x;
        if (definition.Projection is { } projection)
        {
            var convolution = new ConvolutionLayer(pass, projection.Convolution, x);
            var normalization = new BatchNormalizationLayer(pass, projection.Normalization, convolution.Output);
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

        _hasShortcut = shortcut is not null;
        if (shortcut is { } added)
        {
            var sum = pass.Operations.Own(new TensorAdd(pass.Cudnn, added.Shape, y.Shape));
            pass.Operations.Add(StepPhase.Forward, $"{definition.Name} add", () => sum.Run(1, added.Pointer, 1, y.Pointer), added, y);
        }

        _relu = new ReluLayer(pass, y);
        Output = y;
    }

    public PlannedTensor Output { get; }

    /// <summary>Adds the gradients of everything in the block and of its input.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var gradient = _relu.AddBackward(dy);
        PlannedTensor? addTo = null;
        if (_projection is { } projection)
        {
            addTo = projection.Convolution.AddBackward(projection.Normalization.AddBackward(gradient));
        }
        else if (_subsample is not null)
        {
            addTo = _subsample.AddBackward(gradient);
        }
        else if (_hasShortcut)
        {
            // The identity's gradient is the sum's own, which nobody reads any more by the time the first convolution adds to it.
            addTo = gradient;
        }

        for (int i = _residual.Count - 1; i >= 0; i--)
        {
            var (convolution, normalization, relu) = _residual[i];
            if (relu is not null)
            {
                gradient = relu.AddBackward(gradient);
            }

            gradient = convolution.AddBackward(normalization.AddBackward(gradient), i == 0 ? addTo : null)!;
        }

        return gradient;
    }
}
