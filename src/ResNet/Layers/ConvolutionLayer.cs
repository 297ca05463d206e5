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
/// <remarks>Each direction is a plan of a graph where the options prefer graphs and the library has one, else a call of the descriptors API.</remarks>
internal sealed class ConvolutionLayer
{
    private readonly PassBuilder _pass;
    private readonly ConvolutionDefinition _definition;
    private readonly PlannedTensor _x;
    private readonly FilterShape _filterShape;

    /// <param name="pass">The pass.</param>
    /// <param name="definition">Filter and geometry.</param>
    /// <param name="x">The input.</param>
    /// <param name="normalization">What follows the batch normalisation of the output.</param>
    public ConvolutionLayer(PassBuilder pass, ConvolutionDefinition definition, PlannedTensor x, NormalizationEnd normalization)
    {
        _pass = pass;
        _definition = definition;
        _x = x;
        _filterShape = definition.ShapeOf(x.Shape.Type);
        var shape = definition.Geometry.OutputShape(x.Shape, _filterShape);
        Output = pass.Operations.Tensor(Name, shape);
        if (!StatisticsNormalization.IsPossible(pass, shape, normalization) || !TryAddForwardWithSums())
        {
            AddForward();
        }
    }

    public PlannedTensor Output { get; }

    /// <summary>The output's sums for the batch normalisation behind it; null where they are not made.</summary>
    public ChannelSumPlaces? Sums { get; private set; }

    private string Name => _definition.Filter.Name.Replace(".weight", "", StringComparison.Ordinal);

    private Convolution Geometry => _definition.Geometry with { MathType = _pass.Precision.MathType() };

    private ConvolutionChoice<TAlgorithm> Choose<TAlgorithm>(ConvolutionOperation<TAlgorithm> operation)
        where TAlgorithm : unmanaged, Enum => _pass.Options.MeasureAlgorithms
            ? operation.ChooseMeasured(_pass.Options.WorkspaceLimitBytes, _pass.Options.Deterministic, _pass.Options.Exact)
            : operation.Choose(_pass.Options.WorkspaceLimitBytes, _pass.Options.Deterministic, _pass.Options.Exact);

    private ComputedConvolution Computes(ConvolutionDirection direction) => new(direction, _x.Shape, _filterShape, Geometry);

    private bool TryAddForwardWithSums()
    {
        var graph = ConvolutionStatisticsGraph.Of(_x.Shape, _filterShape, Geometry);
        if (_pass.Graphs.TryPlan(graph, out _) is not { } plan)
        {
            return false;
        }

        long bytes = (long)Output.Shape.C * sizeof(float);
        ChannelSumPlaces sums = new(_pass.Operations.Buffer($"{Name} sum", bytes), _pass.Operations.Buffer($"{Name} square sum", bytes));
        Sums = sums;
        _pass.Operations.Chose(graph.Graph.Name, OperationWay.GraphPlan, "");
        _pass.Graphs.AddConvolution(
            StepPhase.Forward,
            $"{Name} convolution forward",
            plan,
            Computes(ConvolutionDirection.Forward),
            TensorPlace.Of(graph.X, _x),
            TensorPlace.Of(graph.W, _pass.Buffers.ParameterView(_definition.Filter)),
            TensorPlace.Of(graph.Y, Output),
            TensorPlace.Of(graph.Sum, sums.Sum),
            TensorPlace.Of(graph.SquareSum, sums.SquareSum));
        return true;
    }

    private void AddForward()
    {
        var (x, y) = (_x, Output);
        string name = $"{Name} convolution forward";
        var filter = _pass.Buffers.ParameterView(_definition.Filter);
        var graph = ConvolutionForwardGraph.Of(x.Shape, _filterShape, Geometry);
        if (TryPlan(graph) is { } plan)
        {
            _pass.Graphs.AddConvolution(
                StepPhase.Forward, name, plan, Computes(ConvolutionDirection.Forward), TensorPlace.Of(graph.X, x), TensorPlace.Of(graph.W, filter), TensorPlace.Of(graph.Y, y));
            return;
        }

        var operation = _pass.Operations.Own(new ConvolutionForward(_pass.Cudnn, x.Shape, _filterShape, Geometry, y.Shape));
        var choice = Choose(operation);
        var workspace = _pass.Operations.Buffer($"{Name} workspace", choice.WorkspaceBytes);
        _pass.Operations.AddConvolution(
            StepPhase.Forward, name, () => operation.Run(choice, 1, x.Pointer, filter, workspace.Raw, 0, y.Pointer), Computes(ConvolutionDirection.Forward), x, y, workspace);
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
        var x = _x;
        string name = $"{Name} filter gradient";
        var gradient = _pass.Buffers.GradientView(_definition.Filter);
        var graph = FilterGradientGraph.Of(x.Shape, dy.Shape, Geometry, _filterShape);
        if (TryPlan(graph) is { } plan)
        {
            _pass.Graphs.AddConvolution(
                StepPhase.Backward, name, plan, Computes(ConvolutionDirection.Filter), TensorPlace.Of(graph.X, x), TensorPlace.Of(graph.Dy, dy), TensorPlace.Of(graph.Dw, gradient));
            return;
        }

        var operation = _pass.Operations.Own(new ConvolutionBackwardFilter(_pass.Cudnn, x.Shape, dy.Shape, Geometry, _filterShape));
        var choice = Choose(operation);
        var workspace = _pass.Operations.Buffer($"{Name} filter workspace", choice.WorkspaceBytes);
        _pass.Operations.AddConvolution(
            StepPhase.Backward, name, () => operation.Run(choice, 1, x.Pointer, dy.Pointer, workspace.Raw, 0, gradient), Computes(ConvolutionDirection.Filter), x, dy, workspace);
    }

    private PlannedTensor AddInputGradient(PlannedTensor dy, PlannedTensor? addTo)
    {
        string name = $"{Name} data gradient";
        var filter = _pass.Buffers.ParameterView(_definition.Filter);
        var graph = DataGradientGraph.Of(dy.Shape, _filterShape, Geometry, _x.Shape, adds: addTo is not null);
        if (TryPlan(graph) is { } plan)
        {
            var sum = _pass.Operations.Tensor($"{Name} input gradient", _x.Shape);
            List<TensorPlace> places = [TensorPlace.Of(graph.Dy, dy), TensorPlace.Of(graph.W, filter), TensorPlace.Of(graph.Dx, sum)];
            if (addTo is not null)
            {
                places.Add(TensorPlace.Of(graph.Other!, addTo));
            }

            _pass.Graphs.AddConvolution(StepPhase.Backward, name, plan, Computes(ConvolutionDirection.Data), [.. places]);
            return sum;
        }

        var operation = _pass.Operations.Own(new ConvolutionBackwardData(_pass.Cudnn, _filterShape, dy.Shape, Geometry, _x.Shape));
        var choice = Choose(operation);
        var workspace = _pass.Operations.Buffer($"{Name} data workspace", choice.WorkspaceBytes);
        var dx = addTo ?? _pass.Operations.Tensor($"{Name} input gradient", _x.Shape);
        double beta = addTo is null ? 0 : 1;
        _pass.Operations.AddConvolution(
            StepPhase.Backward, name, () => operation.Run(choice, 1, filter, dy.Pointer, workspace.Raw, beta, dx.Pointer), Computes(ConvolutionDirection.Data), dy, dx, workspace);
        return dx;
    }

    // The plan of a direction's graph where it is wanted, and the note which way it is computed.
    private GraphPlan? TryPlan(StepGraph graph)
    {
        string reason = "";
        var plan = _pass.Options.Fusion == FusionPreference.Graph ? _pass.Graphs.TryPlan(graph, out reason) : null;
        _pass.Operations.Chose(graph.Graph.Name, plan is null ? OperationWay.SeparateCalls : OperationWay.GraphPlan, reason);
        return plan;
    }
}
