using CudnnNet.Interop;
using Golden;

namespace CudnnNet.Tests;

/// <summary>Convolutions, forward and both gradients, with every algorithm the device offers, against the golden values.</summary>
public class GoldenConvolutionTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Convolutions() => GoldenVariant.Of("conv2d", "conv", "geometry");

    private static IEnumerable<TestCaseData> FusedConvolutions() => GoldenVariant.Of("conv2d_bias_activation", "conv");

    [TestCaseSource(nameof(Convolutions))]
    public void A_convolution_and_its_gradients_equal_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        Convolution convolution = ConvolutionOf(run.Case);
        TensorShape x = run.Image("x");
        FilterShape w = run.Filter("w");
        TensorShape y = convolution.OutputShape(x, w);
        DeviceMemory<byte> input = run.Input("x", x);
        DeviceMemory<byte> filters = run.Input("w", GoldenRun.AsTensor(w));

        ConvolutionForward forward = run.Own(new ConvolutionForward(run.Cudnn, x, w, convolution, y));
        foreach (var choice in Choices(forward, run.Case))
        {
            DeviceMemory<byte> output = run.Prior("y0", y);
            forward.Run(choice, run.Alpha, input, filters, run.Workspace(choice.WorkspaceBytes), run.Beta, output);
            if (run.Case.Has("b"))
            {
                TensorShape bias = GoldenRun.Parameters(run.Case.Shape("b"));
                TensorShape typed = bias with { Type = y.Type };
                run.Own(new TensorAdd(run.Cudnn, typed, y)).Run(run.Alpha, run.Input("b", typed), 1, output);
            }

            run.Check("y", output, y, $"{choice.Algorithm}");
        }

        if (!run.Case.Has("dy"))
        {
            run.AssertAllPassed();
            return;
        }

        DeviceMemory<byte> outputGradient = run.Input("dy", y);
        ConvolutionBackwardData backwardData = run.Own(new ConvolutionBackwardData(run.Cudnn, w, y, convolution, x));
        foreach (var choice in Choices(backwardData, run.Case))
        {
            DeviceMemory<byte> inputGradient = run.Prior("dx0", x);
            backwardData.Run(choice, run.Alpha, filters, outputGradient, run.Workspace(choice.WorkspaceBytes), run.Beta, inputGradient);
            run.Check("dx", inputGradient, x, $"{choice.Algorithm}");
        }

        ConvolutionBackwardFilter backwardFilter = run.Own(new ConvolutionBackwardFilter(run.Cudnn, x, y, convolution, w));
        foreach (var choice in Choices(backwardFilter, run.Case))
        {
            DeviceMemory<byte> filterGradient = run.Prior("dw0", GoldenRun.AsTensor(w));
            backwardFilter.Run(choice, run.Alpha, input, outputGradient, run.Workspace(choice.WorkspaceBytes), run.Beta, filterGradient);
            run.Check("dw", filterGradient, GoldenRun.AsTensor(w), $"{choice.Algorithm}");
        }

        if (run.Case.Outputs.ContainsKey("db"))
        {
            TensorShape bias = GoldenRun.Parameters(run.Case.Shape("b")) with { Type = y.Type };
            DeviceMemory<byte> biasGradient = run.Scratch(bias);
            run.Own(new BiasGradient(run.Cudnn, y, bias)).Run(1, outputGradient, 0, biasGradient);
            run.Check("db", biasGradient, bias);
        }

        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(FusedConvolutions))]
    public void A_convolution_with_bias_and_activation_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        Convolution convolution = ConvolutionOf(run.Case);
        TensorShape x = run.Image("x");
        FilterShape w = run.Filter("w");
        TensorShape y = convolution.OutputShape(x, w);
        ActivationMode activation = run.Case.Text("activation") == "relu" ? ActivationMode.Relu : ActivationMode.Identity;

        ConvolutionForward forward = run.Own(new ConvolutionForward(run.Cudnn, x, w, convolution, y));
        ConvolutionBiasActivation fused = run.Own(new ConvolutionBiasActivation(run.Cudnn, x, w, convolution, y, activation, run.Case.Number("coef")));

        // The identity is supported with one algorithm only.
        const cudnnConvolutionFwdAlgo_t OfIdentity = cudnnConvolutionFwdAlgo_t.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
        foreach (var choice in Choices(forward, run.Case).Where(choice => activation != ActivationMode.Identity || choice.Algorithm == OfIdentity))
        {
            DeviceMemory<byte> output = run.Scratch(y);
            fused.Run(choice, run.Case.Number("alpha1"), run.Input("x", x), run.Input("w", GoldenRun.AsTensor(w)), run.Workspace(choice.WorkspaceBytes),
                run.Case.Number("alpha2"), run.Input("z", y), run.Input("b", fused.BiasShape), output);
            run.Check("y", output, y, $"{choice.Algorithm}");
        }

        run.AssertAllPassed();
    }

    internal static Convolution ConvolutionOf(LayerCase layer)
    {
        int[] padding = layer.Integers("pad"), stride = layer.Integers("stride"), dilation = layer.Integers("dilation");
        return new Convolution(padding[0], padding[1], stride[0], stride[1], dilation[0], dilation[1], layer.Integer("groups"))
        {
            Mode = layer.Text("mode") == "convolution" ? ConvolutionMode.Convolution : ConvolutionMode.CrossCorrelation,
        };
    }

    // The small cases meet every algorithm, the geometries of the networks the one a training would take.
    private static IEnumerable<ConvolutionChoice<TAlgorithm>> Choices<TAlgorithm>(ConvolutionOperation<TAlgorithm> operation, LayerCase layer)
        where TAlgorithm : unmanaged, Enum => layer.Id.StartsWith("geometry/", StringComparison.Ordinal)
            ? [operation.Choose()]
            : operation.GetHeuristics().Where(measurement => measurement.Succeeded).Select(measurement => measurement.Choice);
}
