using Golden;

namespace CudnnNet.Tests;

/// <summary>Batch normalisation in training and inference, alone and fused, against the golden values.</summary>
public class GoldenNormalizationTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Trainings() => GoldenVariant.Of("batchnorm_train", "norm");

    private static IEnumerable<TestCaseData> Inferences() => GoldenVariant.Of("batchnorm_infer", "norm");

    [TestCaseSource(nameof(Trainings))]
    public void A_training_step_of_a_normalisation_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        BatchNormalizationFusion fusion = run.Case.Text("fused") switch
        {
            "relu" => BatchNormalizationFusion.Activation,
            "add_relu" => BatchNormalizationFusion.AddActivation,
            _ => BatchNormalizationFusion.None,
        };
        BatchNormalizationMode mode = ModeOf(run.Case);
        double epsilon = run.Case.Number("eps");
        double momentum = run.Case.Number("momentum");
        TensorShape shape = run.Image("x");
        TensorShape parameters = GoldenRun.Parameters(run.Case.Shape("scale"));
        Assert.That(BatchNormalization.DeriveParameterShape(mode, shape), Is.EqualTo(parameters));

        DeviceMemory<byte> x = run.Input("x", shape), dy = run.Input("dy", shape);
        DeviceMemory<byte> scale = run.Input("scale", parameters), bias = run.Input("bias", parameters);
        DeviceMemory<byte> y = run.Prior("y0", shape), dx = run.Prior("dx0", shape);
        DeviceMemory<byte> scaleGradient = run.Prior("ds0", parameters), biasGradient = run.Prior("db0", parameters);
        DeviceMemory<byte> mean = run.Scratch(parameters), inverse = run.Scratch(parameters);

        // A factor of 1 overwrites the running values: they must not be read.
        DeviceMemory<byte> runningMean = momentum == 1 ? run.Scratch(parameters) : run.Input("rm0", parameters);
        DeviceMemory<byte> runningVariance = momentum == 1 ? run.Scratch(parameters) : run.Input("rv0", parameters);
        (double alphaParameter, double betaParameter) = (run.Case.Number("alpha_param", 1), run.Case.Number("beta_param", 0));

        if (fusion == BatchNormalizationFusion.None)
        {
            BatchNormalization normalization = run.Own(new BatchNormalization(run.Cudnn, mode, shape));
            normalization.ForwardTraining(
                run.Alpha, x, run.Beta, y, scale, bias, momentum, runningMean, runningVariance, epsilon, mean, inverse);
            normalization.Backward(
                run.Alpha, run.Beta, alphaParameter, betaParameter, x, dy, dx, scale, scaleGradient, biasGradient, epsilon, mean, inverse);

            // Without the saved statistics the backward pass computes them again.
            DeviceMemory<byte> dxAlone = run.Prior("dx0", shape);
            DeviceMemory<byte> scaleAlone = run.Prior("ds0", parameters), biasAlone = run.Prior("db0", parameters);
            normalization.Backward(
                run.Alpha, run.Beta, alphaParameter, betaParameter, x, dy, dxAlone, scale, scaleAlone, biasAlone, epsilon, default, default);
            run.Check("dx", dxAlone, shape, "without saved statistics");
            run.Check("dscale", scaleAlone, parameters, "without saved statistics");
            run.Check("dbias", biasAlone, parameters, "without saved statistics");
        }
        else
        {
            FusedBatchNormalization normalization = run.Own(new FusedBatchNormalization(run.Cudnn, mode, fusion, shape));
            DeviceMemory<byte> reserve = run.Workspace(normalization.ReserveBytes);
            DevicePointer z = run.Case.Has("z") ? run.Input("z", shape) : default(DevicePointer);
            DeviceMemory<byte>? dz = run.Case.Has("z") ? run.Scratch(shape) : null;
            normalization.ForwardTraining(
                run.Alpha, x, z, run.Beta, y, scale, bias, momentum, runningMean, runningVariance, epsilon, mean, inverse,
                run.Workspace(normalization.ForwardWorkspaceBytes), reserve);
            normalization.Backward(
                run.Alpha, run.Beta, alphaParameter, betaParameter, x, y, dy, dz is null ? default(DevicePointer) : dz, dx, scale, bias, scaleGradient, biasGradient,
                epsilon, mean, inverse, run.Workspace(normalization.BackwardWorkspaceBytes), reserve);
            if (dz is not null)
            {
                run.Check("dz", dz, shape);
            }
        }

        run.Check("y", y, shape);
        run.Check("saved_mean", mean, parameters);
        run.Check("saved_inv_std", inverse, parameters);
        run.Check("running_mean", runningMean, parameters);
        run.Check("running_var", runningVariance, parameters);
        run.Check("dx", dx, shape);
        run.Check("dscale", scaleGradient, parameters);
        run.Check("dbias", biasGradient, parameters);
        run.AssertAllPassed();
    }

    [TestCaseSource(nameof(Inferences))]
    public void A_normalisation_by_given_statistics_equals_the_reference(GoldenVariant variant)
    {
        using GoldenRun run = new(variant);
        TensorShape shape = run.Image("x");
        TensorShape parameters = GoldenRun.Parameters(run.Case.Shape("scale"));
        DeviceMemory<byte> y = run.Prior("y0", shape);
        run.Own(new BatchNormalization(run.Cudnn, ModeOf(run.Case), shape)).ForwardInference(
            run.Alpha, run.Input("x", shape), run.Beta, y, run.Input("scale", parameters), run.Input("bias", parameters),
            run.Input("mean", parameters), run.Input("var", parameters), run.Case.Number("eps"));

        // The descriptors API fuses nothing in inference.
        if (run.Case.Has("z"))
        {
            run.Own(new TensorAdd(run.Cudnn, shape, shape)).Run(1, run.Input("z", shape), 1, y);
        }

        if (run.Case.Text("fused") != "none")
        {
            run.Own(new Activation(run.Cudnn, ActivationMode.Relu, shape)).Forward(1, y, 0, y);
        }

        run.Check("y", y, shape);
        run.AssertAllPassed();
    }

    private static BatchNormalizationMode ModeOf(LayerCase layer) =>
        layer.Text("bn_mode") == "spatial" ? BatchNormalizationMode.Spatial : BatchNormalizationMode.PerActivation;
}
