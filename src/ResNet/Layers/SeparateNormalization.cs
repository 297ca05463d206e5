using CudnnNet;

namespace ResNet;

/// <summary>Normalisation, sum and ReLU as a call of the descriptors API each. Every cuDNN has them; evaluation is computed so too.</summary>
internal sealed class SeparateNormalization(NormalizationOperands operands) : NormalizationWay
{
    private readonly BatchNormalization _operation = operands.Pass.Operations.Own(new BatchNormalization(operands.Pass.Cudnn, BatchNormalizationMode.Spatial, operands.X.Shape));

    private PassBuilder Pass => operands.Pass;

    public override OperationWay Way => OperationWay.SeparateCalls;

    public override void AddForward()
    {
        AddNormalization();
        var y = operands.Y;
        if (operands.End.Added is { } added)
        {
            var sum = Pass.Operations.Own(new TensorAdd(Pass.Cudnn, added.Shape, y.Shape));
            Pass.Operations.Add(StepPhase.Forward, $"{operands.Name} add", () => sum.Run(1, added.Pointer, 1, y.Pointer), added, y);
        }

        if (operands.End.Relu)
        {
            var relu = Pass.Operations.Own(new Activation(Pass.Cudnn, ActivationMode.Relu, y.Shape));
            Pass.Operations.Add(StepPhase.Forward, $"{operands.Name} relu", () => relu.Forward(1, y.Pointer, 0, y.Pointer), y);
        }
    }

    public override NormalizationGradients AddBackward(PlannedTensor dy)
    {
        if (operands.End.Relu)
        {
            AddReluBackward(operands, dy);
        }

        var (operation, x, dx) = (_operation, operands.X, operands.AddInputGradient());
        var (mean, inverseDeviation) = (operands.Mean, operands.InverseDeviation);
        var (scale, dScale, dShift) = (operands.Scale, operands.ScaleGradient, operands.ShiftGradient);
        double epsilon = Pass.Options.Epsilon;
        Pass.Operations.Add(
            StepPhase.Backward,
            $"{operands.Name} backward",
            () => operation.Backward(1, 0, 1, 0, x.Pointer, dy.Pointer, dx.Pointer, scale, dScale, dShift, epsilon, mean.Pointer, inverseDeviation.Pointer),
            x,
            dy,
            dx,
            mean,
            inverseDeviation);
        return new(dx, operands.End.Added is null ? null : dy);
    }

    /// <summary>Adds the ReLU's gradient by itself, which takes the place of dy.</summary>
    public static void AddReluBackward(NormalizationOperands operands, PlannedTensor dy)
    {
        var y = operands.Y;
        var relu = operands.Pass.Operations.Own(new Activation(operands.Pass.Cudnn, ActivationMode.Relu, y.Shape));
        operands.Pass.Operations.Add(StepPhase.Backward, $"{operands.Name} relu backward", () => relu.Backward(1, y.Pointer, dy.Pointer, y.Pointer, 0, dy.Pointer), y, dy);
    }

    private void AddNormalization()
    {
        var (operation, x, y) = (_operation, operands.X, operands.Y);
        var (mean, inverseDeviation) = (operands.Mean, operands.InverseDeviation);
        var (scale, shift, runningMean, runningVariance) = (operands.Scale, operands.Shift, operands.RunningMean, operands.RunningVariance);
        var (epsilon, factor) = (Pass.Options.Epsilon, Pass.Options.RunningFactor);
        if (Pass.Training)
        {
            Pass.Operations.Add(
                StepPhase.Forward,
                $"{operands.Name} forward",
                () => operation.ForwardTraining(1, x.Pointer, 0, y.Pointer, scale, shift, factor, runningMean, runningVariance, epsilon, mean.Pointer, inverseDeviation.Pointer),
                x,
                y,
                mean,
                inverseDeviation);
        }
        else
        {
            Pass.Operations.Add(
                StepPhase.Forward,
                $"{operands.Name} inference",
                () => operation.ForwardInference(1, x.Pointer, 0, y.Pointer, scale, shift, runningMean, runningVariance, epsilon),
                x,
                y);
        }
    }
}
