using CudnnNet;

namespace ResNet;

/// <summary>The fully connected layer's matrix (outputs x inputs) and bias.</summary>
internal sealed record LinearDefinition(Parameter Weight, Parameter Bias)
{
    public int Outputs => Weight.Shape[0];

    public int Inputs => Weight.Shape[1];
}

/// <summary>
/// y = x w^T + b for rows of features, dx = dy w and dw = dy^T x, on cuBLAS; all matrices are row-major. Saves x.
/// </summary>
internal sealed class LinearLayer
{
    private readonly PassBuilder _pass;
    private readonly LinearDefinition _definition;
    private readonly PlannedTensor _x;
    private readonly int _rows;

    public LinearLayer(PassBuilder pass, LinearDefinition definition, PlannedTensor x)
    {
        _pass = pass;
        _definition = definition;
        _x = x;
        _rows = x.Shape.N;
        Output = pass.Operations.Tensor("logits", new TensorShape(_rows, definition.Outputs, 1, 1));
        AddForward();
    }

    public PlannedTensor Output { get; }

    private void AddForward()
    {
        var (x, y) = (_x, Output);
        var (cublas, stream) = (_pass.Cublas, _pass.Stream);
        var addBias = _pass.Kernels.AddBiasRows;
        var weight = _pass.Buffers.ParameterView(_definition.Weight);
        var bias = _pass.Buffers.ParameterView(_definition.Bias);
        var (outputs, inputs, rows) = (_definition.Outputs, _definition.Inputs, _rows);
        var shape = LaunchShape.Cover((long)rows * outputs);
        _pass.Operations.Add(
            StepPhase.Forward,
            "fc forward",
            () =>
            {
                var w = DeviceMatrix.RowMajor(weight, outputs, inputs);
                cublas.Gemm(1, DeviceMatrix.RowMajor(x.Floats, rows, inputs), w.Transposed, 0, DeviceMatrix.RowMajor(y.Floats, rows, outputs));
                addBias.Launch(stream, shape, y.Pointer.Address, bias.Address, (uint)rows, (uint)outputs);
            },
            x,
            y);
    }

    /// <summary>Adds the gradients of matrix, bias and input.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy)
    {
        var x = _x;
        var (cublas, stream) = (_pass.Cublas, _pass.Stream);
        var sumRows = _pass.Kernels.SumRows;
        var weight = _pass.Buffers.ParameterView(_definition.Weight);
        var weightGradient = _pass.Buffers.GradientView(_definition.Weight);
        var biasGradient = _pass.Buffers.GradientView(_definition.Bias);
        var (outputs, inputs, rows) = (_definition.Outputs, _definition.Inputs, _rows);
        var dx = _pass.Operations.Tensor("fc input gradient", x.Shape);
        var shape = LaunchShape.Cover(outputs, block: 32);
        _pass.Operations.Add(
            StepPhase.Backward,
            "fc backward",
            () =>
            {
                var gradient = DeviceMatrix.RowMajor(dy.Floats, rows, outputs);
                cublas.Gemm(1, gradient.Transposed, DeviceMatrix.RowMajor(x.Floats, rows, inputs), 0, DeviceMatrix.RowMajor(weightGradient, outputs, inputs));
                sumRows.Launch(stream, shape, dy.Pointer.Address, biasGradient.Address, (uint)rows, (uint)outputs);
                cublas.Gemm(1, gradient, DeviceMatrix.RowMajor(weight, outputs, inputs), 0, DeviceMatrix.RowMajor(dx.Floats, rows, inputs));
            },
            x,
            dy,
            dx);
        return dx;
    }
}
