using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <summary>A graph that cuDNN has taken, for one device: what its heuristics propose, its engines and their knobs. Made by <see cref="OperationGraph.Prepare(CudnnHandle)"/>.</summary>
/// <remarks>Most programs do without: <see cref="OperationGraph.Build(CudnnHandle, GraphBuildOptions?)"/> prepares, asks the heuristics and takes the first plan that fits.</remarks>
public sealed unsafe class PreparedGraph : NativeOwner, IGraphSubject
{
    private readonly List<BackendDescriptor> _descriptors = [];
    private readonly BackendDescriptor _graph = null!;

    internal PreparedGraph(OperationGraph graph, CudnnHandle? cudnn, DeviceDescription? device)
        : base((NativeOwner?)cudnn ?? device)
    {
        Graph = graph;
        Cudnn = cudnn;
        Device = device;
        try
        {
            GraphKey key = graph.Key;
            Dictionary<GraphTensor, BackendDescriptor> tensors = [];
            foreach (GraphTensor tensor in key.Tensors)
            {
                tensors.Add(tensor, Lower(tensor));
            }

            List<cudnnBackendDescriptor_t> operations = [];
            foreach (GraphOperation operation in graph.Operations)
            {
                operations.Add(Lower(operation, tensors).KeptHandle);
            }

            _graph = Own(new BackendDescriptor(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, graph));
            if (cudnn is not null)
            {
                _graph.Set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, cudnn.Enter());
            }

            _graph.Set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations.ToArray());
            _graph.Complete();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What was prepared.</summary>
    public OperationGraph Graph { get; }

    /// <summary>The handle of the device it was prepared for; null where the device was described.</summary>
    public CudnnHandle? Cudnn { get; }

    /// <summary>The description of the device it was prepared for; null where it was prepared with a handle.</summary>
    public DeviceDescription? Device { get; }

    /// <summary>How many engines there are; their numbers are those below.</summary>
    /// <exception cref="CudnnException">cuDNN does not say.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public long EngineCount
    {
        get
        {
            ThrowIfDisposed();
            return _graph.Get<long>(CUDNN_ATTR_OPERATIONGRAPH_ENGINE_GLOBAL_COUNT, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64);
        }
    }

    internal BackendDescriptor Descriptor => _graph;

    /// <summary>What a heuristic proposes, the engine it expects to be fastest first. They belong to the caller. Nothing is run.</summary>
    /// <param name="mode">Which heuristic.</param>
    /// <param name="multiprocessorTarget">How many multiprocessors to plan for; null: all.</param>
    /// <returns>The configurations; none where the heuristic has none.</returns>
    /// <exception cref="CudnnException">cuDNN fails.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public IReadOnlyList<EngineConfiguration> GetConfigurations(HeuristicMode mode = HeuristicMode.A, int? multiprocessorTarget = null)
    {
        ThrowIfDisposed();
        return Propose(mode, multiprocessorTarget, out _);
    }

    /// <summary>An engine by its number, to set its knobs by hand. It belongs to the caller.</summary>
    /// <param name="index">Its number, below <see cref="EngineCount"/>.</param>
    /// <exception cref="CudnnException">There is no such engine, or it does not take the graph.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphEngine GetEngine(long index)
    {
        ThrowIfDisposed();
        return new GraphEngine(this, index);
    }

    /// <summary>Makes the first plan that cuDNN's heuristics propose and the options allow.</summary>
    /// <param name="options">What is wanted; null: anything.</param>
    /// <param name="plan">The plan, which belongs to the caller; null where there is none.</param>
    /// <returns>Whether there is one, and if not, why.</returns>
    /// <exception cref="CudnnException">cuDNN fails otherwise.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphSupport TryBuild(GraphBuildOptions? options, out GraphPlan? plan)
    {
        ThrowIfDisposed();
        options ??= GraphBuildOptions.Default;
        GraphRefusals refusals = new(Graph);
        foreach (HeuristicMode mode in options.Modes)
        {
            foreach (GraphPlan first in Plans(mode, options, int.MaxValue, refusals))
            {
                plan = first;
                return GraphSupport.Supported;
            }
        }

        plan = null;
        return refusals.Summary;
    }

    /// <summary>The plans of what a heuristic proposes, made one after the other as they are asked for. They belong to the caller.</summary>
    /// <param name="mode">Which heuristic.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="most">How many of its proposals to try.</param>
    /// <param name="refusals">Receives why it has none, and why a proposal has no plan.</param>
    internal IEnumerable<GraphPlan> Plans(HeuristicMode mode, GraphBuildOptions options, int most, GraphRefusals refusals)
    {
        EngineConfiguration[] proposed = Propose(mode, options.MultiprocessorTarget, out GraphSupport? refusal);
        if (refusal is not null)
        {
            refusals.Add($"heuristic {mode}", refusal);
        }

        try
        {
            foreach (EngineConfiguration configuration in proposed.Take(most))
            {
                GraphSupport support = TryPlan(configuration, options, out GraphPlan? plan);
                if (plan is null)
                {
                    refusals.Add($"engine {configuration}", support);
                    continue;
                }

                yield return plan;
            }
        }
        finally
        {
            foreach (EngineConfiguration configuration in proposed)
            {
                configuration.Dispose();
            }
        }
    }

    /// <summary>A plan of one configuration, if the options allow it and cuDNN can make it.</summary>
    private static GraphSupport TryPlan(EngineConfiguration configuration, GraphBuildOptions options, out GraphPlan? plan)
    {
        plan = null;
        if (options.WhyNot(configuration) is { } why)
        {
            return new(false, why, cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED);
        }

        GraphPlan made = new(configuration, out GraphSupport support);
        if (support.IsSupported && made.WorkspaceBytes > options.WorkspaceLimit)
        {
            support = new(false, $"wants {made.WorkspaceBytes} bytes of workspace, {options.WorkspaceLimit} are allowed", cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED);
        }

        if (!support.IsSupported)
        {
            made.Dispose();
            return support;
        }

        plan = made;
        return support;
    }

    private EngineConfiguration[] Propose(HeuristicMode mode, int? multiprocessorTarget, out GraphSupport? refusal)
    {
        Cudnn?.Enter();
        using BackendDescriptor heuristics = new(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, $"heuristic {mode} for {Graph}");
        heuristics.Set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, _graph);
        heuristics.Set(CUDNN_ATTR_ENGINEHEUR_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_HEUR_MODE, (int)mode);
        if (multiprocessorTarget is { } target)
        {
            heuristics.Set(CUDNN_ATTR_ENGINEHEUR_SM_COUNT_TARGET, cudnnBackendAttributeType_t.CUDNN_TYPE_INT32, target);
        }

        if (Device is not null)
        {
            heuristics.Set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, Device.Descriptor);
        }

        cudnnStatus_t status = heuristics.TryComplete();
        if (GraphFailure.IsRefusal(status))
        {
            refusal = new(false, GraphFailure.LastWords(Graph), status);
            return [];
        }

        GraphFailure.Check(status, "cudnnBackendFinalize", heuristics.Subject);
        BackendDescriptor[] results = heuristics.GetDescriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, heuristics.Subject);
        refusal = results.Length > 0 ? null : new(false, GraphFailure.LastWords(Graph), cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED);
        EngineConfiguration[] configurations = new EngineConfiguration[results.Length];
        for (int i = 0; i < results.Length; i++)
        {
            configurations[i] = new EngineConfiguration(this, results[i]);
        }

        return configurations;
    }

    private protected override void Release()
    {
        for (int i = _descriptors.Count - 1; i >= 0; i--)
        {
            _descriptors[i].Dispose();
        }
    }

    private BackendDescriptor Own(BackendDescriptor descriptor)
    {
        _descriptors.Add(descriptor);
        return descriptor;
    }

    private BackendDescriptor Lower(GraphTensor tensor)
    {
        BackendDescriptor descriptor = Own(new BackendDescriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR, $"tensor {tensor} of {Graph}"));
        descriptor.Set(CUDNN_ATTR_TENSOR_DATA_TYPE, cudnnBackendAttributeType_t.CUDNN_TYPE_DATA_TYPE, (int)tensor.Type);
        descriptor.Set(CUDNN_ATTR_TENSOR_DIMENSIONS, tensor.Dimensions);
        descriptor.Set(CUDNN_ATTR_TENSOR_STRIDES, tensor.Strides);
        descriptor.Set(CUDNN_ATTR_TENSOR_UNIQUE_ID, tensor.Uid);
        descriptor.Set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, (long)tensor.Alignment);
        if (tensor.IsVirtual)
        {
            descriptor.Set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
        }

        if (tensor.IsByValue)
        {
            descriptor.Set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, true);
        }

        descriptor.Complete();
        return descriptor;
    }

    private BackendDescriptor Lower(GraphOperation operation, Dictionary<GraphTensor, BackendDescriptor> tensors)
    {
        BackendDescriptor descriptor = Own(new BackendDescriptor(operation.Type, operation));
        if (operation.Part is { } part)
        {
            BackendDescriptor own = Own(new BackendDescriptor(part.Type, operation));
            foreach (GraphAttribute attribute in part.Attributes)
            {
                attribute.SetOn(own);
            }

            own.Complete();
            descriptor.Set(part.Name, own);
        }

        foreach (GraphAttribute attribute in operation.Attributes)
        {
            attribute.SetOn(descriptor);
        }

        // Several tensors in one place, as the inputs of a concat, are one attribute.
        foreach (IGrouping<cudnnBackendAttributeName_t, GraphPort> place in operation.Ports.GroupBy(port => port.Name))
        {
            descriptor.Set(place.Key, place.Select(port => tensors[port.Tensor].KeptHandle).ToArray());
        }

        descriptor.Complete();
        return descriptor;
    }
}
