using CudnnNet;

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
/// <remarks>In training normalisation, sum and ReLU are one operation of cuDNN where the library has it for the tensors' type and layout and the options allow it; else three.</remarks>
internal sealed class BatchNormalizationLayer
{
    private readonly PassBuilder _pass;
    private readonly NormalizationDefinition _definition;
    private readonly PlannedTensor _x;
    private readonly NormalizationEnd _end;
    private readonly FusedBatchNormalization? _fused;
    private readonly PlannedTensor? _reserve;
    private readonly BatchNormalization? _operation;
    private readonly Activation? _relu;
    private readonly PlannedTensor _savedMean;
    private readonly PlannedTensor _savedInverseDeviation;

    public BatchNormalizationLayer(PassBuilder pass, NormalizationDefinition definition, PlannedTensor x, NormalizationEnd end = default)
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
        _end = end;
        Output = pass.Operations.Tensor(Name, x.Shape);
        long bytes = (long)definition.Statistics.Channels * sizeof(float);
        _savedMean = pass.Operations.Buffer($"{Name} mean", bytes);
        _savedInverseDeviation = pass.Operations.Buffer($"{Name} inverse deviation", bytes);
        _fused = TryFuse();
        if (_fused is { } fused)
        {
            _reserve = pass.Operations.Buffer($"{Name} reserve", fused.ReserveBytes);
            AddFusedForward(fused, _reserve);
            return;
        }

        _operation = pass.Operations.Own(new BatchNormalization(pass.Cudnn, BatchNormalizationMode.Spatial, x.Shape));
        AddNormalization(_operation);
        AddSum();
        _relu = AddRelu();
    }

    public PlannedTensor Output { get; }

    private string Name => _definition.Statistics.Name;

    private DevicePointer Scale => _pass.Buffers.ParameterView(_definition.Scale);

    private DevicePointer Shift => _pass.Buffers.ParameterView(_definition.Shift);

    /// <summary>Adds the gradients of scale, shift and input, and of what was added.</summary>
    /// <param name="dy">The output's gradient; its content may be lost.</param>
    public NormalizationGradients AddBackward(PlannedTensor dy) => _fused is { } fused ? AddFusedBackward(fused, dy) : AddSeparateBackward(dy);

    // The fused operation; null where there is nothing to fuse, the options forbid it or the library does not have it.
    private FusedBatchNormalization? TryFuse()
    {
        if (!_pass.Training || !_pass.Options.FuseNormalization || !_end.Relu)
        {
            return null;
        }

        try
        {
            var fusion = _end.Added is null ? BatchNormalizationFusion.Activation : BatchNormalizationFusion.AddActivation;
            return _pass.Operations.Own(new FusedBatchNormalization(_pass.Cudnn, BatchNormalizationMode.SpatialPersistent, fusion, _x.Shape));
        }
        catch (CudnnException)
        {
            return null;
        }
    }

    private void AddFusedForward(FusedBatchNormalization operation, PlannedTensor reserve)
    {
        var (x, y, added) = (_x, Output, _end.Added);
        var (mean, inverseDeviation) = (_savedMean, _savedInverseDeviation);
        var (scale, shift) = (Scale, Shift);
        DevicePointer runningMean = _pass.Buffers.MeanView(_definition.Statistics);
        DevicePointer runningVariance = _pass.Buffers.VarianceView(_definition.Statistics);
        var (epsilon, factor) = (_pass.Options.Epsilon, _pass.Options.RunningFactor);
        var workspace = _pass.Operations.Buffer($"{Name} forward workspace", operation.ForwardWorkspaceBytes);
        _pass.Operations.Add(
            StepPhase.Forward,
            $"{Name}{(added is null ? "" : " add")} relu forward",
            () => operation.ForwardTraining(
                1, x.Pointer, added?.Pointer ?? default, 0, y.Pointer, scale, shift, factor, runningMean, runningVariance, epsilon, mean.Pointer, inverseDeviation.Pointer, workspace.Raw, reserve.Raw),
            x,
            added,
            y,
            mean,
            inverseDeviation,
            workspace,
            reserve);
    }

    private NormalizationGradients AddFusedBackward(FusedBatchNormalization operation, PlannedTensor dy)
    {
        var (x, y, reserve) = (_x, Output, _reserve!);
        var (mean, inverseDeviation) = (_savedMean, _savedInverseDeviation);
        var dx = _pass.Operations.Tensor($"{Name} input gradient", _x.Shape);
        var dz = _end.Added is null ? null : _pass.Operations.Tensor($"{Name} sum gradient", _x.Shape);
        var (scale, shift) = (Scale, Shift);
        DevicePointer dScale = _pass.Buffers.GradientView(_definition.Scale);
        DevicePointer dShift = _pass.Buffers.GradientView(_definition.Shift);
        double epsilon = _pass.Options.Epsilon;
        var workspace = _pass.Operations.Buffer($"{Name} backward workspace", operation.BackwardWorkspaceBytes);
        _pass.Operations.Add(
            StepPhase.Backward,
            $"{Name}{(dz is null ? "" : " add")} relu backward",
            () => operation.Backward(
                1, 0, 1, 0, x.Pointer, y.Pointer, dy.Pointer, dz?.Pointer ?? default, dx.Pointer, scale, shift, dScale, dShift, epsilon, mean.Pointer, inverseDeviation.Pointer, workspace.Raw, reserve.Raw),
            x,
            y,
            dy,
            dz,
            dx,
            mean,
            inverseDeviation,
            workspace,
            reserve);
        return new(dx, dz);
    }

    private void AddNormalization(BatchNormalization operation)
    {
        var (x, y) = (_x, Output);
        var (mean, inverseDeviation) = (_savedMean, _savedInverseDeviation);
        var (scale, shift) = (Scale, Shift);
        DevicePointer runningMean = _pass.Buffers.MeanView(_definition.Statistics);
        DevicePointer runningVariance = _pass.Buffers.VarianceView(_definition.Statistics);
        var (epsilon, factor) = (_pass.Options.Epsilon, _pass.Options.RunningFactor);
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

    private void AddSum()
    {
        if (_end.Added is { } added)
        {
            var y = Output;
            var sum = _pass.Operations.Own(new TensorAdd(_pass.Cudnn, added.Shape, y.Shape));
            _pass.Operations.Add(StepPhase.Forward, $"{Name} add", () => sum.Run(1, added.Pointer, 1, y.Pointer), added, y);
        }
    }

    private Activation? AddRelu()
    {
        if (!_end.Relu)
        {
            return null;
        }

        var y = Output;
        var relu = _pass.Operations.Own(new Activation(_pass.Cudnn, ActivationMode.Relu, y.Shape));
        _pass.Operations.Add(StepPhase.Forward, $"{Name} relu", () => relu.Forward(1, y.Pointer, 0, y.Pointer), y);
        return relu;
    }

    private NormalizationGradients AddSeparateBackward(PlannedTensor dy)
    {
        var (operation, x, y) = (_operation!, _x, Output);
        if (_relu is { } relu)
        {
            _pass.Operations.Add(StepPhase.Backward, $"{Name} relu backward", () => relu.Backward(1, y.Pointer, dy.Pointer, y.Pointer, 0, dy.Pointer), y, dy);
        }

        var (mean, inverseDeviation) = (_savedMean, _savedInverseDeviation);
        var dx = _pass.Operations.Tensor($"{Name} input gradient", _x.Shape);
        var scale = Scale;
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
        return new(dx, _end.Added is null ? null : dy);
    }
}
