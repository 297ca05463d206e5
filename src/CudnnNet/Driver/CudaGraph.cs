using System.Runtime.InteropServices.Marshalling;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Work and its order, to be made executable once and launched as a whole as often as wanted. Made by <see cref="CudaContext.CreateGraph"/> or by capturing a stream.</summary>
/// <remarks>
/// <para>A node runs when all it depends on is done; nodes that do not depend on each other may run side by side. Instantiating takes a copy: a graph
/// may be changed or disposed afterwards without any effect on its executables, except through <see cref="CudaGraphExecutable.TryUpdate"/>.</para>
/// <para>The graph keeps the modules, pinned memory and events of its explicit nodes alive, and so do its executables. Device memory is named
/// by address: it must outlive every launch. What a captured stream used must outlive the graph likewise.</para>
/// <para>A graph is not for several threads at a time.</para>
/// </remarks>
public sealed unsafe partial class CudaGraph : NativeOwner
{
    private readonly KeptOwners _kept = new();
    private CUgraph _handle;

    internal CudaGraph(CudaContext context)
        : base(context)
    {
        Context = context;
        try
        {
            context.EnsureCurrent();
            CUgraph handle;
            Cuda.Check(Cuda.cuGraphCreate(&handle, 0));
            _handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal CudaGraph(CudaContext context, CUgraph handle)
        : base(context)
    {
        Context = context;
        _handle = handle;
    }

    /// <summary>The context the graph was made in.</summary>
    public CudaContext Context { get; }

    /// <summary>The driver's handle, for calls on the raw floor.</summary>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public CUgraph Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The owners that explicit nodes use.</summary>
    internal KeptOwners Kept => _kept;

    /// <summary>All nodes.</summary>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public IReadOnlyList<GraphNode> Nodes
    {
        get
        {
            CUgraph graph = Handle;
            nuint count;
            Cuda.Check(Cuda.cuGraphGetNodes(graph, null, &count));
            GraphNode[] nodes = new GraphNode[count];
            fixed (GraphNode* first = nodes)
            {
                Cuda.Check(Cuda.cuGraphGetNodes(graph, (CUgraphNode*)first, &count));
            }

            return nodes;
        }
    }

    /// <summary>The nodes that depend on none.</summary>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public IReadOnlyList<GraphNode> Roots
    {
        get
        {
            CUgraph graph = Handle;
            nuint count;
            Cuda.Check(Cuda.cuGraphGetRootNodes(graph, null, &count));
            GraphNode[] nodes = new GraphNode[count];
            fixed (GraphNode* first = nodes)
            {
                Cuda.Check(Cuda.cuGraphGetRootNodes(graph, (CUgraphNode*)first, &count));
            }

            return nodes;
        }
    }

    /// <summary>Which node runs after which.</summary>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public IReadOnlyList<GraphEdge> Edges
    {
        get
        {
            CUgraph graph = Handle;
            nuint count;
            Cuda.Check(Cuda.cuGraphGetEdges(graph, null, null, &count));
            CUgraphNode[] from = new CUgraphNode[count];
            CUgraphNode[] to = new CUgraphNode[count];
            fixed (CUgraphNode* firstFrom = from)
            fixed (CUgraphNode* firstTo = to)
            {
                Cuda.Check(Cuda.cuGraphGetEdges(graph, firstFrom, firstTo, &count));
            }

            return [.. from.Zip(to, (f, t) => new GraphEdge(new(f), new(t)))];
        }
    }

    /// <summary>Lets <paramref name="to"/> run after <paramref name="from"/>.</summary>
    /// <exception cref="CudaException">The edge is there already, or one of the nodes is not of this graph.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public void AddDependency(GraphNode from, GraphNode to)
    {
        CUgraphNode first = from.Handle;
        CUgraphNode second = to.Handle;
        Cuda.Check(Cuda.cuGraphAddDependencies(Handle, &first, &second, 1));
    }

    /// <summary>Ends what <see cref="AddDependency"/> or adding a node began.</summary>
    /// <exception cref="CudaException">There is no such edge.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public void RemoveDependency(GraphNode from, GraphNode to)
    {
        CUgraphNode first = from.Handle;
        CUgraphNode second = to.Handle;
        Cuda.Check(Cuda.cuGraphRemoveDependencies(Handle, &first, &second, 1));
    }

    /// <summary>Takes a node and its edges out of the graph. The node must not be used any more.</summary>
    /// <exception cref="CudaException">The node is gone already.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public void Remove(GraphNode node)
    {
        ThrowIfDisposed();
        Cuda.Check(Cuda.cuGraphDestroyNode(node.Handle));
    }

    /// <summary>A copy of the graph, child graphs included.</summary>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public CudaGraph Clone()
    {
        CUgraph graph = Handle;
        Context.EnsureCurrent();
        CUgraph handle;
        Cuda.Check(Cuda.cuGraphClone(&handle, graph));
        CudaGraph clone = new(Context, handle);
        clone._kept.AddAll(_kept);
        return clone;
    }

    /// <summary>The node of this clone that stands for <paramref name="original"/>.</summary>
    /// <param name="original">A node of the graph that this one was cloned from.</param>
    /// <exception cref="CudaException">There is none.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public GraphNode FindInClone(GraphNode original)
    {
        CUgraphNode node;
        Cuda.Check(Cuda.cuGraphNodeFindInClone(&node, original.Handle, Handle));
        return new(node);
    }

    /// <summary>Checks the graph and makes it executable.</summary>
    /// <param name="freeAtLaunch">Whether memory that a launch allocated and did not free is freed at the next launch, for graphs captured from stream-ordered allocation.</param>
    /// <param name="useNodePriorities">Whether each node runs with the priority of the stream it was captured from.</param>
    /// <exception cref="CudaException">The graph cannot run, for instance because nodes wait for each other in a circle.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public CudaGraphExecutable Instantiate(bool freeAtLaunch = false, bool useNodePriorities = false)
    {
        CUgraph graph = Handle;
        ulong flags = (freeAtLaunch ? (ulong)CUgraphInstantiate_flags.CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH : 0)
            | (useNodePriorities ? (ulong)CUgraphInstantiate_flags.CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY : 0);
        return new(Context, graph, flags, _kept);
    }

    /// <summary>The graph as a text for Graphviz (<c>dot -Tsvg</c>).</summary>
    /// <param name="verbose">Whether to write every parameter of every node.</param>
    /// <exception cref="CudaException">The driver cannot write it.</exception>
    /// <exception cref="IOException">The temporary file the driver writes to cannot be made or read.</exception>
    /// <exception cref="ObjectDisposedException">The graph is disposed.</exception>
    public string ToDot(bool verbose = false)
    {
        CUgraph graph = Handle;
        string path = Path.GetTempFileName();
        try
        {
            byte* text = Utf8StringMarshaller.ConvertToUnmanaged(path);
            try
            {
                Cuda.Check(Cuda.cuGraphDebugDotPrint(graph, text, verbose ? (uint)CUgraphDebugDot_flags.CU_GRAPH_DEBUG_DOT_FLAGS_VERBOSE : 0));
            }
            finally
            {
                Utf8StringMarshaller.Free(text);
            }

            return File.ReadAllText(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private protected override void Release()
    {
        if (_handle != default && Context.TryEnsureCurrent())
        {
            _ = Cuda.cuGraphDestroy(_handle);
        }

        _handle = default;
        _kept.LetGo();
    }
}
