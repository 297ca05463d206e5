using CudnnNet;

namespace ResNet;

/// <summary>Normalisation, sum and ReLU as one call of the descriptors API, forward and backward. NVIDIA's cuDNN has it for 16-bit types with channels last.</summary>
internal sealed class FusedNormalization : NormalizationWay
{
    private readonly NormalizationOperands _operands;
    private readonly FusedBatchNormalization _operation;
    private readonly PlannedTensor _reserve;

    private FusedNormalization(NormalizationOperands operands, FusedBatchNormalization operation)
    {
        _operands = operands;
        _operation = operation;
        _reserve = operands.Pass.Operations.Buffer($"{operands.Name} reserve", operation.ReserveBytes);
    }

    public override OperationWay Way => OperationWay.FusedCall;

    /// <summary>Makes it, if the library has it.</summary>
    /// <param name="operands">What it works on; a ReLU is at the end.</param>
    /// <param name="reason">Why the library does not have it, in its words; else empty.</param>
    public static FusedNormalization? TryMake(NormalizationOperands operands, out string reason)
    {
        reason = "";
        try
        {
            var fusion = operands.End.Added is null ? BatchNormalizationFusion.Activation : BatchNormalizationFusion.AddActivation;
            return new(operands, operands.Pass.Operations.Own(new FusedBatchNormalization(operands.Pass.Cudnn, BatchNormalizationMode.SpatialPersistent, fusion, operands.X.Shape)));
        }
        catch (CudnnException refusal)
        {
            reason = refusal.Message;
            return null;
        }
    }

    public override void AddForward()
    {
        var (operation, reserve, operations) = (_operation, _reserve, _operands.Pass.Operations);
        var (x, y, added) = (_operands.X, _operands.Y, _operands.End.Added);
        var (mean, inverseDeviation) = (_operands.Mean, _operands.InverseDeviation);
        var (scale, shift, runningMean, runningVariance) = (_operands.Scale, _operands.Shift, _operands.RunningMean, _operands.RunningVariance);
        var (epsilon, factor) = (_operands.Pass.Options.Epsilon, _operands.Pass.Options.RunningFactor);
        var workspace = operations.Buffer($"{_operands.Name} forward workspace", operation.ForwardWorkspaceBytes);
        operations.Add(
            StepPhase.Forward,
            $"{_operands.Name}{(added is null ? "" : " add")} relu forward",
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

    public override NormalizationGradients AddBackward(PlannedTensor dy)
    {
        var (operation, reserve, operations) = (_operation, _reserve, _operands.Pass.Operations);
        var (x, y, dx) = (_operands.X, _operands.Y, _operands.AddInputGradient());
        var (mean, inverseDeviation) = (_operands.Mean, _operands.InverseDeviation);
        var dz = _operands.End.Added is null ? null : operations.Tensor($"{_operands.Name} sum gradient", x.Shape);
        var (scale, shift, dScale, dShift) = (_operands.Scale, _operands.Shift, _operands.ScaleGradient, _operands.ShiftGradient);
        double epsilon = _operands.Pass.Options.Epsilon;
        var workspace = operations.Buffer($"{_operands.Name} backward workspace", operation.BackwardWorkspaceBytes);
        operations.Add(
            StepPhase.Backward,
            $"{_operands.Name}{(dz is null ? "" : " add")} relu backward",
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
}
