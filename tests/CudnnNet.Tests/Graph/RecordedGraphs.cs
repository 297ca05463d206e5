namespace CudnnNet.Tests;

/// <summary>The graphs of the recorded plans, described by the graph API: bfloat16, channels last, 32 x 64 x 56 x 56, filters of 64 x 64 x 3 x 3 unless the name says otherwise.</summary>
internal static class RecordedGraphs
{
    private const DataType Narrow = DataType.BFloat16;
    private static readonly TensorShape s_image = new(32, 64, 56, 56, Narrow);
    private static readonly FilterShape s_filter = new(64, 64, 3, 3, Narrow);
    private static readonly Convolution s_convolution = new(Padding: 1);
    private static readonly PoolingWindow s_window = new(window: 3, padding: 1, stride: 2);

    public static IReadOnlyList<(string Name, OperationGraph Graph)> All() =>
    [
        .. Convolutions(),
        .. Normalisations(),
        .. Elementwise(),
    ];

    private static IEnumerable<(string, OperationGraph)> Convolutions()
    {
        yield return Graph("conv", Narrow, graph => Convolved(graph).Output());
        yield return Graph("conv-genstats", Narrow, graph => Summed(graph, Convolved(graph).Output()));
        yield return Graph("conv-bias-f32-relu", DataType.Float32, graph => graph.Relu(graph.Add(Convolved(graph), graph.Channels("bias", 64))).Output());
        yield return Graph("conv-scale-bias-add-relu", DataType.Float32, graph =>
        {
            GraphTensor scaled = graph.Add(graph.Multiply(Convolved(graph), graph.Channels("scale", 64)), graph.Channels("bias", 64));
            graph.Relu(graph.Add(scaled, graph.Tensor("shortcut", s_image))).Output();
        });
        yield return Graph("sbr-conv", Narrow, graph => graph.Convolution(Activated(graph), graph.Tensor("w", s_filter), s_convolution).Output());
        yield return Graph("sbr-wgrad", Narrow, graph =>
            graph.ConvolutionBackwardFilter(Activated(graph), graph.Tensor("dy", s_image), s_convolution, [64, 64, 3, 3]).Output());
        yield return Graph("dgrad", Narrow, graph => Gradient(graph).Output());
        yield return Graph("dgrad-add", Narrow, graph => graph.Add(Gradient(graph), graph.Tensor("other", s_image)).Output());
        yield return Graph("dgrad-drelu", Narrow, graph => graph.ReluBackward(graph.Tensor("y", s_image), Gradient(graph)).Output());
        yield return Graph("wgrad", Narrow, graph => FilterGradient(graph).Output());
        yield return Graph("wgrad-f32", Narrow, graph => FilterGradient(graph).Output().As(DataType.Float32));
    }

    private static IEnumerable<(string, OperationGraph)> Normalisations()
    {
        yield return Graph("bn-finalize", Narrow, graph =>
        {
            GraphTensor Parameter(string name) => graph.Channels(name, 64);
            FinalizedStatistics made = graph.FinalizeStatistics(
                new(Parameter("sum"), Parameter("squares")), Parameter("scale"), Parameter("bias"), Parameter("mean"), Parameter("variance"), 32 * 56 * 56, 1e-5, 0.1);
            foreach (GraphTensor result in (GraphTensor[])[made.EquivalentScale, made.EquivalentBias, made.Mean, made.InverseDeviation, made.RunningMean, made.RunningVariance])
            {
                result.Output();
            }
        });
        yield return Graph("bn-train", Narrow, graph => Normalised(graph).Output());
        yield return Graph("bn-train-relu", Narrow, graph => graph.Relu(Normalised(graph)).Output());
        yield return Graph("bn-train-add-relu", Narrow, graph => graph.Relu(graph.Add(Normalised(graph), graph.Tensor("shortcut", s_image))).Output());
        yield return Graph("bn-inference", Narrow, graph => graph.NormInference(
            NormMode.Batch, graph.Tensor("x", s_image), graph.Channels("mean", 64), graph.Channels("deviation", 64), graph.Channels("scale", 64), graph.Channels("bias", 64)).Output());
        yield return Graph("bn-bwd", Narrow, graph => NormGradient(graph, graph.Tensor("x", s_image), graph.Tensor("dy", s_image)));
        yield return Graph("bn-bwd-drelu", Narrow, graph =>
            NormGradient(graph, graph.Tensor("x", s_image), graph.ReluBackward(graph.Tensor("y", s_image), graph.Tensor("dy", s_image))));
        yield return Graph("bn-bwd-drelu-norminf-56", Narrow, graph =>
        {
            GraphTensor x = graph.Tensor("x", s_image), mean = graph.Channels("mean", 64), deviation = graph.Channels("deviation", 64), scale = graph.Channels("scale", 64);
            GraphTensor y = graph.NormInference(NormMode.Batch, x, mean, deviation, scale, graph.Channels("bias", 64));
            Written(graph.NormBackward(NormMode.Batch, x, graph.ReluBackward(y, graph.Tensor("dy", s_image)), mean, deviation, scale, 1e-5));
        });
    }

    private static IEnumerable<(string, OperationGraph)> Elementwise()
    {
        yield return Graph("relu", Narrow, graph => graph.Relu(graph.Tensor("x", s_image)).Output());
        yield return Graph("cast", Narrow, graph => graph.Convert(graph.Tensor("x", s_image with { Type = DataType.Float32 }), Narrow).Output());
        yield return Graph("bias-grad", Narrow, graph => graph.Reduce(graph.Tensor("dy", s_image), TensorReductionMode.Add, [0, 2, 3]).Output());
        yield return Graph("maxpool", Narrow, graph => graph.Resample(graph.Tensor("x", s_image), ResampleMode.Max, s_window).Output());
        yield return Graph("maxpool-idx", Narrow, graph =>
        {
            (GraphTensor y, GraphTensor index) = graph.MaxPool(graph.Tensor("x", s_image), s_window);
            y.Output();
            index.Output();
        });
        yield return Graph("avgpool", Narrow, graph => graph.Resample(graph.Tensor("x", s_image), ResampleMode.AverageIncludePadding, s_window).Output());
        yield return Graph("maxpool-bwd", Narrow, graph =>
        {
            TensorShape small = s_window.OutputShape(s_image);
            graph.ResampleBackward(graph.Tensor("dy", small), ResampleMode.Max, s_window, [32, 64, 56, 56], graph.Tensor("index", small with { Type = DataType.Int8 })).Output();
        });
        yield return Graph("avgpool-bwd", Narrow, graph =>
            graph.ResampleBackward(graph.Tensor("dy", s_window.OutputShape(s_image)), ResampleMode.AverageIncludePadding, s_window, [32, 64, 56, 56]).Output());
        yield return Graph("matmul", Narrow, graph => Product(graph).Output());
        yield return Graph("matmul-bias", DataType.Float32, graph => graph.Add(Product(graph), graph.Tensor("bias", DataType.Float32, [1, 1, 1000])).Output());
    }

    private static (string, OperationGraph) Graph(string name, DataType intermediate, Action<OperationGraph> describe)
    {
        OperationGraph graph = new(name) { IntermediateType = intermediate };
        describe(graph);
        return (name, graph);
    }

    private static GraphTensor Convolved(OperationGraph graph) => graph.Convolution(graph.Tensor("x", s_image), graph.Tensor("w", s_filter), s_convolution);

    private static GraphTensor Gradient(OperationGraph graph) =>
        graph.ConvolutionBackwardData(graph.Tensor("dy", s_image), graph.Tensor("w", s_filter), s_convolution, [32, 64, 56, 56]);

    private static GraphTensor FilterGradient(OperationGraph graph) =>
        graph.ConvolutionBackwardFilter(graph.Tensor("x", s_image), graph.Tensor("dy", s_image), s_convolution, [64, 64, 3, 3]);

    private static GraphTensor Activated(OperationGraph graph) =>
        graph.Relu(graph.Add(graph.Multiply(graph.Tensor("x", s_image), graph.Channels("scale", 64, Narrow)), graph.Channels("bias", 64, Narrow)));

    private static GraphTensor Product(OperationGraph graph) => graph.Matmul(graph.Tensor("a", Narrow, [1, 32, 2048]), graph.Tensor("b", Narrow, [1, 2048, 1000]));

    private static void Summed(OperationGraph graph, GraphTensor y)
    {
        ChannelSums sums = graph.GenerateStatistics(y);
        sums.Sum.Output();
        sums.SquareSum.Output();
    }

    private static GraphTensor Normalised(OperationGraph graph)
    {
        NormTraining norm = graph.NormTraining(
            NormMode.Batch, graph.Tensor("x", s_image), graph.Channels("scale", 64), graph.Channels("bias", 64), 1e-5, (graph.Channels("mean", 64), graph.Channels("variance", 64)));
        norm.Mean!.Output();
        norm.InverseDeviation.Output();
        norm.RunningMean!.Output();
        norm.RunningVariance!.Output();
        return norm.Y;
    }

    private static void NormGradient(OperationGraph graph, GraphTensor x, GraphTensor dy) =>
        Written(graph.NormBackward(NormMode.Batch, x, dy, graph.Channels("mean", 64), graph.Channels("deviation", 64), graph.Channels("scale", 64), 1e-5));

    private static void Written(NormGradients gradients)
    {
        gradients.Dx.Output();
        gradients.DScale.Output();
        gradients.DBias.Output();
    }
}
