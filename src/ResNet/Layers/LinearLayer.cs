using CudnnNet;

namespace ResNet;

/// <summary>The fully connected layer's matrix (outputs x inputs) and bias.</summary>
internal sealed record LinearDefinition(Parameter Weight, Parameter Bias)
{
    public int Outputs => Weight.Shape[0];

    public int Inputs => Weight.Shape[1];
}

/// <summary>
/// y = x w^T + b for rows of features, dx = dy w and dw = dy^T x, on cuBLAS; all matrices are row-major. The logits y and the bias are in
/// single precision, everything else in the type of x. Saves x.
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
        switch (x.Shape.Type)
        {
            case DataType.BFloat16:
                AddForward<BFloat16>();
                break;
            case DataType.Float16:
                AddForward<Half>();
                break;
            default:
                AddForward<float>();
                break;
        }
    }

    public PlannedTensor Output { get; }

    /// <summary>Adds the gradients of matrix, bias and input.</summary>
    public PlannedTensor AddBackward(PlannedTensor dy) => _x.Shape.Type switch
    {
        DataType.BFloat16 => AddBackward<BFloat16>(dy),
        DataType.Float16 => AddBackward<Half>(dy),
        _ => AddBackward<float>(dy),
    };

    private void AddForward<T>()
        where T : unmanaged
    {
        var (x, y) = (_x, Output);
        var (cublas, stream, compute) = (_pass.Cublas, _pass.Stream, _pass.Precision.ComputeType());
        var addBias = _pass.Kernels.AddBiasRows;
        var (outputs, inputs, rows) = (_definition.Outputs, _definition.Inputs, _rows);
        var weight = new DeviceSpan<T>(_pass.Buffers.ParameterView(_definition.Weight).Address, _definition.Weight.Elements);
        var bias = _pass.Buffers.ParameterView(_definition.Bias);
        var shape = LaunchShape.Cover((long)rows * outputs);
        _pass.Operations.Add(
            StepPhase.Forward,
            "fc forward",
            () =>
            {
                var w = DeviceMatrix.RowMajor(weight, outputs, inputs);
                cublas.GemmEx(compute, 1, DeviceMatrix.RowMajor(x.Elements<T>(), rows, inputs), w.Transposed, 0, DeviceMatrix.RowMajor(y.Elements<float>(), rows, outputs));
                addBias.Launch(stream, shape, y.Pointer.Address, bias.Address, (uint)rows, (uint)outputs);
            },
            x,
            y);
    }

    private PlannedTensor AddBackward<T>(PlannedTensor dy)
        where T : unmanaged
    {
        var x = _x;
        var (cublas, stream, compute) = (_pass.Cublas, _pass.Stream, _pass.Precision.ComputeType());
        var sumRows = _pass.Kernels.SumRows;
        var (outputs, inputs, rows) = (_definition.Outputs, _definition.Inputs, _rows);
        var weight = new DeviceSpan<T>(_pass.Buffers.ParameterView(_definition.Weight).Address, _definition.Weight.Elements);
        var weightGradient = new DeviceSpan<T>(_pass.Buffers.GradientView(_definition.Weight).Address, _definition.Weight.Elements);
        var biasGradient = _pass.Buffers.GradientView(_definition.Bias);
        var dx = _pass.Operations.Tensor("fc input gradient", x.Shape);
        var shape = LaunchShape.Cover(outputs, block: 32);
        _pass.Operations.Add(
            StepPhase.Backward,
            "fc backward",
            () =>
            {
                var gradient = DeviceMatrix.RowMajor(dy.Elements<T>(), rows, outputs);
                cublas.GemmEx(compute, 1, gradient.Transposed, DeviceMatrix.RowMajor(x.Elements<T>(), rows, inputs), 0, DeviceMatrix.RowMajor(weightGradient, outputs, inputs));
                sumRows.Launch(stream, shape, dy.Pointer.Address, biasGradient.Address, (uint)rows, (uint)outputs);
                cublas.GemmEx(compute, 1, gradient, DeviceMatrix.RowMajor(weight, outputs, inputs), 0, DeviceMatrix.RowMajor(dx.Elements<T>(), rows, inputs));
            },
            x,
            dy,
            dx);
        return dx;
    }
}
