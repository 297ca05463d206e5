using CudnnNet;

namespace ResNet;

/// <summary>Pooling: the stem's maximum over windows (padding counts as minus infinity), or the mean of the whole image. Saves x and y.</summary>
internal sealed class PoolingLayer
{
    private readonly PassBuilder _pass;
    private readonly PlannedTensor _x;
    private readonly Pooling _operation;
    private readonly string _name;

    private PoolingLayer(PassBuilder pass, string name, PoolingMode mode, PoolingWindow window, PlannedTensor x)
    {
        _pass = pass;
        _x = x;
        _name = name;
        var operation = pass.Operations.Own(new Pooling(pass.Cudnn, mode, window, x.Shape));
        _operation = operation;
        var y = pass.Operations.Tensor(name, operation.OutputShape);
        Output = y;
        pass.Operations.Add(StepPhase.Forward, $"{name} forward", () => operation.Forward(1, x.Pointer, 0, y.Pointer), x, y);
    }

    public PlannedTensor Output { get; }

    /// <summary>The stem's 3x3 maximum, stride 2, padding 1.</summary>
    public static PoolingLayer StemMaximum(PassBuilder pass, PlannedTensor x) =>
        new(pass, "stem_pool", PoolingMode.MaxDeterministic, new PoolingWindow(window: 3, padding: 1, stride: 2), x);

    /// <summary>The mean over H and W.</summary>
    public static PoolingLayer GlobalAverage(PassBuilder pass, PlannedTensor x) =>
        new(pass, "pool", PoolingMode.AverageExcludePadding, PoolingWindow.Global(x.Shape), x);

    /// <summary>Adds the input's gradient.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var (operation, x, y) = (_operation, _x, Output);
        var dx = _pass.Operations.Tensor($"{_name} input gradient", x.Shape);
        _pass.Operations.Add(
            StepPhase.Backward, $"{_name} backward", () => operation.Backward(1, y.Pointer, dy.Pointer, x.Pointer, 0, dx.Pointer), x, y, dy, dx);
        return dx;
    }
}
