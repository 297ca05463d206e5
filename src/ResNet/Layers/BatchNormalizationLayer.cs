using CudnnNet;

namespace ResNet;

/// <summary>A batch normalisation's parameters and running statistics, one value a channel each.</summary>
internal sealed record NormalizationDefinition(Parameter Scale, Parameter Shift, RunningStatistics Statistics);

/// <summary>
/// Batch normalisation over N, H and W (Ioffe and Szegedy, 2015): y = scale (x - mean) / sqrt(variance + epsilon) + shift. In training
/// with the batch's mean and biased variance, which also move the running values (with the unbiased variance); in evaluation with
/// the running values. Saves x, and the batch's mean and inverse deviation.
/// </summary>
internal sealed class BatchNormalizationLayer
{
    private readonly PassBuilder _pass;
    private readonly NormalizationDefinition _definition;
    private readonly PlannedTensor _x;
    private readonly BatchNormalization _operation;
    private readonly PlannedTensor _savedMean;
    private readonly PlannedTensor _savedInverseDeviation;

    public BatchNormalizationLayer(PassBuilder pass, NormalizationDefinition definition, PlannedTensor x)
    {
        if (pass.Training && (long)x.Shape.N * x.Shape.H * x.Shape.W < 2)
        {
            throw new ArgumentException(
                $"{definition.Statistics.Name} would have to take the variance of a single value: a batch of one image has shrunk to one pixel there. "
                + "Choose a batch size that does not leave one image over, larger images or the cifar stem.");
        }

        _pass = pass;
        _definition = definition;
        _x = x;
        _operation = pass.Operations.Own(new BatchNormalization(pass.Cudnn, BatchNormalizationMode.Spatial, x.Shape));
        Output = pass.Operations.Tensor(Name, x.Shape);
        long bytes = (long)definition.Statistics.Channels * sizeof(float);
        _savedMean = pass.Operations.Buffer($"{Name} mean", bytes);
        _savedInverseDeviation = pass.Operations.Buffer($"{Name} inverse deviation", bytes);
        AddForward();
    }

    public PlannedTensor Output { get; }

    private string Name => _definition.Statistics.Name;

    private void AddForward()
    {
        var (operation, x, y) = (_operation, _x, Output);
        var (mean, inverseDeviation) = (_savedMean, _savedInverseDeviation);
        DevicePointer scale = _pass.Buffers.ParameterView(_definition.Scale);
        DevicePointer shift = _pass.Buffers.ParameterView(_definition.Shift);
        DevicePointer runningMean = _pass.Buffers.MeanView(_definition.Statistics);
        DevicePointer runningVariance = _pass.Buffers.VarianceView(_definition.Statistics);
        double epsilon = _pass.Options.Epsilon;
        double factor = _pass.Options.RunningFactor;
        if (_pass.Training)
        {
            _pass.Operations.Add(
                StepPhase.Forward,
                $"{Name} forward",
                () => operation.ForwardTraining(1, x.Pointer, 0, y.Pointer, scale, shift, factor, runningMean, runningVariance, epsilon, mean.Pointer, inverseDeviation.Pointer),
                x,
                y,
                mean,
                inverseDeviation);
        }
        else
        {
            _pass.Operations.Add(
                StepPhase.Forward,
                $"{Name} inference",
                () => operation.ForwardInference(1, x.Pointer, 0, y.Pointer, scale, shift, runningMean, runningVariance, epsilon),
                x,
                y);
        }
    }

    /// <summary>Adds the gradients of scale, shift and input.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var (operation, x) = (_operation, _x);
        var (mean, inverseDeviation) = (_savedMean, _savedInverseDeviation);
        var dx = _pass.Operations.Tensor($"{Name} input gradient", _x.Shape);
        DevicePointer scale = _pass.Buffers.ParameterView(_definition.Scale);
        DevicePointer dScale = _pass.Buffers.GradientView(_definition.Scale);
        DevicePointer dShift = _pass.Buffers.GradientView(_definition.Shift);
        double epsilon = _pass.Options.Epsilon;
        _pass.Operations.Add(
            StepPhase.Backward,
            $"{Name} backward",
            () => operation.Backward(1, 0, 1, 0, x.Pointer, dy.Pointer, dx.Pointer, scale, dScale, dShift, epsilon, mean.Pointer, inverseDeviation.Pointer),
            x,
            dy,
            dx,
            mean,
            inverseDeviation);
        return dx;
    }
}
