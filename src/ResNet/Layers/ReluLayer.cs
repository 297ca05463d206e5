using CudnnNet;

namespace ResNet;

/// <summary>y = max(x, 0), in place, forward and backward. Saves y: the gradient passes where y is positive.</summary>
internal sealed class ReluLayer
{
    private readonly PassBuilder _pass;
    private readonly PlannedTensor _y;
    private readonly Activation _operation;

    public ReluLayer(PassBuilder pass, PlannedTensor x)
    {
        _pass = pass;
        _y = x;
        var operation = pass.Operations.Own(new Activation(pass.Cudnn, ActivationMode.Relu, x.Shape));
        _operation = operation;
        pass.Operations.Add(StepPhase.Forward, $"{x.Name} relu", () => operation.Forward(1, x.Pointer, 0, x.Pointer), x);
    }

    /// <summary>Adds the backward operation, which turns the output's gradient into the input's where it lies.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var (operation, y) = (_operation, _y);
        _pass.Operations.Add(
            StepPhase.Backward, $"{y.Name} relu backward", () => operation.Backward(1, y.Pointer, dy.Pointer, y.Pointer, 0, dy.Pointer), y, dy);
        return dy;
    }
}
