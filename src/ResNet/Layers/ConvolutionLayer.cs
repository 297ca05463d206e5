using CudnnNet;

namespace ResNet;

/// <summary>A convolution's filter and geometry.</summary>
/// <param name="Filter">K, C, R, S.</param>
/// <param name="Geometry">Padding, stride.</param>
internal sealed record ConvolutionDefinition(Parameter Filter, Convolution Geometry)
{
    /// <summary>The filter's shape where its elements have the given type.</summary>
    public FilterShape ShapeOf(DataType type) => new(Filter.Shape[0], Filter.Shape[1], Filter.Shape[2], Filter.Shape[3], type);
}

/// <summary>
/// Convolution without bias: y[n,k,p,q] = sum x[n,c,p stride - pad + r, ...] w[k,c,r,s]. N, H, W, C activations; the filter lies
/// as K, R, S, C. All of one type, summed in single precision. Saves x for the backward pass. The filter's gradient is overwritten; the input's is written, or added to a
/// gradient that already holds another branch's.
/// </summary>
internal sealed class ConvolutionLayer
{
    private readonly PassBuilder _pass;
    private readonly ConvolutionDefinition _definition;
    private readonly PlannedTensor _x;
    private readonly FilterShape _filterShape;

    public ConvolutionLayer(PassBuilder pass, ConvolutionDefinition definition, PlannedTensor x)
    {
        _pass = pass;
        _definition = definition;
        _x = x;
        _filterShape = definition.ShapeOf(x.Shape.Type);
        var shape = definition.Geometry.OutputShape(x.Shape, _filterShape);
        Output = pass.Operations.Tensor(Name, shape);
        AddForward();
    }

    public PlannedTensor Output { get; }

    private string Name => _definition.Filter.Name.Replace(".weight", "", StringComparison.Ordinal);

    private Convolution Geometry => _definition.Geometry with { MathType = _pass.Precision.MathType() };

    private ConvolutionChoice<TAlgorithm> Choose<TAlgorithm>(ConvolutionOperation<TAlgorithm> operation)
        where TAlgorithm : unmanaged, Enum => _pass.Options.MeasureAlgorithms
            ? operation.ChooseMeasured(_pass.Options.WorkspaceLimitBytes, _pass.Options.Deterministic, _pass.Options.Exact)
            : operation.Choose(_pass.Options.WorkspaceLimitBytes, _pass.Options.Deterministic, _pass.Options.Exact);

    private void AddForward()
    {
        var operation = _pass.Operations.Own(new ConvolutionForward(_pass.Cudnn, _x.Shape, _filterShape, Geometry, Output.Shape));
        var choice = Choose(operation);
        var workspace = _pass.Operations.Buffer($"{Name} workspace", choice.WorkspaceBytes);
        var filter = _pass.Buffers.ParameterView(_definition.Filter);
        var (x, y) = (_x, Output);
        _pass.Operations.AddConvolution(
            StepPhase.Forward, $"{Name} convolution forward", () => operation.Run(choice, 1, x.Pointer, filter, workspace.Raw, 0, y.Pointer), operation, x, y, workspace);
    }

    /// <summary>Adds the filter's gradient and, unless this is the first layer, the input's.</summary>
    /// <param name="dy">The output's gradient.</param>
    /// <param name="addTo">The other branch's gradient of the same input, to add to; null to write a new one.</param>
    /// <param name="inputGradient">False for the first layer: nobody wants the images' gradient.</param>
    public PlannedTensor? AddBackward(PlannedTensor dy, PlannedTensor? addTo = null, bool inputGradient = true)
    {
        AddFilterGradient(dy);
        return inputGradient ? AddInputGradient(dy, addTo) : null;
    }

    private void AddFilterGradient(PlannedTensor dy)
    {
        var operation = _pass.Operations.Own(new ConvolutionBackwardFilter(_pass.Cudnn, _x.Shape, dy.Shape, Geometry, _filterShape));
        var choice = Choose(operation);
        var workspace = _pass.Operations.Buffer($"{Name} filter workspace", choice.WorkspaceBytes);
        var gradient = _pass.Buffers.GradientView(_definition.Filter);
        var x = _x;
        _pass.Operations.AddConvolution(
            StepPhase.Backward, $"{Name} filter gradient", () => operation.Run(choice, 1, x.Pointer, dy.Pointer, workspace.Raw, 0, gradient), operation, x, dy, workspace);
    }

    private PlannedTensor AddInputGradient(PlannedTensor dy, PlannedTensor? addTo)
    {
        var operation = _pass.Operations.Own(new ConvolutionBackwardData(_pass.Cudnn, _filterShape, dy.Shape, Geometry, _x.Shape));
        var choice = Choose(operation);
        var workspace = _pass.Operations.Buffer($"{Name} data workspace", choice.WorkspaceBytes);
        var filter = _pass.Buffers.ParameterView(_definition.Filter);
        var dx = addTo ?? _pass.Operations.Tensor($"{Name} input gradient", _x.Shape);
        double beta = addTo is null ? 0 : 1;
        _pass.Operations.AddConvolution(
            StepPhase.Backward, $"{Name} data gradient", () => operation.Run(choice, 1, filter, dy.Pointer, workspace.Raw, beta, dx.Pointer), operation, dy, dx, workspace);
        return dx;
    }
}
