namespace CudnnNet.Tests;

/// <summary>Convolutions through the graph API, forward and both gradients, fused with bias and activation, against the golden values.</summary>
public class GoldenGraphConvolutionTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Convolutions() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("conv2d", "conv", "geometry"));

    private static IEnumerable<TestCaseData> FusedConvolutions() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("conv2d_bias_activation", "conv"));

    [TestCaseSource(nameof(Convolutions))]
    public void A_graph_of_a_convolution_and_its_gradients_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        Convolution convolution = GoldenConvolutionTests.ConvolutionOf(run.Case);
        TensorShape x = run.Image("x");
        FilterShape w = run.Filter("w");
        TensorShape filters = GoldenRun.AsTensor(w), y = convolution.OutputShape(x, w);
        DeviceMemory<byte> input = run.Input("x", x), weights = run.Input("w", filters);
        Forward(run, convolution, x, w, y, input, weights);
        if (run.Case.Has("dy"))
        {
            DeviceMemory<byte> outputGradient = run.Input("dy", y);

            OperationGraph data = new("data gradient");
            GraphTensor dy = data.Tensor("dy", y), filter = data.Tensor("w", w);
            GraphTensor dx = data.ConvolutionBackwardData(dy, filter, convolution, x.Dimensions(), run.Alpha, run.Beta).Output();
            DeviceMemory<byte> inputGradient = run.Prior("dx0", x);
            run.Execute(data, dy.At(outputGradient), filter.At(weights), dx.At(inputGradient));
            run.Check("dx", inputGradient, x, "graph");

            OperationGraph filtered = new("filter gradient");
            GraphTensor image = filtered.Tensor("x", x), gradient = filtered.Tensor("dy", y);
            GraphTensor dw = filtered.ConvolutionBackwardFilter(image, gradient, convolution, filters.Dimensions(), run.Alpha, run.Beta).Output();
            DeviceMemory<byte> filterGradient = run.Prior("dw0", filters);
            run.Execute(filtered, image.At(input), gradient.At(outputGradient), dw.At(filterGradient));
            run.Check("dw", filterGradient, filters, "graph");

            if (run.Case.Outputs.ContainsKey("db"))
            {
                OperationGraph summed = new("bias gradient");
                GraphTensor addend = summed.Tensor("dy", y);
                GraphTensor db = summed.Reduce(addend, TensorReductionMode.Add, [0, 2, 3]).Output();
                TensorShape bias = GoldenRun.Parameters(run.Case.Shape("b"));
                DeviceMemory<byte> biasGradient = run.Scratch(bias);
                run.Execute(summed, addend.At(outputGradient), db.At(biasGradient));
                run.Check("db", biasGradient, bias, "graph");
            }
        }

        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(FusedConvolutions))]
    public void A_graph_of_a_convolution_with_bias_and_activation_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        Convolution convolution = GoldenConvolutionTests.ConvolutionOf(run.Case);
        TensorShape x = run.Image("x");
        FilterShape w = run.Filter("w");
        TensorShape y = convolution.OutputShape(x, w);
        TensorShape bias = GoldenRun.Parameters(run.Case.Shape("b"));

        OperationGraph graph = new("convolution, bias, shortcut, activation");
        GraphTensor filter = graph.Tensor("w", w);
        List<TensorPointer> tensors = [filter.At(run.Input("w", GoldenRun.AsTensor(w)))];
        GraphTensor image = run.Operand(graph, tensors, "x", x), shortcut = run.Operand(graph, tensors, "z", y), b = run.Operand(graph, tensors, "b", bias);
        GraphTensor sum = graph.Pointwise(
            PointwiseMode.Add,
            graph.Convolution(image, filter, convolution, name: "convolution"),
            shortcut,
            options: new PointwiseOptions { Alpha1 = run.Case.Number("alpha1"), Alpha2 = run.Case.Number("alpha2") });
        GraphTensor biased = graph.Add(sum, b);
        GraphTensor result = (run.Case.Text("activation") == "relu" ? graph.Relu(biased) : graph.Pointwise(PointwiseMode.Identity, biased)).Output("y");
        DeviceMemory<byte> output = run.Scratch(y);
        run.Execute(graph, [.. tensors, result.At(output)]);
        run.Check("y", output, y, "graph");
        run.AssertAllPassed();
    }

    private static void Forward(GoldenRun run, Convolution convolution, TensorShape x, FilterShape w, TensorShape y, DeviceMemory<byte> input, DeviceMemory<byte> weights)
    {
        OperationGraph graph = new("convolution");
        GraphTensor image = graph.Tensor("x", x), filter = graph.Tensor("w", w);
        DeviceMemory<byte> output = run.Prior("y0", y);
        if (!run.Case.Has("b"))
        {
            GraphTensor plain = graph.Convolution(image, filter, convolution, run.Alpha, run.Beta).Output();
            run.Execute(graph, image.At(input), filter.At(weights), plain.At(output));
        }
        else
        {
            // With a bias the factors go over the sum.
            TensorShape bias = GoldenRun.Parameters(run.Case.Shape("b"));
            List<TensorPointer> tensors = [image.At(input), filter.At(weights)];
            GraphTensor b = run.Operand(graph, tensors, "b", bias);
            GraphTensor? prior = run.Beta == 0 ? null : run.Operand(graph, tensors, "y0", y);
            GraphTensor result = graph.Blend(graph.Add(graph.Convolution(image, filter, convolution), b), run.Alpha, prior, run.Beta).Output("y");
            run.Execute(graph, [.. tensors, result.At(output)]);
        }

        run.Check("y", output, y, "graph");
    }
}
