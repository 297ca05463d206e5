using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A node of a <see cref="CudaGraph"/>: one piece of work. It belongs to its graph; in a clone and in an executable the same node stands for its copy.</summary>
/// <param name="Handle">The driver's handle.</param>
public readonly record struct GraphNode(CUgraphNode Handle)
{
    /// <summary>What the node does.</summary>
    /// <exception cref="CudaException">The node's graph is gone.</exception>
    public unsafe CUgraphNodeType Type
    {
        get
        {
            CUgraphNodeType type;
            Cuda.Check(Cuda.cuGraphNodeGetType(Handle, &type));
            return type;
        }
    }
}

/// <summary>That one node of a graph runs after another.</summary>
/// <param name="From">The one that runs first.</param>
/// <param name="To">The one that waits for it.</param>
public readonly record struct GraphEdge(GraphNode From, GraphNode To);
