using CudnnNet;
using CudnnNet.Interop;

namespace ResNet;

/// <summary>
/// Makes plans for the graphs of a pass, where the library has engines for them; says why not where it has none. Equal graphs share a plan, also with the other passes of the same cache.
/// </summary>
/// <param name="cudnn">The handle of the pass.</param>
/// <param name="plans">The plans made so far, with <see cref="BuildOptions"/>.</param>
/// <param name="operations">The pass; it owns what is bound.</param>
/// <param name="support">Asked before the library, for those who want to know what would be built for another device; null: only the library is asked.</param>
internal sealed class GraphPlanner(CudnnHandle cudnn, GraphPlanCache plans, OperationList operations, Func<OperationGraph, GraphSupport>? support = null)
{
    // Products of other numbers than the definition's.
    private static readonly cudnnBackendNumericalNote_t[] s_transforms =
    [
        cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_FFT,
        cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_WINOGRAD,
        cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4,
        cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6,
        cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13,
    ];

    // Tensor cores round single precision to TF32; products of 16 bits are exact on them.
    private static readonly cudnnBackendNumericalNote_t[] s_roundsFactors =
        [cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_TENSOR_CORE, cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS];

    /// <summary>What is wanted of the plans of passes: no engine that computes less exactly than the precision says.</summary>
    /// <param name="options">How the passes are computed.</param>
    /// <param name="precision">In which numbers.</param>
    public static GraphBuildOptions BuildOptions(PassOptions options, Precision precision) => new()
    {
        WorkspaceLimit = options.WorkspaceLimitBytes,
        Deterministic = options.Deterministic,
        ExcludedNumericalNotes =
        [
            cudnnBackendNumericalNote_t.CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION,
            .. precision == Precision.Float32 ? s_roundsFactors : [],
            .. options.Exact ? s_transforms : [],
        ],
    };

    /// <summary>The plan of a graph; null where there is none.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="reason">Why there is none, in the library's words; else empty.</param>
    public GraphPlan? TryPlan(StepGraph graph, out string reason)
    {
        if (support?.Invoke(graph.Graph) is { IsSupported: false } refusal)
        {
            reason = refusal.Reason;
            return null;
        }

        try
        {
            var answer = plans.TryGet(cudnn, graph.Graph, out var plan);
            reason = answer.Reason;
            return plan;
        }
        catch (CudnnException failure)
        {
            // A library that fails over a graph instead of refusing it costs the plan, not the training; the reason is printed.
            reason = failure.Message;
            return null;
        }
    }

    /// <summary>Makes a plan an operation of the pass, in whose memory its workspace and its tensors lie.</summary>
    /// <param name="phase">The part of the step.</param>
    /// <param name="name">The operation's name.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="places">Where every tensor of its graph lies that is not virtual.</param>
    public void Add(StepPhase phase, string name, GraphPlan plan, params ReadOnlySpan<TensorPlace> places) => AddConvolution(phase, name, plan, null, places);

    /// <summary>As <see cref="Add"/>, for those who want to know what the pass computes.</summary>
    public void AddConvolution(StepPhase phase, string name, GraphPlan plan, ComputedConvolution? convolution, params ReadOnlySpan<TensorPlace> places)
    {
        var workspace = operations.Buffer($"{name} workspace", plan.WorkspaceBytes);
        var planned = operations.Own(new PlannedGraph(cudnn, plan, workspace, places));
        List<PlannedTensor?> uses = [workspace];
        foreach (var place in places)
        {
            uses.Add(place.Planned);
        }

        operations.AddConvolution(phase, name, planned.Enqueue, convolution, [.. uses]);
    }
}
