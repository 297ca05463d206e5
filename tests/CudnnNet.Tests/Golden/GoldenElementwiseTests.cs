namespace CudnnNet.Tests;

/// <summary>Pooling, activations, softmax and tensor operations against the golden values.</summary>
public class GoldenElementwiseTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Poolings() => GoldenVariant.Of("pooling", "pooling");

    private static IEnumerable<TestCaseData> Activations() => GoldenVariant.Of("activation", "activation");

    private static IEnumerable<TestCaseData> Softmaxes() => GoldenVariant.Of("softmax", "softmax");

    private static IEnumerable<TestCaseData> TensorOperations() => GoldenVariant.Of("tensor", "tensor");

    [TestCaseSource(nameof(Poolings))]
    public void A_pooling_and_its_gradient_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        PoolingMode[] modes = run.Case.Text("pool") switch
        {
            "max" => [PoolingMode.Max, PoolingMode.MaxDeterministic],
            "average_exclude_padding" => [PoolingMode.AverageExcludePadding],
            _ => [PoolingMode.AverageIncludePadding],
        };
        int[] window = run.Case.Integers("window"), padding = run.Case.Integers("pad"), stride = run.Case.Integers("stride");
        TensorShape x = run.Image("x");
        DeviceMemory<byte> input = run.Input("x", x);
        foreach (PoolingMode mode in modes)
        {
            Pooling pooling = run.Own(new Pooling(
                run.Cudnn, mode, new PoolingWindow(window[0], window[1], padding[0], padding[1], stride[0], stride[1]), x));
            TensorShape y = pooling.OutputShape;
            DeviceMemory<byte> output = run.Prior("y0", y), pooled = run.Scratch(y), gradient = run.Prior("dx0", x);
            pooling.Forward(run.Alpha, input, run.Beta, output);
            pooling.Forward(1, input, 0, pooled);
            pooling.Backward(run.Alpha, pooled, run.Input("dy", y), input, run.Beta, gradient);
            run.Check("y", output, y, $"{mode}");
            run.Check("dx", gradient, x, $"{mode}");
        }

        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(Activations))]
    public void An_activation_and_its_gradient_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        ActivationMode mode = run.Case.Text("activation") switch
        {
            "identity" => ActivationMode.Identity,
            "relu" => ActivationMode.Relu,
            "sigmoid" => ActivationMode.Sigmoid,
            "tanh" => ActivationMode.Tanh,
            "elu" => ActivationMode.Elu,
            "clipped_relu" => ActivationMode.ClippedRelu,
            "swish" => ActivationMode.Swish,
            string other => throw new InvalidDataException($"no activation is called {other}"),
            null => throw new InvalidDataException("the case names no activation"),
        };
        TensorShape shape = run.Image("x");
        Activation activation = run.Own(new Activation(run.Cudnn, mode, shape, run.Case.Number("coef")));
        DeviceMemory<byte> input = run.Input("x", shape);
        DeviceMemory<byte> output = run.Prior("y0", shape), activated = run.Scratch(shape), gradient = run.Prior("dx0", shape);
        activation.Forward(run.Alpha, input, run.Beta, output);
        activation.Forward(1, input, 0, activated);
        activation.Backward(run.Alpha, activated, run.Input("dy", shape), input, run.Beta, gradient);
        run.Check("y", output, shape);
        run.Check("dx", gradient, shape);
        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(Softmaxes))]
    public void A_softmax_and_its_gradient_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        SoftmaxAlgorithm algorithm = Enum.Parse<SoftmaxAlgorithm>(run.Case.Text("algorithm")!, ignoreCase: true);
        SoftmaxMode mode = Enum.Parse<SoftmaxMode>(run.Case.Text("softmax_mode")!, ignoreCase: true);
        TensorShape shape = run.Image("x");
        Softmax softmax = run.Own(new Softmax(run.Cudnn, algorithm, mode, shape));
        DeviceMemory<byte> input = run.Input("x", shape);
        DeviceMemory<byte> output = run.Prior("y0", shape), plain = run.Scratch(shape), gradient = run.Prior("dx0", shape);
        softmax.Forward(run.Alpha, input, run.Beta, output);
        softmax.Forward(1, input, 0, plain);
        softmax.Backward(run.Alpha, plain, run.Input("dy", shape), run.Beta, gradient);
        run.Check("y", output, shape);
        run.Check("dx", gradient, shape);
        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(TensorOperations))]
    public void A_tensor_operation_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        string operation = run.Case.Text("operation")!;
        if (operation is "scale" or "set")
        {
            TensorShape y = run.Image("y");
            TensorFill fill = run.Own(new TensorFill(run.Cudnn, y));
            DeviceMemory<byte> values = operation == "set" ? run.Scratch(y) : run.Input("y", y);
            if (operation == "set")
            {
                fill.Set(values, run.Case.Number("value"));
            }
            else
            {
                fill.Scale(values, run.Alpha);
            }

            run.Check("y", values, y);
            run.AssertAllPassed();
            return;
        }

        TensorShape a = run.Image("a"), c = run.Image("c");
        DeviceMemory<byte> first = run.Input("a", a);
        DeviceMemory<byte> result = run.Beta == 0 ? run.Scratch(c) : run.Input("c", c);
        if (operation == "add")
        {
            run.Own(new TensorAdd(run.Cudnn, a, c)).Run(run.Alpha, first, run.Beta, result);
        }
        else if (operation.StartsWith("reduce_", StringComparison.Ordinal))
        {
            TensorReduction reduction = run.Own(new TensorReduction(run.Cudnn, ReductionOf(operation), a, c));
            reduction.Run(run.Alpha, first, run.Workspace(reduction.WorkspaceBytes), run.Beta, result);
        }
        else
        {
            // The functions of one operand do not look at the second.
            TensorShape b = run.Case.Has("b") ? run.Image("b") : a;
            DeviceMemory<byte> second = run.Case.Has("b") ? run.Input("b", b) : run.Scratch(b);
            run.Own(new TensorOperation(run.Cudnn, FunctionOf(operation), a, b, c)).Run(
                run.Case.Number("alpha1"), first, run.Case.Number("alpha2", 0), second, run.Beta, result);
        }

        run.Check("c", result, c);
        run.AssertAllPassed();
    }

    private static TensorFunction FunctionOf(string operation) => operation switch
    {
        "op_add" => TensorFunction.Add,
        "op_mul" => TensorFunction.Multiply,
        "op_min" => TensorFunction.Minimum,
        "op_max" => TensorFunction.Maximum,
        "op_sqrt" => TensorFunction.SquareRoot,
        "op_not" => TensorFunction.Not,
        _ => throw new InvalidDataException($"no function of tensors is called {operation}"),
    };

    private static TensorReductionMode ReductionOf(string operation) => operation switch
    {
        "reduce_add" => TensorReductionMode.Add,
        "reduce_mul" => TensorReductionMode.Multiply,
        "reduce_min" => TensorReductionMode.Minimum,
        "reduce_max" => TensorReductionMode.Maximum,
        "reduce_amax" => TensorReductionMode.MaximumAbsolute,
        "reduce_avg" => TensorReductionMode.Average,
        "reduce_norm1" => TensorReductionMode.Norm1,
        "reduce_norm2" => TensorReductionMode.Norm2,
        "reduce_mul_no_zeros" => TensorReductionMode.MultiplyNoZeros,
        _ => throw new InvalidDataException($"no reduction is called {operation}"),
    };
}
