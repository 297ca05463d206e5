using CudnnNet;

namespace ResNet;

/// <summary>The shortcut without parameters (option A of He et al.): every second pixel, zero channels appended. Saves nothing.</summary>
internal sealed class SubsampleLayer
{
    private readonly PassBuilder _pass;
    private readonly PlannedTensor _x;

    public SubsampleLayer(PassBuilder pass, string name, PlannedTensor x, int outputChannels)
    {
        _pass = pass;
        _x = x;
        var y = pass.Operations.Tensor(name, x.Shape with { C = outputChannels, H = (x.Shape.H + 1) / 2, W = (x.Shape.W + 1) / 2 });
        Output = y;
        var (kernel, stream) = (pass.Kernels.SubsamplePad, pass.Stream);
        var shape = LaunchShape.Cover(y.Shape.Elements);
        var (n, h, w, c) = ((uint)x.Shape.N, (uint)x.Shape.H, (uint)x.Shape.W, (uint)x.Shape.C);
        pass.Operations.Add(
            StepPhase.Forward,
            $"{name} forward",
            () => kernel.Launch(stream, shape, x.Pointer.Address, y.Pointer.Address, n, h, w, c, (uint)outputChannels),
            x,
            y);
    }

    public PlannedTensor Output { get; }

    /// <summary>Adds the input's gradient: zero where no output looked.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var dx = _pass.Operations.Tensor($"{Output.Name} input gradient", _x.Shape);
        var (kernel, stream) = (_pass.Kernels.SubsamplePadBackward, _pass.Stream);
        var shape = LaunchShape.Cover(dx.Shape.Elements);
        var (n, h, w, c) = ((uint)dx.Shape.N, (uint)dx.Shape.H, (uint)dx.Shape.W, (uint)dx.Shape.C);
        uint outputChannels = (uint)dy.Shape.C;
        _pass.Operations.Add(
            StepPhase.Backward,
            $"{Output.Name} backward",
            () => kernel.Launch(stream, shape, dy.Pointer.Address, dx.Pointer.Address, n, h, w, c, outputChannels),
            dy,
            dx);
        return dx;
    }
}
