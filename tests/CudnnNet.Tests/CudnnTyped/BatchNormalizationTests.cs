namespace CudnnNet.Tests;

/// <summary>Batch normalisation against the formulas of Ioffe and Szegedy, in both modes and layouts.</summary>
public sealed class BatchNormalizationTests
{
    private const double Epsilon = 1e-5;

    private static readonly BatchNormalizationMode[] s_modes = [BatchNormalizationMode.PerActivation, BatchNormalizationMode.Spatial];

    [Test]
    public void Training_normalises_by_the_batch_and_moves_the_running_statistics(
        [ValueSource(nameof(s_modes))] BatchNormalizationMode mode, [Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout, [Values(1.0, 0.1)] double factor)
    {
        Case c = new(mode, layout);
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using BatchNormalization operation = new(cudnn, mode, c.Shape);
        Assert.That(operation.ParameterShape.Elements, Is.EqualTo(c.Groups));
        float[] running = Reference.Numbers(c.Groups, 5);
        float[] runningBefore = factor == 1 ? [.. running.Select(_ => float.NaN)] : running;
        DeviceMemory<float> y = device.Upload<float>([.. c.X.Select(_ => float.NaN)]);
        DeviceMemory<float> mean = device.Upload<float>(runningBefore);
        DeviceMemory<float> variance = device.Upload<float>(runningBefore);
        DeviceMemory<float> savedMean = device.Own(device.Context.Allocate<float>(c.Groups));
        DeviceMemory<float> savedInverse = device.Own(device.Context.Allocate<float>(c.Groups));
        operation.ForwardTraining(
            1, device.Upload<float>(c.X), 0, y, device.Upload<float>(c.Scale), device.Upload<float>(c.Bias), factor, mean, variance, Epsilon, savedMean, savedInverse);

        double Moved(double batch, int i) => (batch * factor) + (factor == 1 ? 0 : running[i] * (1 - factor));
        Reference.AssertClose(device.Download(y.Span), c.Expected(), 1e-5, "y");
        Reference.AssertClose(device.Download(savedMean.Span), c.Mean, 1e-5, "saved mean");
        Reference.AssertClose(device.Download(savedInverse.Span), c.Inverse, 1e-5, "saved inverse deviation");
        Reference.AssertClose(device.Download(mean.Span), [.. c.Mean.Select(Moved)], 1e-5, "running mean");
        Reference.AssertClose(device.Download(variance.Span), [.. c.Variance.Select((v, i) => Moved(v * c.PerGroup / (c.PerGroup - 1), i))], 1e-5, "running variance");
    }

    [Test]
    public void Inference_normalises_by_the_given_statistics([ValueSource(nameof(s_modes))] BatchNormalizationMode mode, [Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout)
    {
        Case c = new(mode, layout);
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using BatchNormalization operation = new(cudnn, mode, c.Shape);
        float[] prior = Reference.Numbers(c.X.Length, 8);
        DeviceMemory<float> y = device.Upload<float>(prior);
        operation.ForwardInference(
            2, device.Upload<float>(c.X), -1, y, device.Upload<float>(c.Scale), device.Upload<float>(c.Bias),
            device.Upload<float>([.. c.Mean.Select(v => (float)v)]), device.Upload<float>([.. c.Variance.Select(v => (float)v)]), Epsilon);
        Reference.AssertClose(device.Download(y.Span), Reference.Blend(c.Expected(), 2, -1, prior), 1e-5);
    }

    [Test]
    public void Backward_is_the_gradient([ValueSource(nameof(s_modes))] BatchNormalizationMode mode, [Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout, [Values] bool saved, [Values] bool blended)
    {
        Case c = new(mode, layout);
        float[] dy = Reference.Numbers(c.X.Length, 6);
        (double[] dx, double[] dScale, double[] dBias) = c.Gradients(dy);
        (double alpha, double beta) = blended ? (2.0, 0.5) : (1.0, 0.0);
        float[] priorX = blended ? Reference.Numbers(c.X.Length, 8) : [.. c.X.Select(_ => float.NaN)];
        float[] priorParameter = blended ? Reference.Numbers(c.Groups, 9) : [.. c.Scale.Select(_ => float.NaN)];

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using BatchNormalization operation = new(cudnn, mode, c.Shape);
        DeviceMemory<float> onDeviceX = device.Upload<float>(priorX);
        DeviceMemory<float> onDeviceScale = device.Upload<float>(priorParameter);
        DeviceMemory<float> onDeviceBias = device.Upload<float>(priorParameter);
        operation.Backward(
            alpha, beta, alpha, beta, device.Upload<float>(c.X), device.Upload<float>(dy), onDeviceX, device.Upload<float>(c.Scale), onDeviceScale, onDeviceBias, Epsilon,
            saved ? device.Upload<float>([.. c.Mean.Select(v => (float)v)]) : DevicePointer.Null,
            saved ? device.Upload<float>([.. c.Inverse.Select(v => (float)v)]) : DevicePointer.Null);
        Reference.AssertClose(device.Download(onDeviceX.Span), Reference.Blend(dx, alpha, beta, priorX), 1e-5, "dx");
        Reference.AssertClose(device.Download(onDeviceScale.Span), Reference.Blend(dScale, alpha, beta, priorParameter), 1e-5, "dScale");
        Reference.AssertClose(device.Download(onDeviceBias.Span), Reference.Blend(dBias, alpha, beta, priorParameter), 1e-5, "dBias");
    }

    [Test]
    public void Half_of_a_pair_is_refused()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using BatchNormalization operation = new(cudnn, BatchNormalizationMode.Spatial, new(2, 3, 4, 4));
        DevicePointer p = new(4096);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => operation.ForwardTraining(1, p, 0, p, p, p, 0.1, p, DevicePointer.Null, Epsilon, p, p),
                Throws.ArgumentException.With.Message.StartsWith("'runningMean' was given, 'runningVariance' is null. Pass both or neither."));
            Assert.That(
                () => operation.ForwardTraining(1, p, 0, p, p, p, 0.1, p, p, Epsilon, DevicePointer.Null, p),
                Throws.ArgumentException.With.Property("ParamName").EqualTo("savedMean"));
            Assert.That(() => operation.Backward(1, 0, 1, 0, p, p, p, p, p, p, Epsilon, p, DevicePointer.Null), Throws.ArgumentException);
            Assert.That(() => operation.ForwardInference(1, p, 0, DevicePointer.Null, p, p, p, p, Epsilon), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("y"));
        }
    }

    [Test]
    public void The_fused_forms_are_the_separate_ones_in_one([Values] BatchNormalizationFusion fusion)
    {
        Case c = new(BatchNormalizationMode.Spatial, TensorLayout.Nhwc);
        float[] z = Reference.Numbers(c.X.Length, 7);
        float[] dy = Reference.Numbers(c.X.Length, 6);
        double[] before = c.Expected();
        double[] y = [.. before.Select((v, i) => fusion switch
        {
            BatchNormalizationFusion.None => v,
            BatchNormalizationFusion.Activation => Math.Max(v, 0),
            _ => Math.Max(v + z[i], 0),
        })];
        float[] masked = [.. dy.Select((v, i) => fusion == BatchNormalizationFusion.None || y[i] > 0 ? v : 0)];
        (double[] dx, double[] dScale, double[] dBias) = c.Gradients(masked);

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using FusedBatchNormalization operation = Supported(() => new(cudnn, BatchNormalizationMode.Spatial, fusion, c.Shape));
        DeviceMemory<byte> workspace = device.Own(device.Context.Allocate<byte>(Math.Max(1, Math.Max(operation.ForwardWorkspaceBytes, operation.BackwardWorkspaceBytes))));
        DeviceMemory<byte> reserve = device.Own(device.Context.Allocate<byte>(Math.Max(1, operation.ReserveBytes)));
        bool added = fusion == BatchNormalizationFusion.AddActivation;
        DeviceMemory<float> onX = device.Upload<float>(c.X);
        DeviceMemory<float> onY = device.Own(device.Context.Allocate<float>(c.X.Length));
        DeviceMemory<float> onDz = device.Own(device.Context.Allocate<float>(c.X.Length));
        DeviceMemory<float> onDx = device.Own(device.Context.Allocate<float>(c.X.Length));
        DeviceMemory<float> scale = device.Upload<float>(c.Scale);
        DeviceMemory<float> bias = device.Upload<float>(c.Bias);
        DeviceMemory<float> mean = device.Own(device.Context.Allocate<float>(c.Groups));
        DeviceMemory<float> inverse = device.Own(device.Context.Allocate<float>(c.Groups));
        DeviceMemory<float> onDScale = device.Own(device.Context.Allocate<float>(c.Groups));
        DeviceMemory<float> onDBias = device.Own(device.Context.Allocate<float>(c.Groups));
        operation.ForwardTraining(
            1, onX, added ? device.Upload<float>(z) : DevicePointer.Null, 0, onY, scale, bias, 0.1, DevicePointer.Null, DevicePointer.Null, Epsilon, mean, inverse, workspace, reserve);
        operation.Backward(
            1, 0, 1, 0, onX, onY, device.Upload<float>(dy), added ? onDz : DevicePointer.Null, onDx, scale, bias, onDScale, onDBias, Epsilon, mean, inverse, workspace, reserve);
        Reference.AssertClose(device.Download(onY.Span), y, 1e-5, "y");
        Reference.AssertClose(device.Download(onDx.Span), dx, 1e-5, "dx");
        Reference.AssertClose(device.Download(onDScale.Span), dScale, 1e-5, "dScale");
        Reference.AssertClose(device.Download(onDBias.Span), dBias, 1e-5, "dBias");
        if (added)
        {
            Reference.AssertClose(device.Download(onDz.Span), [.. masked.Select(v => (double)v)], 1e-6, "dz");
        }
    }

    private static FusedBatchNormalization Supported(Func<FusedBatchNormalization> make)
    {
        try
        {
            return make();
        }
        catch (CudnnException e) when (e.StatusName.StartsWith("CUDNN_STATUS_NOT_SUPPORTED", StringComparison.Ordinal))
        {
            Assert.Ignore($"skipped: this device has no fused batch normalisation of single precision: {e.Message}");
            throw;
        }
    }

    /// <summary>An input with its statistics and the formulas over them.</summary>
    private sealed class Case
    {
        private readonly int[] _group;

        public Case(BatchNormalizationMode mode, TensorLayout layout)
        {
            Shape = new(4, 3, 3, 2, Layout: layout);
            X = [.. Reference.Numbers(Shape.Elements, 1).Select(v => (v * 2) + 0.5f)];
            Groups = mode == BatchNormalizationMode.Spatial ? 3 : 18;
            PerGroup = X.Length / Groups;
            Scale = [.. Reference.Numbers(Groups, 2).Select(v => v + 1.5f)];
            Bias = Reference.Numbers(Groups, 3);
            _group = new int[X.Length];
            for (int n = 0; n < Shape.N; n++)
            {
                for (int c = 0; c < Shape.C; c++)
                {
                    for (int h = 0; h < Shape.H; h++)
                    {
                        for (int w = 0; w < Shape.W; w++)
                        {
                            _group[Reference.At(Shape, n, c, h, w)] = mode == BatchNormalizationMode.Spatial ? c : (((c * Shape.H) + h) * Shape.W) + w;
                        }
                    }
                }
            }

            Mean = new double[Groups];
            Variance = new double[Groups];
            for (int i = 0; i < X.Length; i++)
            {
                Mean[_group[i]] += X[i] / (double)PerGroup;
            }

            for (int i = 0; i < X.Length; i++)
            {
                Variance[_group[i]] += Math.Pow(X[i] - Mean[_group[i]], 2) / PerGroup;
            }

            Inverse = [.. Variance.Select(v => 1 / Math.Sqrt(v + Epsilon))];
        }

        public TensorShape Shape { get; }

        public float[] X { get; }

        public float[] Scale { get; }

        public float[] Bias { get; }

        public int Groups { get; }

        public int PerGroup { get; }

        public double[] Mean { get; }

        public double[] Variance { get; }

        public double[] Inverse { get; }

        public double[] Expected() => [.. X.Select((_, i) => (Scale[_group[i]] * Normalised(i)) + Bias[_group[i]])];

        public (double[] Dx, double[] DScale, double[] DBias) Gradients(float[] dy)
        {
            double[] dScale = new double[Groups];
            double[] dBias = new double[Groups];
            for (int i = 0; i < dy.Length; i++)
            {
                dScale[_group[i]] += dy[i] * Normalised(i);
                dBias[_group[i]] += dy[i];
            }

            double[] dx = [.. dy.Select((v, i) =>
                Scale[_group[i]] * Inverse[_group[i]] * (v - (dBias[_group[i]] / PerGroup) - (Normalised(i) * dScale[_group[i]] / PerGroup)))];
            return (dx, dScale, dBias);
        }

        private double Normalised(int i) => (X[i] - Mean[_group[i]]) * Inverse[_group[i]];
    }
}
