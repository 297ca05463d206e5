namespace CudnnNet.Tests;

/// <summary>Golden cases as graphs.</summary>
internal static class GoldenGraph
{
    /// <summary>Builds the graph for the run's device, binds it to the tensors and executes it.</summary>
    public static void Execute(this GoldenRun run, OperationGraph graph, params ReadOnlySpan<TensorPointer> tensors)
    {
        GraphPlan plan = run.Own(graph.Build(run.Cudnn));
        run.Own(plan.Bind(run.Cudnn, run.Workspace(plan.WorkspaceBytes), tensors)).Execute();
    }

    /// <summary>alpha · value + beta · prior, as an output; the prior is not there where beta is 0.</summary>
    public static GraphTensor Blend(this OperationGraph graph, GraphTensor value, double alpha, GraphTensor? prior, double beta) => prior is not null
        ? graph.Pointwise(PointwiseMode.Add, value, prior, options: new PointwiseOptions { Alpha1 = alpha, Alpha2 = beta })
        : alpha == 1 ? value : graph.Multiply(value, graph.Scalar("alpha", alpha));

    /// <summary>The dimensions of a shape as a graph has them.</summary>
    public static long[] Dimensions(this TensorShape shape) => [shape.N, shape.C, shape.H, shape.W];
}
