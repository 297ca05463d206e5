using CudnnNet;

namespace ResNet;

/// <summary>The sums of every channel and of its squares that a convolution leaves for the normalisation behind it.</summary>
internal readonly record struct ChannelSumPlaces(PlannedTensor Sum, PlannedTensor SquareSum);

/// <summary>
/// A normalisation of what a convolution has summed while it wrote: the statistics, then factor, summand, sum and ReLU in one pass over memory. Backward as <see cref="GraphNormalization"/>.
/// The variance is the difference of two sums: less exact than in two passes, where the mean is large beside the deviation.
/// </summary>
internal sealed class StatisticsNormalization : NormalizationWay
{
    private readonly NormalizationOperands _operands;
    private readonly ChannelSumPlaces _sums;
    private readonly Plans _plans;

    public StatisticsNormalization(NormalizationOperands operands, ChannelSumPlaces sums)
    {
        _operands = operands;
        _sums = sums;
        _plans = TryPlan(operands.Pass, operands.X.Shape, operands.End) ?? throw new InvalidOperationException($"{operands.Name} has no plans for sums of its convolution, which were made all the same.");
    }

    public override OperationWay Way => OperationWay.GraphPlan;

    /// <summary>Whether a convolution's sums are wanted and would be used.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="x">What the convolution gives.</param>
    /// <param name="end">What follows the normalisation.</param>
    public static bool IsPossible(PassBuilder pass, TensorShape x, NormalizationEnd end) =>
        pass.Training && pass.Options is { Fusion: FusionPreference.Graph, SumsInConvolutions: true } && TryPlan(pass, x, end) is not null;

    public override void AddForward()
    {
        var operations = _operands.Pass.Operations;
        var (finalize, finalizePlan) = _plans.Finalize;
        var (apply, applyPlan) = _plans.Apply;
        var factor = operations.Buffer($"{_operands.Name} factor", _operands.Mean.Bytes);
        var summand = operations.Buffer($"{_operands.Name} summand", _operands.Mean.Bytes);
        _operands.Pass.Graphs.Add(
            StepPhase.Forward,
            $"{_operands.Name} statistics",
            finalizePlan,
            TensorPlace.Of(finalize.Sums.Sum, _sums.Sum),
            TensorPlace.Of(finalize.Sums.SquareSum, _sums.SquareSum),
            TensorPlace.Of(finalize.Scale, _operands.Scale),
            TensorPlace.Of(finalize.Shift, _operands.Shift),
            TensorPlace.Of(finalize.RunningMean, _operands.RunningMean),
            TensorPlace.Of(finalize.RunningVariance, _operands.RunningVariance),
            TensorPlace.Of(finalize.Results.EquivalentScale, factor),
            TensorPlace.Of(finalize.Results.EquivalentBias, summand),
            TensorPlace.Of(finalize.Results.Mean, _operands.Mean),
            TensorPlace.Of(finalize.Results.InverseDeviation, _operands.InverseDeviation),
            TensorPlace.Of(finalize.Results.RunningMean, _operands.RunningMean),
            TensorPlace.Of(finalize.Results.RunningVariance, _operands.RunningVariance));
        List<TensorPlace> places =
            [TensorPlace.Of(apply.X, _operands.X), TensorPlace.Of(apply.Factor, factor), TensorPlace.Of(apply.Summand, summand), TensorPlace.Of(apply.Y, _operands.Y)];
        if (_operands.End.Added is { } added)
        {
            places.Add(TensorPlace.Of(apply.Added!, added));
        }

        _operands.Pass.Graphs.Add(StepPhase.Forward, $"{_operands.Name} {apply.Graph.Name}", applyPlan, [.. places]);
    }

    public override NormalizationGradients AddBackward(PlannedTensor dy) => GraphNormalization.AddBackward(_operands, _plans.Backward.Graph, _plans.Backward.Plan, dy);

    // Equal graphs have one plan: asking once more costs nothing.
    private static Plans? TryPlan(PassBuilder pass, TensorShape x, NormalizationEnd end)
    {
        bool adds = end.Added is not null;
        var finalize = FinalizeStatisticsGraph.Of(x, pass.Options.Epsilon, pass.Options.RunningFactor);
        var apply = ScaleShiftGraph.Of(x, adds, end.Relu);
        var backward = NormalizationGradientGraph.Of(x, end.Relu && !adds, pass.Options.Epsilon);
        return pass.Graphs.TryPlan(finalize, out _) is { } finalizePlan && pass.Graphs.TryPlan(apply, out _) is { } applyPlan && pass.Graphs.TryPlan(backward, out _) is { } backwardPlan
            ? new Plans((finalize, finalizePlan), (apply, applyPlan), (backward, backwardPlan))
            : null;
    }

    private sealed record Plans((FinalizeStatisticsGraph Graph, GraphPlan Plan) Finalize, (ScaleShiftGraph Graph, GraphPlan Plan) Apply, (NormalizationGradientGraph Graph, GraphPlan Plan) Backward);
}
