using CudnnNet;

namespace ResNet;

/// <summary>
/// Softmax cross-entropy of single-precision logits, mean over the batch, with its gradient times the loss scale, and the sums of losses and hits in the state block. Saves nothing:
/// the gradient is made with the loss.
/// </summary>
internal sealed class LossLayer
{
    public LossLayer(PassBuilder pass, PlannedTensor logits, PlannedTensor labels, DeviceSpan<uint> state)
    {
        int batch = logits.Shape.N;
        int classes = logits.Shape.C;
        SampleLoss = pass.Operations.Buffer("sample losses", (long)batch * sizeof(float));
        SampleCorrect = pass.Operations.Buffer("sample hits", (long)batch * sizeof(int));
        Gradient = pass.Training ? pass.Operations.Tensor("logits gradient", logits.Shape with { Type = pass.Precision.ElementType() }) : null;
        var (loss, correct, gradient) = (SampleLoss, SampleCorrect, Gradient);
        var (crossEntropy, accumulate, stream) = (pass.Kernels.SoftmaxCrossEntropy, pass.Kernels.AccumulateMetrics, pass.Stream);
        var rows = LaunchShape.Cover(batch, block: 64);
        var one = new LaunchShape(1, 32);
        float scale = 1f / batch;
        const float labelSmoothing = 0;
        pass.Operations.Add(
            StepPhase.Loss,
            "loss",
            () =>
            {
                crossEntropy.Launch(
                    stream, rows, logits.Pointer.Address, labels.Pointer.Address, gradient?.Pointer.Address ?? 0UL, loss.Pointer.Address, correct.Pointer.Address,
                    state.Address, (uint)batch, (uint)classes, scale, labelSmoothing);
                accumulate.Launch(stream, one, loss.Pointer.Address, correct.Pointer.Address, state.Address, (uint)batch);
            },
            logits,
            labels,
            loss,
            correct,
            gradient);
    }

    public PlannedTensor SampleLoss { get; }

    public PlannedTensor SampleCorrect { get; }

    /// <summary>The logits' gradient; null in evaluation.</summary>
    public PlannedTensor? Gradient { get; }
}
