using CudnnNet;

namespace ResNet;

/// <summary>
/// Normalisation, sum and ReLU as one plan of cuDNN's graph API; backward, the ReLU's gradient and the normalisation's as one plan where nothing was added, else the ReLU's, which is the
/// shortcut's too, by itself. The running statistics are read and written in place.
/// </summary>
internal sealed class GraphNormalization : NormalizationWay
{
    private readonly NormalizationOperands _operands;
    private readonly (NormalizationGraph Graph, GraphPlan Plan) _forward;
    private readonly (NormalizationGradientGraph Graph, GraphPlan Plan) _backward;

    private GraphNormalization(NormalizationOperands operands, (NormalizationGraph Graph, GraphPlan Plan) forward, (NormalizationGradientGraph Graph, GraphPlan Plan) backward)
    {
        _operands = operands;
        _forward = forward;
        _backward = backward;
    }

    public override OperationWay Way => OperationWay.GraphPlan;

    /// <summary>Makes it, if there is a plan for both directions.</summary>
    /// <param name="operands">What it works on.</param>
    /// <param name="reason">Why there is none, in the library's words; else empty.</param>
    public static GraphNormalization? TryMake(NormalizationOperands operands, out string reason)
    {
        var (pass, end, options) = (operands.Pass, operands.End, operands.Pass.Options);
        bool adds = end.Added is not null;
        var forward = NormalizationGraph.Of(operands.X.Shape, adds, end.Relu, options.Epsilon, options.RunningFactor);
        if (pass.Graphs.TryPlan(forward, out reason) is not { } forwardPlan)
        {
            return null;
        }

        var backward = NormalizationGradientGraph.Of(operands.X.Shape, end.Relu && !adds, options.Epsilon);
        return pass.Graphs.TryPlan(backward, out reason) is { } backwardPlan ? new(operands, (forward, forwardPlan), (backward, backwardPlan)) : null;
    }

    public override void AddForward()
    {
        var (graph, plan) = _forward;
        List<TensorPlace> places =
        [
            TensorPlace.Of(graph.X, _operands.X),
            TensorPlace.Of(graph.Scale, _operands.Scale),
            TensorPlace.Of(graph.Shift, _operands.Shift),
            TensorPlace.Of(graph.RunningMean, _operands.RunningMean),
            TensorPlace.Of(graph.RunningVariance, _operands.RunningVariance),
            TensorPlace.Of(graph.Y, _operands.Y),
            TensorPlace.Of(graph.Mean, _operands.Mean),
            TensorPlace.Of(graph.InverseDeviation, _operands.InverseDeviation),
            TensorPlace.Of(graph.NextRunningMean, _operands.RunningMean),
            TensorPlace.Of(graph.NextRunningVariance, _operands.RunningVariance),
        ];
        if (_operands.End.Added is { } added)
        {
            places.Add(TensorPlace.Of(graph.Added!, added));
        }

        _operands.Pass.Graphs.Add(StepPhase.Forward, $"{_operands.Name}{(_operands.End.Added is null ? "" : " add")}{(_operands.End.Relu ? " relu" : "")} forward", plan, [.. places]);
    }

    public override NormalizationGradients AddBackward(PlannedTensor dy) => AddBackward(_operands, _backward.Graph, _backward.Plan, dy);

    /// <summary>Adds the backward direction by a plan.</summary>
    public static NormalizationGradients AddBackward(NormalizationOperands operands, NormalizationGradientGraph graph, GraphPlan plan, PlannedTensor dy)
    {
        bool passesSum = operands.End.Added is not null;
        if (operands.End.Relu && passesSum)
        {
            SeparateNormalization.AddReluBackward(operands, dy);
        }

        var dx = operands.AddInputGradient();
        List<TensorPlace> places =
        [
            TensorPlace.Of(graph.X, operands.X),
            TensorPlace.Of(graph.Dy, dy),
            TensorPlace.Of(graph.Mean, operands.Mean),
            TensorPlace.Of(graph.InverseDeviation, operands.InverseDeviation),
            TensorPlace.Of(graph.Scale, operands.Scale),
            TensorPlace.Of(graph.Dx, dx),
            TensorPlace.Of(graph.DScale, operands.ScaleGradient),
            TensorPlace.Of(graph.DShift, operands.ShiftGradient),
        ];
        if (graph.Shift is { } shift)
        {
            places.Add(TensorPlace.Of(shift, operands.Shift));
        }

        operands.Pass.Graphs.Add(StepPhase.Backward, $"{operands.Name}{(graph.Shift is null ? "" : " relu")} backward", plan, [.. places]);
        return new(dx, passesSum ? dy : null);
    }
}
