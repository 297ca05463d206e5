using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <content>Normalisations.</content>
public sealed partial class OperationGraph
{
    /// <summary>Normalises with the statistics of the batch: y = scale · (x - mean)/√(variance + epsilon) + bias.</summary>
    /// <remarks>The statistics are results, virtual unless made outputs; GPUs have engines where those of a batch normalisation are outputs.</remarks>
    /// <param name="mode">Over which elements.</param>
    /// <param name="x">The input, N x C x spatial dimensions.</param>
    /// <param name="scale">The factors: for batch and instance 1 x C x 1 x 1, for layer and RMS 1 x C x H x W.</param>
    /// <param name="bias">What is added; null: nothing, for RMS.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    /// <param name="running">Running mean and variance so far, of a batch normalisation; null: none are kept.</param>
    /// <param name="momentum">The weight of the new statistics in the running ones: running = new · momentum + old · (1 - momentum).</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <exception cref="ArgumentException">Running statistics were given to another than a batch normalisation, or x has less than 3 dimensions.</exception>
    public NormTraining NormTraining(
        NormMode mode, GraphTensor x, GraphTensor scale, GraphTensor? bias, double epsilon, (GraphTensor Mean, GraphTensor Variance)? running = null, double momentum = 0.1, string? name = null)
    {
        GraphOperation operation = Begin(
                $"{Title(mode)} norm forward", name, CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR, Existing(x), Existing(scale), bias, running?.Mean, running?.Variance)
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_NORM_FWD_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_NORM_MODE, (long)mode))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, cudnnBackendAttributeType_t.CUDNN_TYPE_NORM_FWD_PHASE, (long)cudnnBackendNormFwdPhase_t.CUDNN_NORM_FWD_TRAINING))
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_XDESC, "x", x)
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC, "scale", scale)
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC, "bias", bias);
        if (running is not null && mode != NormMode.Batch)
        {
            Refuse(operation, "only a batch normalisation keeps running statistics");
        }

        long[] statistics = StatisticDimensions(operation, mode, x);
        operation.Read(CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC, "epsilon", Constant(operation, "epsilon", epsilon, x));
        if (running is var (runningMean, runningVariance))
        {
            operation.Read(CUDNN_ATTR_OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC, "momentum", Constant(operation, "momentum", momentum, x))
                .Read(CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC, "running mean", runningMean)
                .Read(CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC, "running variance", runningVariance);
        }

        GraphTensor y = operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_FWD_YDESC, "y", [.. x.Extents], x);
        GraphTensor? mean = mode == NormMode.Rms ? null : operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC, "mean", StatisticsType, statistics, x);
        GraphTensor inverse = operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC, "inverse deviation", StatisticsType, [.. statistics], x);
        return running is null
            ? new(y, mean, inverse, null, null)
            : new(
                y,
                mean,
                inverse,
                operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC, "next running mean", StatisticsType, [.. statistics], x),
                operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC, "next running variance", StatisticsType, [.. statistics], x));
    }

    /// <summary>Normalises with given statistics: y = scale · (x - mean) · inverse deviation + bias.</summary>
    /// <remarks>On a GPU there is an engine for it in front of a ReLU gradient and a backward batch normalisation only, not for it alone.</remarks>
    /// <param name="mode">Over which elements the statistics go.</param>
    /// <param name="x">The input.</param>
    /// <param name="mean">The means; null for RMS.</param>
    /// <param name="inverseDeviation">1/√(variance + epsilon).</param>
    /// <param name="scale">The factors.</param>
    /// <param name="bias">What is added; null: nothing.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public GraphTensor NormInference(NormMode mode, GraphTensor x, GraphTensor? mean, GraphTensor inverseDeviation, GraphTensor scale, GraphTensor? bias, string? name = null) =>
        Begin($"{Title(mode)} norm inference", name, CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR, Existing(x), mean, Existing(inverseDeviation), Existing(scale), bias)
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_NORM_FWD_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_NORM_MODE, (long)mode))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, cudnnBackendAttributeType_t.CUDNN_TYPE_NORM_FWD_PHASE, (long)cudnnBackendNormFwdPhase_t.CUDNN_NORM_FWD_INFERENCE))
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_XDESC, "x", x)
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC, "mean", mean)
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC, "inverse deviation", inverseDeviation)
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC, "scale", scale)
            .Read(CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC, "bias", bias)
            .WriteLike(CUDNN_ATTR_OPERATION_NORM_FWD_YDESC, "y", [.. x.Extents], x);

    /// <summary>The gradients of a normalisation in training.</summary>
    /// <param name="mode">Over which elements the forward direction normalised.</param>
    /// <param name="x">The input of the forward direction.</param>
    /// <param name="dy">The gradient of its output.</param>
    /// <param name="mean">The means it saved; null for RMS.</param>
    /// <param name="inverseDeviation">The inverse deviations it saved.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="epsilon">Its epsilon; null: not passed, which the saved statistics make unnecessary.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public NormGradients NormBackward(
        NormMode mode, GraphTensor x, GraphTensor dy, GraphTensor? mean, GraphTensor inverseDeviation, GraphTensor scale, double? epsilon = null, string? name = null)
    {
        GraphOperation operation = Begin(
                $"{Title(mode)} norm backward", name, CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR, Existing(x), Existing(dy), mean, Existing(inverseDeviation), Existing(scale))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_NORM_BWD_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_NORM_MODE, (long)mode))
            .Read(CUDNN_ATTR_OPERATION_NORM_BWD_XDESC, "x", x)
            .Read(CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC, "mean", mean)
            .Read(CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC, "inverse deviation", inverseDeviation)
            .Read(CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC, "dy", dy)
            .Read(CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC, "scale", scale);
        if (epsilon is { } given)
        {
            operation.Read(CUDNN_ATTR_OPERATION_NORM_BWD_EPSILON_DESC, "epsilon", Constant(operation, "epsilon", given, x));
        }

        return new(
            operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC, "dx", [.. x.Extents], x),
            operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC, "dscale", StatisticsType, [.. scale.Extents], scale),
            operation.WriteLike(CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC, "dbias", StatisticsType, [.. scale.Extents], scale));
    }

    /// <summary>The sum of each channel and the sum of its squares, from which <see cref="FinalizeStatistics"/> makes mean and variance.</summary>
    /// <param name="x">N x C x spatial dimensions; often the result of a convolution, whose kernel then sums while it writes.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The sums, 1 x C x 1 x 1, in single precision (double, where sums are doubles).</returns>
    /// <exception cref="ArgumentException">x has less than 3 dimensions.</exception>
    public ChannelSums GenerateStatistics(GraphTensor x, string? name = null)
    {
        GraphOperation operation = Begin("generate statistics", name, CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR, Existing(x))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_GENSTATS_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_GENSTATS_MODE, (long)cudnnGenStatsMode_t.CUDNN_GENSTATS_SUM_SQSUM))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, ComputeType))
            .Read(CUDNN_ATTR_OPERATION_GENSTATS_XDESC, "x", x);
        long[] dimensions = StatisticDimensions(operation, NormMode.Batch, x);
        return new(
            operation.WriteLike(CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, "sum", StatisticsType, dimensions, x),
            operation.WriteLike(CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, "square sum", StatisticsType, [.. dimensions], x));
    }

    /// <summary>Makes of the sums of a batch normalisation its statistics, its running ones, and factor and summand of each channel.</summary>
    /// <param name="sums">The sums of <see cref="GenerateStatistics"/>.</param>
    /// <param name="scale">The normalisation's scale, 1 x C x 1 x 1.</param>
    /// <param name="bias">Its bias.</param>
    /// <param name="runningMean">The running mean so far.</param>
    /// <param name="runningVariance">The running variance so far.</param>
    /// <param name="count">How many elements each sum has: N · H · W.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    /// <param name="momentum">The weight of the new statistics in the running ones.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public FinalizedStatistics FinalizeStatistics(
        ChannelSums sums, GraphTensor scale, GraphTensor bias, GraphTensor runningMean, GraphTensor runningVariance, long count, double epsilon, double momentum, string? name = null)
    {
        GraphTensor sum = Existing(sums.Sum);
        GraphOperation operation = Begin(
                "batch norm finalize", name, CUDNN_BACKEND_OPERATION_BN_FINALIZE_STATISTICS_DESCRIPTOR, sum, Existing(sums.SquareSum), Existing(scale), Existing(bias), Existing(runningMean), Existing(runningVariance))
            .With(GraphAttribute.Of(
                CUDNN_ATTR_OPERATION_BN_FINALIZE_STATS_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_BN_FINALIZE_STATS_MODE, (long)cudnnBnFinalizeStatsMode_t.CUDNN_BN_FINALIZE_STATISTICS_TRAINING))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_BN_FINALIZE_MATH_PREC, ComputeType))
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SUM_DESC, "sum", sum)
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SQ_SUM_DESC, "square sum", sums.SquareSum)
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_SCALE_DESC, "scale", scale)
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_BIAS_DESC, "bias", bias)
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_MEAN_DESC, "running mean", runningMean)
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_VAR_DESC, "running variance", runningVariance);
        operation.Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_ACCUM_COUNT_DESC, "count", Scalar($"{operation.Name}.count", count, DataType.Int64, sum.Extents.Length))
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_EPSILON_DESC, "epsilon", Constant(operation, "epsilon", epsilon, sum))
            .Read(CUDNN_ATTR_OPERATION_BN_FINALIZE_EXP_AVERATE_FACTOR_DESC, "momentum", Constant(operation, "momentum", momentum, sum));
        GraphTensor Result(cudnnBackendAttributeName_t attribute, string label) => operation.WriteLike(attribute, label, StatisticsType, [.. sum.Extents], sum);
        GraphTensor nextMean = Result(CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_MEAN_DESC, "next running mean");
        GraphTensor nextVariance = Result(CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_VAR_DESC, "next running variance");
        GraphTensor mean = Result(CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_MEAN_DESC, "mean");
        GraphTensor inverse = Result(CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_INV_STD_DESC, "inverse deviation");
        return new(
            Result(CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_SCALE_DESC, "equivalent scale"),
            Result(CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_BIAS_DESC, "equivalent bias"),
            mean,
            inverse,
            nextMean,
            nextVariance);
    }

    /// <summary>The gradients of a batch normalisation's parameters alone, with the factors that make its input's gradient of them.</summary>
    /// <param name="x">The input of the forward direction.</param>
    /// <param name="dy">The gradient of its output.</param>
    /// <param name="mean">The means it saved.</param>
    /// <param name="inverseDeviation">The inverse deviations it saved.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="name">The operation's name for error texts.</param>
    public NormWeightGradients NormWeightGradients(GraphTensor x, GraphTensor dy, GraphTensor mean, GraphTensor inverseDeviation, GraphTensor scale, string? name = null)
    {
        GraphOperation operation = Begin(
                "batch norm weight gradients", name, CUDNN_BACKEND_OPERATION_BN_BWD_WEIGHTS_DESCRIPTOR, Existing(x), Existing(dy), Existing(mean), Existing(inverseDeviation), Existing(scale))
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MATH_PREC, ComputeType))
            .Read(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_X_DESC, "x", x)
            .Read(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MEAN_DESC, "mean", mean)
            .Read(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_INVSTD_DESC, "inverse deviation", inverseDeviation)
            .Read(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_BN_SCALE_DESC, "scale", scale)
            .Read(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DY_DESC, "dy", dy);
        GraphTensor Result(cudnnBackendAttributeName_t attribute, string label) => operation.WriteLike(attribute, label, StatisticsType, [.. scale.Extents], scale);
        return new(
            Result(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_SCALE_DESC, "dscale"),
            Result(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_BIAS_DESC, "dbias"),
            Result(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_DY_SCALE_DESC, "equivalent dy scale"),
            Result(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_X_SCALE_DESC, "equivalent x scale"),
            Result(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_BIAS, "equivalent bias"));
    }

    private GraphTensor Constant(GraphOperation operation, string label, double value, GraphTensor beside) =>
        Scalar($"{operation.Name}.{label}", value, StatisticsType, beside.Extents.Length);

    /// <summary>The dimensions of mean and deviation.</summary>
    private long[] StatisticDimensions(GraphOperation operation, NormMode mode, GraphTensor x)
    {
        if (x.Extents.Length < 3)
        {
            Refuse(operation, "x must have samples, channels and at least one spatial dimension");
        }

        long[] dimensions = new long[x.Extents.Length];
        Array.Fill(dimensions, 1);
        dimensions[0] = mode == NormMode.Batch ? 1 : x.Extents[0];
        dimensions[1] = mode is NormMode.Batch or NormMode.Instance ? x.Extents[1] : 1;
        return dimensions;
    }

    private static string Title(NormMode mode) => mode switch
    {
        NormMode.Rms => "RMS",
        _ => mode.ToString().ToLowerInvariant(),
    };
}
