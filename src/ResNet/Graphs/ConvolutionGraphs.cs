using CudnnNet;

namespace ResNet;

/// <summary>A part of a step as one graph of cuDNN: what is computed, and its tensors by what they are. Images and filters have one type, N, H, W, C and K, R, S, C in memory; numbers of channels are f32.</summary>
/// <param name="Graph">The graph; its name says its operations in order.</param>
internal abstract record StepGraph(OperationGraph Graph)
{
    /// <summary>A graph whose virtual tensors have the type of the images: only so has cuDNN engines for normalisations and for what follows a gradient.</summary>
    protected static OperationGraph Empty(string name, DataType type) => new(name) { IntermediateType = type };
}

/// <summary>y = conv(x, w).</summary>
internal sealed record ConvolutionForwardGraph(OperationGraph Graph, GraphTensor X, GraphTensor W, GraphTensor Y) : StepGraph(Graph)
{
    public static ConvolutionForwardGraph Of(TensorShape x, FilterShape w, Convolution geometry)
    {
        var graph = Empty("convolution", x.Type);
        var (image, filter) = (graph.Tensor("x", x), graph.Tensor("w", w));
        return new(graph, image, filter, graph.Convolution(image, filter, geometry).Output("y"));
    }
}

/// <summary>dx = the gradient of a convolution's input, and where another branch has the same input, that branch's gradient added.</summary>
internal sealed record DataGradientGraph(OperationGraph Graph, GraphTensor Dy, GraphTensor W, GraphTensor? Other, GraphTensor Dx) : StepGraph(Graph)
{
    /// <param name="dy">The output's gradient.</param>
    /// <param name="w">The filter.</param>
    /// <param name="geometry">That of the forward direction.</param>
    /// <param name="x">The input.</param>
    /// <param name="adds">Whether another branch's gradient is added. It is another tensor than the result: no engine promises to add in place.</param>
    public static DataGradientGraph Of(TensorShape dy, FilterShape w, Convolution geometry, TensorShape x, bool adds)
    {
        var graph = Empty(adds ? "data gradient, add" : "data gradient", dy.Type);
        var (gradient, filter) = (graph.Tensor("dy", dy), graph.Tensor("w", w));
        var product = graph.ConvolutionBackwardData(gradient, filter, geometry, [x.N, x.C, x.H, x.W]);
        var other = adds ? graph.Tensor("other gradient", x) : null;
        return new(graph, gradient, filter, other, (other is null ? product : graph.Add(product, other)).Output("dx"));
    }
}

/// <summary>dw = the gradient of a convolution's filter, in the images' type: cuDNN has no engine that makes f32 of 16 bits here.</summary>
internal sealed record FilterGradientGraph(OperationGraph Graph, GraphTensor X, GraphTensor Dy, GraphTensor Dw) : StepGraph(Graph)
{
    public static FilterGradientGraph Of(TensorShape x, TensorShape dy, Convolution geometry, FilterShape w)
    {
        var graph = Empty("filter gradient", x.Type);
        var (image, gradient) = (graph.Tensor("x", x), graph.Tensor("dy", dy));
        return new(graph, image, gradient, graph.ConvolutionBackwardFilter(image, gradient, geometry, [w.K, w.C, w.R, w.S]).Output("dw"));
    }
}
