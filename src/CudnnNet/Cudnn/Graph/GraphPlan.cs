using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <summary>How a device computes a graph: an engine, ready to run. Bound to memory by <see cref="Bind"/>, as often as there are tensors to compute with.</summary>
/// <remarks>A plan is not changed by being used: several threads may bind it, each with a handle of its own.</remarks>
public sealed unsafe class GraphPlan : NativeOwner, IGraphSubject
{
    private readonly BackendDescriptor _plan = null!;

    // Code is loaded into a context; the default where the device is only described.
    private readonly CUcontext _context;

    /// <summary>A plan of a configuration; where cuDNN refuses, <paramref name="support"/> says why and the plan is to be disposed.</summary>
    internal GraphPlan(EngineConfiguration configuration, out GraphSupport support)
        : base(configuration)
    {
        PreparedGraph prepared = configuration.Prepared;
        Graph = prepared.Graph;
        IsForDescribedDevice = prepared.Cudnn is null;
        _context = prepared.Cudnn?.Stream.Context.KeptHandle ?? default;
        try
        {
            EngineIndex = configuration.EngineIndex;
            _plan = new BackendDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, $"a plan of engine {configuration} for {Graph}");
            if (prepared.Cudnn is { } cudnn)
            {
                _plan.Set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, cudnn.Enter());
            }

            _plan.Set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration.Descriptor);
            if (prepared.Device is { } device)
            {
                _plan.Set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device.Descriptor);
            }

            cudnnStatus_t status = _plan.TryComplete();
            if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
            {
                support = new(false, GraphFailure.LastWords(Graph), status);
                return;
            }

            WorkspaceBytes = ReadWorkspace();
            NumericalNotes = configuration.NumericalNotes;
            BehaviorNotes = configuration.BehaviorNotes;
            support = GraphSupport.Supported;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A plan from its JSON.</summary>
    internal GraphPlan(OperationGraph graph, CudnnHandle cudnn, string json)
        : base(cudnn)
    {
        Graph = graph;
        _context = cudnn.Stream.Context.KeptHandle;
        try
        {
            _ = graph.Key;
            _plan = new BackendDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, $"a plan from JSON for {graph}");
            _plan.Set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, cudnn.Enter());
            _plan.Set(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, json);
            _plan.Complete();
            WorkspaceBytes = ReadWorkspace();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it computes.</summary>
    public OperationGraph Graph { get; }

    /// <summary>The workspace every execution needs, in bytes.</summary>
    public long WorkspaceBytes { get; }

    /// <summary>The number of its engine; null for a plan from JSON.</summary>
    public long? EngineIndex { get; }

    /// <summary>What is peculiar about the engine's arithmetic; empty for a plan from JSON, which does not say.</summary>
    public IReadOnlyList<cudnnBackendNumericalNote_t> NumericalNotes { get; } = [];

    /// <summary>What else is peculiar about the engine; empty for a plan from JSON, which does not say.</summary>
    public IReadOnlyList<cudnnBackendBehaviorNote_t> BehaviorNotes { get; } = [];

    /// <summary>Whether it was made for a described device. Such a plan is not executed; its JSON is, where the device is.</summary>
    public bool IsForDescribedDevice { get; }

    internal BackendDescriptor Descriptor => _plan;

    /// <summary>The plan as the library's own JSON text, for <see cref="OperationGraph.LoadPlan"/> on a device of the same kind with the same version of cuDNN.</summary>
    /// <exception cref="CudnnException">The engine cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The plan is disposed.</exception>
    public string ToJson()
    {
        ThrowIfDisposed();
        return _plan.GetText(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
    }

    /// <summary>Binds the plan to memory, once for all executions with it.</summary>
    /// <param name="cudnn">The handle in whose stream it will be executed, of the context the plan was made in.</param>
    /// <param name="workspace">At least <see cref="WorkspaceBytes"/>; its content is lost. It must outlive the executions, as all memory must.</param>
    /// <param name="tensors">Where each input and output is: <c>x.At(memory)</c>. Virtual tensors have no memory; values passed by value need none.</param>
    /// <returns>The bound plan, which belongs to the caller.</returns>
    /// <exception cref="ArgumentException">A tensor lacks its memory, has it twice, is none of the graph's, is virtual or by value; an address is null or not aligned; the workspace is too short; the handle is of another context.</exception>
    /// <exception cref="InvalidOperationException">The plan was made for a described device.</exception>
    /// <exception cref="CudnnException">cuDNN refuses.</exception>
    /// <exception cref="ObjectDisposedException">The plan or the handle is disposed.</exception>
    public BoundPlan Bind(CudnnHandle cudnn, DeviceSpan<byte> workspace, params ReadOnlySpan<TensorPointer> tensors)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        ThrowIfDisposed();
        if (IsForDescribedDevice)
        {
            throw new InvalidOperationException(
                $"The plan for {Graph} was made for a described device and was to be bound to memory. Take its JSON (ToJson) to the device and load it there (OperationGraph.LoadPlan).");
        }

        if (cudnn.Stream.Context.KeptHandle != _context)
        {
            throw new ArgumentException($"The {this} was made in another context than that of the handle it was to be bound for. Build it with a handle of each context.", nameof(cudnn));
        }

        return new BoundPlan(this, cudnn, workspace, tensors);
    }

    /// <summary>"plan of engine 22 for graph 'block', 0 bytes of workspace".</summary>
    public override string ToString() => $"plan{(EngineIndex is { } index ? $" of engine {index}" : "")} for {Graph}, {WorkspaceBytes} bytes of workspace";

    private protected override void Release() => _plan?.Dispose();

    private long ReadWorkspace() => _plan.Get<long>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64);
}
