using CudnnNet;

namespace ResNet;

/// <summary>What the layers of one pass share while it is put together: the handles, the network's buffers and the list they add their operations to.</summary>
/// <param name="Cudnn">The cuDNN handle; its stream is the pass's stream.</param>
/// <param name="Cublas">The cuBLAS handle on the same stream.</param>
/// <param name="Kernels">Our own kernels.</param>
/// <param name="Buffers">Parameters, gradients and running statistics.</param>
/// <param name="Plans">The plans of graphs made so far, with <see cref="GraphPlanner.BuildOptions"/>.</param>
/// <param name="Operations">Where operations and tensors go.</param>
/// <param name="Training">Whether batch normalisation uses the batch's statistics and a backward pass follows.</param>
/// <param name="Options">How operations are computed and convolutions choose their algorithms, and the constants of batch normalisation.</param>
internal sealed record PassBuilder(
    CudnnHandle Cudnn,
    CublasHandle Cublas,
    TrainingKernels Kernels,
    NetworkBuffers Buffers,
    GraphPlanCache Plans,
    OperationList Operations,
    bool Training,
    PassOptions Options)
{
    private GraphPlanner? _graphs;

    public CudaStream Stream => Cudnn.Stream;

    public Precision Precision => Kernels.Precision;

    /// <summary>Asked before the library whether a graph has a plan, for those who want to know what would be built for another device; null: only the library is asked.</summary>
    public Func<OperationGraph, GraphSupport>? Support { get; init; }

    /// <summary>Makes plans of graphs; whether one is wanted is the layers' to know.</summary>
    public GraphPlanner Graphs => _graphs ??= new GraphPlanner(Cudnn, Plans, Operations, Support);
}
