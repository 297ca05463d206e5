using Golden;

namespace CudnnNet.Tests;

/// <summary>Golden cases as graphs.</summary>
internal static class GoldenGraph
{
    /// <summary>Each case with the engine that the usual heuristic proposes, which fuses what it can, and with that of the fallback, which on the CPU device runs operation by operation.</summary>
    public static IEnumerable<TestCaseData> WithBothHeuristics(IEnumerable<TestCaseData> tests)
    {
        foreach (TestCaseData test in tests)
        {
            foreach (HeuristicMode heuristic in (HeuristicMode[])[HeuristicMode.A, HeuristicMode.Fallback])
            {
                TestCaseData both = new TestCaseData(test.Arguments[0], heuristic).SetArgDisplayNames(test.Arguments[0] is null ? "" : $"{test.Arguments[0]}", $"{heuristic}");
                yield return test.Arguments[0] is null ? both.Ignore($"No golden case. {GoldenFolder.Message}") : both;
            }
        }
    }

    /// <summary>Builds the graph for the run's device, binds it to the tensors and executes it.</summary>
    public static void Execute(this GoldenRun run, OperationGraph graph, params ReadOnlySpan<TensorPointer> tensors)
    {
        GraphPlan plan = run.Own(graph.Build(run.Cudnn, new GraphBuildOptions { Modes = [run.Heuristic] }));
        run.Own(plan.Bind(run.Cudnn, run.Workspace(plan.WorkspaceBytes), tensors)).Execute();
    }

    /// <summary>A tensor of the case from outside, with the memory that holds its values.</summary>
    public static GraphTensor Operand(this GoldenRun run, OperationGraph graph, List<TensorPointer> tensors, string name, TensorShape shape)
    {
        GraphTensor tensor = graph.Tensor(name, shape);
        tensors.Add(tensor.At(run.Input(name, shape)));
        return tensor;
    }

    /// <summary>alpha · value + beta · prior, as an output; the prior is not there where beta is 0.</summary>
    public static GraphTensor Blend(this OperationGraph graph, GraphTensor value, double alpha, GraphTensor? prior, double beta) => prior is not null
        ? graph.Pointwise(PointwiseMode.Add, value, prior, options: new PointwiseOptions { Alpha1 = alpha, Alpha2 = beta })
        : alpha == 1 ? value : graph.Multiply(value, graph.Scalar("alpha", alpha, graph.ComputeType, value.Dimensions.Length));

    /// <summary>The dimensions of a shape as a graph has them.</summary>
    public static long[] Dimensions(this TensorShape shape) => [shape.N, shape.C, shape.H, shape.W];
}
