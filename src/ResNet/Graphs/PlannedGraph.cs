using CudnnNet;

namespace ResNet;

/// <summary>Where a tensor of a graph lies: in the arena of the pass, or in memory that is there already.</summary>
internal readonly record struct TensorPlace(GraphTensor Tensor, PlannedTensor? Planned, DevicePointer Known)
{
    public DevicePointer Pointer => Planned?.Pointer ?? Known;

    public static TensorPlace Of(GraphTensor tensor, PlannedTensor planned) => new(tensor, planned, default);

    public static TensorPlace Of(GraphTensor tensor, DevicePointer known) => new(tensor, null, known);
}

/// <summary>A plan with the places of its tensors. It is bound to their addresses when it is first enqueued, as the arena comes after the plans, and again should the arena move.</summary>
internal sealed class PlannedGraph : IDisposable
{
    private readonly CudnnHandle _cudnn;
    private readonly GraphPlan _plan;
    private readonly PlannedTensor _workspace;
    private readonly TensorPlace[] _places;
    private readonly DevicePointer[] _boundTo;
    private BoundPlan? _bound;

    public PlannedGraph(CudnnHandle cudnn, GraphPlan plan, PlannedTensor workspace, params ReadOnlySpan<TensorPlace> places)
    {
        _cudnn = cudnn;
        _plan = plan;
        _workspace = workspace;
        _places = places.ToArray();
        _boundTo = new DevicePointer[_places.Length + 1];
    }

    /// <summary>Enqueues it: after the first time nothing is allocated.</summary>
    public void Enqueue()
    {
        if (_bound is not { } bound || !IsBoundToItsPlaces())
        {
            bound = Bind();
        }

        bound.Execute();
    }

    public void Dispose() => _bound?.Dispose();

    private bool IsBoundToItsPlaces()
    {
        for (int i = 0; i < _places.Length; i++)
        {
            if (_boundTo[i] != _places[i].Pointer)
            {
                return false;
            }
        }

        return _boundTo[^1] == _workspace.Pointer;
    }

    private BoundPlan Bind()
    {
        var pointers = new TensorPointer[_places.Length];
        for (int i = 0; i < _places.Length; i++)
        {
            _boundTo[i] = _places[i].Pointer;
            pointers[i] = _places[i].Tensor.At(_boundTo[i]);
        }

        _boundTo[^1] = _workspace.Pointer;
        var bound = _plan.Bind(_cudnn, _workspace.Raw, pointers);
        _bound?.Dispose();
        _bound = bound;
        return bound;
    }
}
