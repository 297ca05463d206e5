using CudnnNet;

namespace GpuSupport;

/// <summary>The graphs of a residual network's training step, by the names the records have for them: images with channels last, parameters and statistics in single precision.</summary>
public static class NetworkPatterns
{
    private static readonly Dictionary<string, Func<DataType, NetworkGeometry, int, OperationGraph>> s_patterns = new(StringComparer.Ordinal)
    {
        ["conv"] = Convolution,
        ["conv-genstats"] = ConvolutionStatistics,
        ["sbr-conv-genstats"] = ScaledConvolutionStatistics,
        ["dgrad"] = DataGradient,
        ["dgrad-add"] = DataGradientAdd,
        ["dgrad-drelu"] = DataGradientRelu,
        ["wgrad"] = FilterGradient,
        ["bn-train"] = (type, geometry, batch) => Normalisation(type, geometry, batch, add: false, relu: false),
        ["bn-train-relu"] = (type, geometry, batch) => Normalisation(type, geometry, batch, add: false, relu: true),
        ["bn-train-add-relu"] = (type, geometry, batch) => Normalisation(type, geometry, batch, add: true, relu: true),
        ["bn-bwd"] = (type, geometry, batch) => NormalisationGradient(type, geometry, batch, masked: false),
        ["bn-bwd-drelu-norminf"] = (type, geometry, batch) => NormalisationGradient(type, geometry, batch, masked: true),
    };

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => s_patterns.Keys;

    /// <summary>The graph of a pattern.</summary>
    /// <param name="pattern">Its name.</param>
    /// <param name="type">The type of images and filters.</param>
    /// <param name="geometry">The convolution; of normalisations its output counts.</param>
    /// <param name="batch">Images.</param>
    /// <param name="graph">The graph; null where no pattern has that name.</param>
    public static bool TryDescribe(string pattern, DataType type, NetworkGeometry geometry, int batch, out OperationGraph? graph)
    {
        graph = s_patterns.TryGetValue(pattern, out Func<DataType, NetworkGeometry, int, OperationGraph>? describe) ? describe(type, geometry, batch) : null;
        return graph is not null;
    }

    private static OperationGraph Convolution(DataType type, NetworkGeometry geometry, int batch)
    {
        OperationGraph graph = new("conv");
        graph.Convolution(Input(graph, type, geometry, batch), Filters(graph, type, geometry), Moves(geometry)).Output("y");
        return graph;
    }

    private static OperationGraph ConvolutionStatistics(DataType type, NetworkGeometry geometry, int batch)
    {
        OperationGraph graph = new("conv-genstats");
        Summed(graph, graph.Convolution(Input(graph, type, geometry, batch), Filters(graph, type, geometry), Moves(geometry)).Output("y"));
        return graph;
    }

    private static OperationGraph ScaledConvolutionStatistics(DataType type, NetworkGeometry geometry, int batch)
    {
        // What goes into the convolution stays in the type of the images on its way.
        OperationGraph graph = new("sbr-conv-genstats") { IntermediateType = type };
        GraphTensor scaled = graph.Multiply(Input(graph, type, geometry, batch), graph.Channels("scale", geometry.C, type));
        GraphTensor activated = graph.Relu(graph.Add(scaled, graph.Channels("bias", geometry.C, type)));
        Summed(graph, graph.Convolution(activated, Filters(graph, type, geometry), Moves(geometry)).Output("y"));
        return graph;
    }

    private static OperationGraph DataGradient(DataType type, NetworkGeometry geometry, int batch)
    {
        OperationGraph graph = new("dgrad");
        Gradient(graph, type, geometry, batch).Output("dx");
        return graph;
    }

    private static OperationGraph DataGradientAdd(DataType type, NetworkGeometry geometry, int batch)
    {
        OperationGraph graph = new("dgrad-add") { IntermediateType = type };
        graph.Add(Gradient(graph, type, geometry, batch), graph.Tensor("other gradient", InputShape(type, geometry, batch))).Output("dx");
        return graph;
    }

    private static OperationGraph DataGradientRelu(DataType type, NetworkGeometry geometry, int batch)
    {
        OperationGraph graph = new("dgrad-drelu") { IntermediateType = type };
        graph.ReluBackward(graph.Tensor("activated", InputShape(type, geometry, batch)), Gradient(graph, type, geometry, batch)).Output("dx");
        return graph;
    }

    private static OperationGraph FilterGradient(DataType type, NetworkGeometry geometry, int batch)
    {
        OperationGraph graph = new("wgrad");
        graph.ConvolutionBackwardFilter(
            Input(graph, type, geometry, batch),
            graph.Tensor("dy", OutputShape(type, geometry, batch)),
            Moves(geometry),
            [geometry.K, geometry.C, geometry.Filter, geometry.Filter]).Output("dw");
        return graph;
    }

    private static OperationGraph Normalisation(DataType type, NetworkGeometry geometry, int batch, bool add, bool relu)
    {
        OperationGraph graph = new("bn-train") { IntermediateType = type };
        GraphTensor Parameter(string name) => graph.Channels(name, geometry.K);
        NormTraining norm = graph.NormTraining(
            NormMode.Batch, graph.Tensor("x", OutputShape(type, geometry, batch)), Parameter("scale"), Parameter("bias"), 1e-5, (Parameter("running mean"), Parameter("running variance")));
        foreach (GraphTensor statistic in (GraphTensor[])[norm.Mean!, norm.InverseDeviation, norm.RunningMean!, norm.RunningVariance!])
        {
            statistic.Output();
        }

        GraphTensor y = add ? graph.Add(norm.Y, graph.Tensor("shortcut", OutputShape(type, geometry, batch))) : norm.Y;
        (relu ? graph.Relu(y) : y).Output("y");
        return graph;
    }

    private static OperationGraph NormalisationGradient(DataType type, NetworkGeometry geometry, int batch, bool masked)
    {
        OperationGraph graph = new("bn-bwd") { IntermediateType = type };
        GraphTensor Parameter(string name) => graph.Channels(name, geometry.K);
        GraphTensor x = graph.Tensor("x", OutputShape(type, geometry, batch)), dy = graph.Tensor("dy", OutputShape(type, geometry, batch));
        GraphTensor mean = Parameter("mean"), deviation = Parameter("inverse deviation"), scale = Parameter("scale");
        GraphTensor gradient = masked ? graph.ReluBackward(graph.NormInference(NormMode.Batch, x, mean, deviation, scale, Parameter("bias")), dy) : dy;
        NormGradients gradients = graph.NormBackward(NormMode.Batch, x, gradient, mean, deviation, scale, 1e-5);
        gradients.Dx.Output("dx");
        gradients.DScale.Output("dscale");
        gradients.DBias.Output("dbias");
        return graph;
    }

    private static void Summed(OperationGraph graph, GraphTensor y)
    {
        ChannelSums sums = graph.GenerateStatistics(y);
        sums.Sum.Output("sum");
        sums.SquareSum.Output("square sum");
    }

    private static GraphTensor Gradient(OperationGraph graph, DataType type, NetworkGeometry geometry, int batch) => graph.ConvolutionBackwardData(
        graph.Tensor("dy", OutputShape(type, geometry, batch)), Filters(graph, type, geometry), Moves(geometry), [batch, geometry.C, geometry.Size, geometry.Size]);

    private static GraphTensor Input(OperationGraph graph, DataType type, NetworkGeometry geometry, int batch) => graph.Tensor("x", InputShape(type, geometry, batch));

    private static TensorShape InputShape(DataType type, NetworkGeometry geometry, int batch) => new(batch, geometry.C, geometry.Size, geometry.Size, type);

    private static TensorShape OutputShape(DataType type, NetworkGeometry geometry, int batch) => new(batch, geometry.K, geometry.OutputSize, geometry.OutputSize, type);

    private static GraphTensor Filters(OperationGraph graph, DataType type, NetworkGeometry geometry) =>
        graph.Tensor("w", new FilterShape(geometry.K, geometry.C, geometry.Filter, geometry.Filter, type));

    private static Convolution Moves(NetworkGeometry geometry) => new(Padding: geometry.Padding, Stride: geometry.Stride);
}
