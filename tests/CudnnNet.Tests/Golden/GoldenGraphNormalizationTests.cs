namespace CudnnNet.Tests;

/// <summary>Batch normalisation through the graph API, alone, with ReLU and with add and ReLU, forward and backward, against the golden values.</summary>
public class GoldenGraphNormalizationTests : GoldenReport
{
    // The graph API's batch normalisation is the spatial one.
    private static IEnumerable<TestCaseData> Trainings() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("batchnorm_train", "norm")
        .Where(test => test.Arguments[0] is not GoldenVariant variant || variant.Case.Text("bn_mode") == "spatial"));

    private static IEnumerable<TestCaseData> Inferences() => GoldenGraph.WithBothHeuristics(GoldenVariant.Of("batchnorm_infer", "norm")
        .Where(test => test.Arguments[0] is not GoldenVariant variant || variant.Case.Text("bn_mode") == "spatial"));

    [TestCaseSource(nameof(Trainings))]
    public void A_graph_of_a_training_step_of_a_normalisation_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        TensorShape shape = run.Image("x"), parameters = GoldenRun.Parameters(run.Case.Shape("scale"));
        DeviceMemory<byte> mean = run.Scratch(parameters), inverse = run.Scratch(parameters);
        Forward(run, shape, parameters, mean, inverse);
        Backward(run, shape, parameters, mean, inverse);
        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(Inferences))]
    public void A_graph_of_a_normalisation_by_given_statistics_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        TensorShape shape = run.Image("x"), parameters = GoldenRun.Parameters(run.Case.Shape("scale"));
        OperationGraph graph = new("inference");
        List<TensorPointer> tensors = [];
        GraphTensor x = run.Operand(graph, tensors, "x", shape), scale = run.Operand(graph, tensors, "scale", parameters), bias = run.Operand(graph, tensors, "bias", parameters);
        GraphTensor mean = run.Operand(graph, tensors, "mean", parameters), variance = run.Operand(graph, tensors, "var", parameters);
        GraphTensor deviation = graph.Pointwise(PointwiseMode.ReciprocalSquareRoot, graph.Add(variance, graph.Scalar("epsilon", run.Case.Number("eps"))));
        GraphTensor y = graph.NormInference(NormMode.Batch, x, mean, deviation, scale, bias);
        y = WithPriorAndShortcut(run, graph, tensors, y, shape);
        y = (run.Case.Text("fused") == "none" ? y : graph.Relu(y)).Output("y");
        DeviceMemory<byte> output = run.Scratch(shape);
        run.Execute(graph, [.. tensors, y.At(output)]);
        run.Check("y", output, shape, "graph");
        run.AssertAllPassed();
    }

    private static void Forward(GoldenRun run, TensorShape shape, TensorShape parameters, DeviceMemory<byte> mean, DeviceMemory<byte> inverse)
    {
        double momentum = run.Case.Number("momentum");
        OperationGraph graph = new("forward");
        List<TensorPointer> tensors = [];
        GraphTensor x = run.Operand(graph, tensors, "x", shape), scale = run.Operand(graph, tensors, "scale", parameters), bias = run.Operand(graph, tensors, "bias", parameters);
        GraphTensor runningMean = graph.Tensor("running mean", parameters), runningVariance = graph.Tensor("running variance", parameters);
        NormTraining norm = graph.NormTraining(NormMode.Batch, x, scale, bias, run.Case.Number("eps"), (runningMean, runningVariance), momentum, "bn");
        DeviceMemory<byte> nextMean = run.Scratch(parameters), nextVariance = run.Scratch(parameters), output = run.Scratch(shape);
        tensors.AddRange(
        [
            // A factor of 1 overwrites the running values: they must not be read.
            runningMean.At(momentum == 1 ? run.Scratch(parameters) : run.Input("rm0", parameters)),
            runningVariance.At(momentum == 1 ? run.Scratch(parameters) : run.Input("rv0", parameters)),
            norm.Mean!.Output().At(mean), norm.InverseDeviation.Output().At(inverse),
            norm.RunningMean!.Output().At(nextMean), norm.RunningVariance!.Output().At(nextVariance),
        ]);
        GraphTensor y = WithPriorAndShortcut(run, graph, tensors, norm.Y, shape);
        y = (run.Case.Text("fused") is "relu" or "add_relu" ? graph.Relu(y) : y).Output("y");
        run.Execute(graph, [.. tensors, y.At(output)]);
        run.Check("y", output, shape, "graph");
        run.Check("saved_mean", mean, parameters, "graph");
        run.Check("saved_inv_std", inverse, parameters, "graph");
        run.Check("running_mean", nextMean, parameters, "graph");
        run.Check("running_var", nextVariance, parameters, "graph");
    }

    /// <summary>The mask of ReLU comes from the output computed again: inference norm, (add,) ReLU gradient, norm gradient in one graph.</summary>
    private static void Backward(GoldenRun run, TensorShape shape, TensorShape parameters, DeviceMemory<byte> mean, DeviceMemory<byte> inverse)
    {
        OperationGraph graph = new("backward");
        List<TensorPointer> tensors = [];
        GraphTensor x = run.Operand(graph, tensors, "x", shape), dy = run.Operand(graph, tensors, "dy", shape), scale = run.Operand(graph, tensors, "scale", parameters);
        GraphTensor savedMean = graph.Tensor("mean", parameters), savedInverse = graph.Tensor("inverse deviation", parameters);
        tensors.AddRange([savedMean.At(mean), savedInverse.At(inverse)]);
        GraphTensor masked = dy;
        if (run.Case.Text("fused") is "relu" or "add_relu")
        {
            GraphTensor y = graph.NormInference(NormMode.Batch, x, savedMean, savedInverse, scale, run.Operand(graph, tensors, "bias", parameters));
            masked = graph.ReluBackward(WithShortcut(run, graph, tensors, y, shape), dy);
        }

        DeviceMemory<byte>? dz = run.Case.Has("z") ? run.Scratch(shape) : null;
        if (dz is not null)
        {
            tensors.Add(masked.Output("dz").At(dz));
        }

        NormGradients gradients = graph.NormBackward(NormMode.Batch, x, masked, savedMean, savedInverse, scale, run.Case.Number("eps"));
        (double alphaParameter, double betaParameter) = (run.Case.Number("alpha_param", 1), run.Case.Number("beta_param", 0));
        DeviceMemory<byte> dx = Blended(run, graph, tensors, gradients.Dx, run.Alpha, run.Beta, "dx0", shape);
        DeviceMemory<byte> dscale = Blended(run, graph, tensors, gradients.DScale, alphaParameter, betaParameter, "ds0", parameters);
        DeviceMemory<byte> dbias = Blended(run, graph, tensors, gradients.DBias, alphaParameter, betaParameter, "db0", parameters);
        run.Execute(graph, tensors.ToArray());
        run.Check("dx", dx, shape, "graph");
        run.Check("dscale", dscale, parameters, "graph");
        run.Check("dbias", dbias, parameters, "graph");
        if (dz is not null)
        {
            run.Check("dz", dz, shape, "graph");
        }
    }

    private static GraphTensor WithPriorAndShortcut(GoldenRun run, OperationGraph graph, List<TensorPointer> tensors, GraphTensor y, TensorShape shape) =>
        WithShortcut(run, graph, tensors, graph.Blend(y, run.Alpha, run.Beta == 0 ? null : run.Operand(graph, tensors, "y0", shape), run.Beta), shape);

    private static GraphTensor WithShortcut(GoldenRun run, OperationGraph graph, List<TensorPointer> tensors, GraphTensor y, TensorShape shape) =>
        run.Case.Has("z") ? graph.Add(y, run.Operand(graph, tensors, "z", shape)) : y;

    private static DeviceMemory<byte> Blended(
        GoldenRun run, OperationGraph graph, List<TensorPointer> tensors, GraphTensor gradient, double alpha, double beta, string prior, TensorShape shape)
    {
        DeviceMemory<byte> memory = run.Scratch(shape);
        GraphTensor? before = beta == 0 ? null : run.Operand(graph, tensors, prior, shape);
        tensors.Add(graph.Blend(gradient, alpha, before, beta).Output().At(memory));
        return memory;
    }
}
