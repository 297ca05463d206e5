using CudnnNet;

namespace ResNet;

/// <summary>y = conv(x, w), and for the normalisation behind it the sum of every channel of y and of its squares, added up while y is written: the statistics cost no pass over memory.</summary>
internal sealed record ConvolutionStatisticsGraph(OperationGraph Graph, GraphTensor X, GraphTensor W, GraphTensor Y, GraphTensor Sum, GraphTensor SquareSum) : StepGraph(Graph)
{
    public static ConvolutionStatisticsGraph Of(TensorShape x, FilterShape w, Convolution geometry)
    {
        var graph = Empty("convolution, statistics", x.Type);
        var (image, filter) = (graph.Tensor("x", x), graph.Tensor("w", w));
        var y = graph.Convolution(image, filter, geometry).Output("y");
        var sums = graph.GenerateStatistics(y);
        return new(graph, image, filter, y, sums.Sum.Output("sum"), sums.SquareSum.Output("square sum"));
    }
}

/// <summary>From sums to mean, inverse deviation and running statistics, and to factor and summand of every channel.</summary>
internal sealed record FinalizeStatisticsGraph(
    OperationGraph Graph,
    ChannelSums Sums,
    GraphTensor Scale,
    GraphTensor Shift,
    GraphTensor RunningMean,
    GraphTensor RunningVariance,
    FinalizedStatistics Results) : StepGraph(Graph)
{
    public static FinalizeStatisticsGraph Of(TensorShape y, double epsilon, double runningFactor)
    {
        var graph = Empty("finalize statistics", DataType.Float32);
        GraphTensor Channels(string name) => graph.Channels(name, y.C);
        ChannelSums sums = new(Channels("sum"), Channels("square sum"));
        var (scale, shift, runningMean, runningVariance) = (Channels("scale"), Channels("shift"), Channels("running mean"), Channels("running variance"));
        var results = graph.FinalizeStatistics(sums, scale, shift, runningMean, runningVariance, (long)y.N * y.H * y.W, epsilon, runningFactor);
        foreach (var result in (GraphTensor[])[results.EquivalentScale, results.EquivalentBias, results.Mean, results.InverseDeviation, results.RunningMean, results.RunningVariance])
        {
            result.Output();
        }

        return new(graph, sums, scale, shift, runningMean, runningVariance, results);
    }
}

/// <summary>A normalisation whose statistics are known: x factor + summand, the sum with a shortcut and the ReLU. In f32 between, for that is what cuDNN has engines for.</summary>
internal sealed record ScaleShiftGraph(OperationGraph Graph, GraphTensor X, GraphTensor Factor, GraphTensor Summand, GraphTensor? Added, GraphTensor Y) : StepGraph(Graph)
{
    public static ScaleShiftGraph Of(TensorShape x, bool adds, bool relu)
    {
        OperationGraph graph = new($"multiply, add{(adds ? ", add" : "")}{(relu ? ", relu" : "")}") { IntermediateType = DataType.Float32 };
        var (image, factor, summand) = (graph.Tensor("x", x), graph.Channels("factor", x.C), graph.Channels("summand", x.C));
        var y = graph.Add(graph.Multiply(image, factor), summand);
        var added = adds ? graph.Tensor("added", x) : null;
        y = added is null ? y : graph.Add(y, added);
        return new(graph, image, factor, summand, added, (relu ? graph.Relu(y) : y).Output("y"));
    }
}
