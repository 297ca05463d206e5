namespace CudnnNet.Tests;

/// <summary>Pooling, activations, pointwise functions and reductions through the graph API against the golden values.</summary>
public class GoldenGraphElementwiseTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Poolings() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("pooling", "pooling"));

    private static IEnumerable<TestCaseData> Activations() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("activation", "activation"));

    // "set" computes nothing; a graph has no operation for it.
    private static IEnumerable<TestCaseData> TensorOperations() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("tensor", "tensor")
        .Where(test => test.Arguments[0] is not GoldenVariant variant || variant.Case.Text("operation") != "set"));

    [TestCaseSource(nameof(Poolings))]
    public void A_graph_of_a_pooling_and_its_gradient_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        ResampleMode mode = run.Case.Text("pool") switch
        {
            "max" => ResampleMode.Max,
            "average_exclude_padding" => ResampleMode.AverageExcludePadding,
            _ => ResampleMode.AverageIncludePadding,
        };
        int[] size = run.Case.Integers("window"), padding = run.Case.Integers("pad"), stride = run.Case.Integers("stride");
        PoolingWindow window = new(size[0], size[1], padding[0], padding[1], stride[0], stride[1]);
        TensorShape x = run.Image("x"), y = window.OutputShape(x);
        DeviceMemory<byte> input = run.Input("x", x), gradient = run.Input("dy", y);

        OperationGraph forward = new("pooling");
        GraphTensor image = forward.Tensor("x", x);
        DeviceMemory<byte> output = run.Prior("y0", y);
        GraphTensor pooled = forward.Resample(image, mode, window, alpha: run.Alpha, beta: run.Beta).Output();
        run.Execute(forward, image.At(input), pooled.At(output));
        run.Check("y", output, y, "graph");
        if (mode != ResampleMode.Max)
        {
            Backward(graph => (null, null, []), "graph");
            run.AssertAllPassed();
            return;
        }

        // By the index of the winners that the forward direction wrote, and by its input and output.
        OperationGraph indexed = new("pooling with index");
        GraphTensor source = indexed.Tensor("x", x);
        (GraphTensor plain, GraphTensor winners) = indexed.MaxPool(source, window);
        DeviceMemory<byte> maxima = run.Scratch(y), index = run.Workspace(y.Elements);
        run.Execute(indexed, source.At(input), plain.Output().At(maxima), winners.Output().At(index));
        Backward(
            graph =>
            {
                GraphTensor place = graph.Tensor("index", y with { Type = DataType.Int8 });
                return (place, null, [place.At(index)]);
            },
            "graph, by index");
        Backward(
            graph =>
            {
                GraphTensor before = graph.Tensor("x", x), after = graph.Tensor("y", y);
                return (null, (before, after), [before.At(input), after.At(maxima)]);
            },
            "graph, by x and y");
        run.AssertAllPassed();

        void Backward(Func<OperationGraph, (GraphTensor? Index, (GraphTensor, GraphTensor)? Forward, TensorPointer[] Tensors)> given, string how)
        {
            OperationGraph graph = new("pooling gradient");
            GraphTensor dy = graph.Tensor("dy", y);
            (GraphTensor? place, (GraphTensor, GraphTensor)? ends, TensorPointer[] tensors) = given(graph);
            GraphTensor dx = graph.ResampleBackward(dy, mode, window, x.Dimensions(), place, ends, alpha: run.Alpha, beta: run.Beta).Output();
            DeviceMemory<byte> memory = run.Prior("dx0", x);
            run.Execute(graph, [dy.At(gradient), dx.At(memory), .. tensors]);
            run.Check("dx", memory, x, how);
        }
    }

    [TestCaseSource(nameof(Activations))]
    public void A_graph_of_an_activation_and_its_gradient_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        double coefficient = run.Case.Number("coef");
        (PointwiseMode mode, PointwiseMode backward, PointwiseOptions options) = run.Case.Text("activation") switch
        {
            "identity" => (PointwiseMode.Identity, PointwiseMode.Identity, default(PointwiseOptions)),
            "relu" => (PointwiseMode.Relu, PointwiseMode.ReluBackward, default),
            "sigmoid" => (PointwiseMode.Sigmoid, PointwiseMode.SigmoidBackward, default),
            "tanh" => (PointwiseMode.Tanh, PointwiseMode.TanhBackward, default),
            "elu" => (PointwiseMode.Elu, PointwiseMode.EluBackward, new PointwiseOptions { EluAlpha = coefficient }),
            "clipped_relu" => (PointwiseMode.Relu, PointwiseMode.ReluBackward, new PointwiseOptions { UpperClip = coefficient }),
            _ => (PointwiseMode.Swish, PointwiseMode.SwishBackward, new PointwiseOptions { SwishBeta = coefficient }),
        };
        TensorShape shape = run.Image("x");
        OperationGraph graph = new("activation and gradient");
        List<TensorPointer> tensors = [];
        GraphTensor x = run.Operand(graph, tensors, "x", shape), dy = run.Operand(graph, tensors, "dy", shape);
        GraphTensor? y0 = run.Beta == 0 ? null : run.Operand(graph, tensors, "y0", shape), dx0 = run.Beta == 0 ? null : run.Operand(graph, tensors, "dx0", shape);
        GraphTensor y = graph.Blend(graph.Pointwise(mode, x, options: options), run.Alpha, y0, run.Beta).Output("y");
        GraphTensor slope = mode == PointwiseMode.Identity ? graph.Pointwise(mode, dy) : graph.Pointwise(backward, x, dy, options: options);
        GraphTensor dx = graph.Blend(slope, run.Alpha, dx0, run.Beta).Output("dx");
        DeviceMemory<byte> output = run.Scratch(shape), inputGradient = run.Scratch(shape);
        run.Execute(graph, [.. tensors, y.At(output), dx.At(inputGradient)]);
        run.Check("y", output, shape, "graph");
        run.Check("dx", inputGradient, shape, "graph");
        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(TensorOperations))]
    public void A_graph_of_a_tensor_operation_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        string operation = run.Case.Text("operation")!;
        string result = operation == "scale" ? "y" : "c";
        TensorShape shape = run.Image(result);
        OperationGraph graph = new(operation);
        List<TensorPointer> tensors = [];
        GraphTensor Operand(string name) => run.Operand(graph, tensors, name, run.Image(name));

        GraphTensor value = operation switch
        {
            "scale" => graph.Multiply(Operand("y"), graph.Scalar("alpha", run.Alpha)),
            "add" => graph.Pointwise(PointwiseMode.Add, Operand("a"), Operand("c"), options: new PointwiseOptions { Alpha1 = run.Alpha, Alpha2 = run.Beta }),
            _ when operation.StartsWith("reduce_", StringComparison.Ordinal) =>
                graph.Blend(Reduced(graph, operation, Operand("a"), run.Case.Integers("dims")), run.Alpha, run.Beta == 0 ? null : Operand("c"), run.Beta),
            _ => graph.Blend(Computed(run, graph, operation, Operand), 1, run.Beta == 0 ? null : Operand("c"), run.Beta),
        };
        DeviceMemory<byte> memory = run.Scratch(shape);
        tensors.Add(value.Output("result").As(shape.Type).At(memory));
        run.Execute(graph, tensors.ToArray());
        run.Check(result, memory, shape, "graph");
        run.AssertAllPassed();
    }

    private static GraphTensor Computed(GoldenRun run, OperationGraph graph, string operation, Func<string, GraphTensor> operand)
    {
        PointwiseOptions factors = new() { Alpha1 = run.Case.Number("alpha1"), Alpha2 = run.Case.Number("alpha2", 0) };
        GraphTensor a = operand("a");
        return operation switch
        {
            "op_add" => graph.Pointwise(PointwiseMode.Add, a, operand("b"), options: factors),
            "op_mul" => graph.Pointwise(PointwiseMode.Multiply, a, operand("b"), options: factors),
            "op_min" => graph.Pointwise(PointwiseMode.Minimum, a, operand("b"), options: factors),
            "op_max" => graph.Pointwise(PointwiseMode.Maximum, a, operand("b"), options: factors),
            "op_sqrt" => graph.Pointwise(PointwiseMode.SquareRoot, graph.Multiply(a, graph.Scalar("alpha", run.Case.Number("alpha1")))),
            "op_not" => graph.Subtract(graph.Scalar("one", 1), graph.Multiply(a, graph.Scalar("alpha", run.Case.Number("alpha1")))),
            _ => throw new InvalidDataException($"no function of tensors is called {operation}"),
        };
    }

    /// <summary>The graph API has fewer reductions than the descriptors API; the others are made of those.</summary>
    private static GraphTensor Reduced(OperationGraph graph, string operation, GraphTensor a, int[] along)
    {
        double count = 1;
        foreach (int dimension in along)
        {
            count *= a.Dimensions[dimension];
        }

        return operation switch
        {
            "reduce_add" => graph.Reduce(a, TensorReductionMode.Add, along),
            "reduce_mul" => graph.Reduce(a, TensorReductionMode.Multiply, along),
            "reduce_min" => graph.Reduce(a, TensorReductionMode.Minimum, along),
            "reduce_max" => graph.Reduce(a, TensorReductionMode.Maximum, along),
            "reduce_amax" => graph.Reduce(a, TensorReductionMode.MaximumAbsolute, along),
            "reduce_avg" => graph.Multiply(graph.Reduce(a, TensorReductionMode.Add, along), graph.Scalar("1/count", 1 / count)),
            "reduce_norm1" => graph.Reduce(graph.Pointwise(PointwiseMode.Absolute, a), TensorReductionMode.Add, along),
            "reduce_norm2" => graph.Pointwise(PointwiseMode.SquareRoot, graph.Reduce(graph.Multiply(a, a), TensorReductionMode.Add, along)),
            "reduce_mul_no_zeros" => graph.Reduce(
                graph.Pointwise(PointwiseMode.Select, a, graph.Scalar("one", 1), graph.Pointwise(PointwiseMode.NotEqual, a, graph.Scalar("zero", 0))), TensorReductionMode.Multiply, along),
            _ => throw new InvalidDataException($"no reduction is called {operation}"),
        };
    }
}
