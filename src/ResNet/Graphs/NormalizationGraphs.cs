using CudnnNet;

namespace ResNet;

/// <summary>Batch normalisation in training, and where asked for the sum with a shortcut and the ReLU behind it.</summary>
internal sealed record NormalizationGraph(
    OperationGraph Graph,
    GraphTensor X,
    GraphTensor? Added,
    GraphTensor Scale,
    GraphTensor Shift,
    GraphTensor RunningMean,
    GraphTensor RunningVariance,
    GraphTensor Y,
    GraphTensor Mean,
    GraphTensor InverseDeviation,
    GraphTensor NextRunningMean,
    GraphTensor NextRunningVariance) : StepGraph(Graph)
{
    public static string Title(bool adds, bool relu) => $"norm training{(adds ? ", add" : "")}{(relu ? ", relu" : "")}";

    public static NormalizationGraph Of(TensorShape x, bool adds, bool relu, double epsilon, double runningFactor)
    {
        var graph = Empty(Title(adds, relu), x.Type);
        var image = graph.Tensor("x", x);
        var (scale, shift) = (graph.Channels("scale", x.C), graph.Channels("shift", x.C));
        var (runningMean, runningVariance) = (graph.Channels("running mean", x.C), graph.Channels("running variance", x.C));
        var norm = graph.NormTraining(NormMode.Batch, image, scale, shift, epsilon, (runningMean, runningVariance), runningFactor);
        var added = adds ? graph.Tensor("added", x) : null;
        var y = added is null ? norm.Y : graph.Add(norm.Y, added);
        return new(
            graph,
            image,
            added,
            scale,
            shift,
            runningMean,
            runningVariance,
            (relu ? graph.Relu(y) : y).Output("y"),
            norm.Mean!.Output("mean"),
            norm.InverseDeviation.Output("inverse deviation"),
            norm.RunningMean!.Output("next running mean"),
            norm.RunningVariance!.Output("next running variance"));
    }
}

/// <summary>
/// The gradients of a batch normalisation, and before them that of the ReLU behind it. The graph knows where the ReLU let pass by normalising once more: cuDNN has an engine for that,
/// but for none that takes the ReLU's output instead, nor for one with a sum between (there the ReLU's gradient, which is the shortcut's too, is an operation of its own).
/// </summary>
internal sealed record NormalizationGradientGraph(
    OperationGraph Graph,
    GraphTensor X,
    GraphTensor Dy,
    GraphTensor Mean,
    GraphTensor InverseDeviation,
    GraphTensor Scale,
    GraphTensor? Shift,
    GraphTensor Dx,
    GraphTensor DScale,
    GraphTensor DShift) : StepGraph(Graph)
{
    public static NormalizationGradientGraph Of(TensorShape x, bool relu, double epsilon)
    {
        var graph = Empty(relu ? "norm inference, relu backward, norm gradient" : "norm gradient", x.Type);
        var (image, gradient) = (graph.Tensor("x", x), graph.Tensor("dy", x));
        var (mean, inverseDeviation, scale) = (graph.Channels("mean", x.C), graph.Channels("inverse deviation", x.C), graph.Channels("scale", x.C));
        var shift = relu ? graph.Channels("shift", x.C) : null;
        var passed = relu ? graph.ReluBackward(graph.NormInference(NormMode.Batch, image, mean, inverseDeviation, scale, shift), gradient) : gradient;
        var gradients = graph.NormBackward(NormMode.Batch, image, passed, mean, inverseDeviation, scale, epsilon);
        return new(
            graph, image, gradient, mean, inverseDeviation, scale, shift, gradients.Dx.Output("dx"), gradients.DScale.Output("scale gradient"), gradients.DBias.Output("shift gradient"));
    }
}
