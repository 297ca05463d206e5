using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <summary>An engine with its knobs set, as a heuristic proposes it or <see cref="GraphEngine.Configure"/> made it. One plan can be built of it.</summary>
public sealed unsafe class EngineConfiguration : NativeOwner
{
    // More than there are kinds of notes.
    private const int MostNotes = 32;

    private readonly BackendDescriptor _configuration;
    private BackendDescriptor? _engine;
    private long? _index;
    private IReadOnlyList<cudnnBackendNumericalNote_t>? _numerical;
    private IReadOnlyList<cudnnBackendBehaviorNote_t>? _behavior;

    internal EngineConfiguration(PreparedGraph prepared, BackendDescriptor configuration)
        : base(prepared)
    {
        Prepared = prepared;
        _configuration = configuration;
    }

    /// <summary>The graph it is for.</summary>
    public PreparedGraph Prepared { get; }

    /// <summary>The engine's number.</summary>
    /// <exception cref="ObjectDisposedException">The configuration is disposed.</exception>
    public long EngineIndex => _index ??= Engine.Get<long>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64);

    /// <summary>What is peculiar about the engine's arithmetic: tensor cores, Winograd, not deterministic, ...</summary>
    /// <exception cref="ObjectDisposedException">The configuration is disposed.</exception>
    public IReadOnlyList<cudnnBackendNumericalNote_t> NumericalNotes =>
        _numerical ??= Engine.GetUpTo<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, cudnnBackendAttributeType_t.CUDNN_TYPE_NUMERICAL_NOTE, MostNotes);

    /// <summary>What else is peculiar about the engine: compiled at run time, able to populate CUDA graphs, ...</summary>
    /// <exception cref="ObjectDisposedException">The configuration is disposed.</exception>
    public IReadOnlyList<cudnnBackendBehaviorNote_t> BehaviorNotes =>
        _behavior ??= Engine.GetUpTo<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, cudnnBackendAttributeType_t.CUDNN_TYPE_BEHAVIOR_NOTE, MostNotes);

    /// <summary>The workspace the configuration says it needs, in bytes.</summary>
    /// <exception cref="CudnnException">cuDNN does not say.</exception>
    /// <exception cref="ObjectDisposedException">The configuration is disposed.</exception>
    public long WorkspaceBytes
    {
        get
        {
            ThrowIfDisposed();
            return _configuration.Get<long>(CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64);
        }
    }

    internal BackendDescriptor Descriptor => _configuration;

    private BackendDescriptor Engine
    {
        get
        {
            ThrowIfDisposed();
            return _engine ??= _configuration.GetDescriptor(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, $"an engine for {Prepared.Graph}");
        }
    }

    /// <summary>Makes a plan of it, which belongs to the caller.</summary>
    /// <exception cref="CudnnException">cuDNN cannot.</exception>
    /// <exception cref="ObjectDisposedException">The configuration is disposed.</exception>
    public GraphPlan Build()
    {
        ThrowIfDisposed();
        GraphPlan plan = new(this, out GraphSupport support);
        if (!support.IsSupported)
        {
            plan.Dispose();
            throw new CudnnException("cudnnBackendFinalize", support.Status, $"a plan of engine {this} for {Prepared.Graph}: {support.Reason}");
        }

        return plan;
    }

    /// <summary>The engine's number.</summary>
    public override string ToString() => IsDisposed && _index is null ? "(disposed)" : $"{EngineIndex}";

    private protected override void Release()
    {
        _engine?.Dispose();
        _configuration.Dispose();
    }
}
