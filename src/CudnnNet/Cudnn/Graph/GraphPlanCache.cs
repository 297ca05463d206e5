using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Remembers the plans of graphs, and which graphs have none: the first question builds, every other is answered at once, without allocation or lock.</summary>
/// <remarks>
/// <para>Two graphs are the same where their operations, tensors and values are, whatever their names; a plan is found for the context it was built in.
/// So a network that describes a layer of the same shape again gets the plan it has. Tensors of the later graph name those of the earlier one in <see cref="GraphPlan.Bind"/>.</para>
/// <para>Several threads may ask at the same time. The plans belong to the cache and go with it; what is bound keeps its plan.</para>
/// </remarks>
public sealed class GraphPlanCache : IDisposable
{
    private readonly ConcurrentDictionary<CacheKey, Entry> _entries = new();
    private readonly GraphBuildOptions _options;
    private bool _disposed;

    /// <summary>An empty cache.</summary>
    /// <param name="options">What is wanted of every plan; null: anything.</param>
    public GraphPlanCache(GraphBuildOptions? options = null) => _options = options ?? GraphBuildOptions.Default;

    /// <summary>How many graphs are known, with a plan or without.</summary>
    public int Count => _entries.Count;

    /// <summary>The plan of a graph, if there is one.</summary>
    /// <param name="cudnn">The handle of the device.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="plan">The plan, which belongs to the cache; null where there is none.</param>
    /// <returns>Whether there is one, and if not, why.</returns>
    /// <exception cref="CudnnException">The graph is wrong rather than unsupported; that is not remembered.</exception>
    /// <exception cref="ObjectDisposedException">The cache or the handle is disposed.</exception>
    public GraphSupport TryGet(CudnnHandle cudnn, OperationGraph graph, out GraphPlan? plan)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        ArgumentNullException.ThrowIfNull(graph);
        ObjectDisposedException.ThrowIf(_disposed, this);
        CacheKey key = new(graph.Key, Context(cudnn));
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            entry = Build(cudnn, graph, key);
        }

        plan = entry.Plan;
        return entry.Support;
    }

    /// <summary>The plan of a graph.</summary>
    /// <param name="cudnn">The handle of the device.</param>
    /// <param name="graph">The graph.</param>
    /// <returns>The plan, which belongs to the cache.</returns>
    /// <exception cref="CudnnException">There is none, or the graph is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The cache or the handle is disposed.</exception>
    public GraphPlan Get(CudnnHandle cudnn, OperationGraph graph)
    {
        GraphSupport support = TryGet(cudnn, graph, out GraphPlan? plan);
        if (plan is null)
        {
            Throw(support);
        }

        return plan;

        [DoesNotReturn]
        static void Throw(GraphSupport support) => throw support.Refusal();
    }

    /// <summary>Puts a plan in the place of the one remembered for its graph: one that was measured, or loaded from JSON. It belongs to the cache from now on.</summary>
    /// <param name="cudnn">The handle of the device it was made for.</param>
    /// <param name="plan">The plan.</param>
    /// <remarks>The plan that was there goes when the cache goes: somebody may be using it.</remarks>
    /// <exception cref="ArgumentException">The plan was made for a described device.</exception>
    /// <exception cref="ObjectDisposedException">The cache, the handle or the plan is disposed.</exception>
    public void Store(CudnnHandle cudnn, GraphPlan plan)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        ArgumentNullException.ThrowIfNull(plan);
        ObjectDisposedException.ThrowIf(_disposed, this);
        plan.Require();
        if (plan.IsForDescribedDevice)
        {
            throw new ArgumentException($"The {plan} was made for a described device, and a cache keeps plans that can be executed. Load its JSON on the device first.", nameof(plan));
        }

        Entry added = new(plan, GraphSupport.Supported);
        _entries.AddOrUpdate(new(plan.Graph.Key, Context(cudnn)), added, (_, old) => added with { Earlier = ReferenceEquals(old.Plan, plan) ? old.Earlier : old });
    }

    /// <summary>Disposes all plans.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (Entry entry in _entries.Values)
        {
            for (Entry? one = entry; one is not null; one = one.Earlier)
            {
                one.Plan?.Dispose();
            }
        }

        _entries.Clear();
    }

    private Entry Build(CudnnHandle cudnn, OperationGraph graph, CacheKey key)
    {
        GraphSupport support = graph.TryBuild(cudnn, _options, out GraphPlan? plan);
        Entry mine = new(plan, support);
        Entry kept = _entries.GetOrAdd(key, mine);
        if (!ReferenceEquals(kept, mine))
        {
            plan?.Dispose();
        }

        return kept;
    }

    private static CUcontext Context(CudnnHandle cudnn)
    {
        cudnn.Require();
        return cudnn.Stream.Context.KeptHandle;
    }

    private readonly record struct CacheKey(GraphKey Graph, CUcontext Context);

    private sealed record Entry(GraphPlan? Plan, GraphSupport Support)
    {
        public Entry? Earlier { get; init; }
    }
}
