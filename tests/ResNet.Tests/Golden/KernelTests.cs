using CudnnNet;
using Golden;
using ResNet.Tests.Kernels;

namespace ResNet.Tests.Golden;

/// <summary>Our kernels against PyTorch's references for the optimiser, the loss and the metrics, and against plain loops where there are none.</summary>
[TestFixture]
public sealed class KernelTests : KernelFixture
{
    public static IEnumerable<LayerCase> OptimizerCases => LayerFile.CasesOf("optim").Where(c => c.Operation == "sgd" && !c.Flag("nesterov"));

    public static IEnumerable<LayerCase> LossCases => LayerFile.CasesOf("loss").Where(c => c.Operation == "cross_entropy" && c.Rounding == InputRounding.None);

    public static IEnumerable<LayerCase> AccuracyCases => LayerFile.CasesOf("metrics").Where(c => c.Operation == "accuracy");

    [TestCaseSource(nameof(OptimizerCases))]
    public void Sgd_moves_parameters_and_momentum_as_pytorch_does(LayerCase golden)
    {
        float[] p = golden.Input("p");
        using DeviceMemory<float> parameters = Upload(p);
        using DeviceMemory<float> gradients = Context.Allocate<float>(p.Length);
        using DeviceMemory<float> momentum = Context.Allocate<float>(p.Length);
        using DeviceMemory<uint> state = Context.Allocate<uint>(TrainingState.Words);
        Stream.Clear(momentum.Span);
        Stream.Clear(state.Span);
        double[] rates = golden.Numbers("lr");
        for (int step = 0; step < rates.Length; step++)
        {
            Stream.CopyToDevice<float>(golden.Input($"g{step}"), gradients.Span);
            Stream.Fill(state.Slice(1, 1), BitConverter.SingleToUInt32Bits((float)rates[step]));
            Kernels.SgdMomentum.Launch(
                Stream, LaunchShape.Cover(p.Length, block: 256, elementsPerThread: 4), parameters.Address, gradients.Address, momentum.Address, state.Address,
                (float)golden.Number("momentum"), (float)golden.Number("weight_decay"), (ulong)p.Length);
            Check(golden, $"p{step + 1}", Download<float>(parameters));
            Check(golden, $"v{step + 1}", Download<float>(momentum));
        }
    }

    [TestCaseSource(nameof(LossCases))]
    public void Cross_entropy_and_its_gradient_are_pytorchs(LayerCase golden)
    {
        (int rows, int classes) = (golden.Shape("logits")[0], golden.Shape("logits")[1]);
        using DeviceMemory<float> logits = Upload(golden.Input("logits"));
        using DeviceMemory<int> labels = Upload(golden.Inputs["labels"].Labels());
        using DeviceMemory<float> gradient = Context.Allocate<float>(rows * classes);
        using DeviceMemory<float> losses = Context.Allocate<float>(rows);
        using DeviceMemory<int> hits = Context.Allocate<int>(rows);
        using DeviceMemory<uint> state = Context.Allocate<uint>(TrainingState.Words);
        Stream.Clear(state.Span);
        bool mean = golden.Text("reduction") == "mean";
        Kernels.SoftmaxCrossEntropy.Launch(
            Stream, LaunchShape.Cover(rows, block: 64), logits.Address, labels.Address, gradient.Address, losses.Address, hits.Address, state.Address, (uint)rows, (uint)classes,
            mean ? 1f / rows : 1f, (float)golden.Number("label_smoothing"));
        float[] sampleLosses = Download<float>(losses);
        Check(golden, "sample_loss", sampleLosses);
        Check(golden, "dlogits", Download<float>(gradient));
        double sum = sampleLosses.Sum(loss => (double)loss);
        Verdict verdict = GoldenRule.JudgeValue(golden.Outputs["loss"], mean ? sum / rows : sum);
        Assert.That(verdict.Passed, verdict.Message);
    }

    [TestCaseSource(nameof(AccuracyCases))]
    public void A_hit_is_the_lowest_index_of_the_maximum_and_sums_add_up(LayerCase golden)
    {
        (int rows, int classes) = (golden.Shape("logits")[0], golden.Shape("logits")[1]);
        int[] wanted = golden.Inputs["labels"].Labels();
        using DeviceMemory<float> logits = Upload(golden.Input("logits"));
        using DeviceMemory<int> labels = Upload(wanted);
        using DeviceMemory<float> losses = Context.Allocate<float>(rows);
        using DeviceMemory<int> hits = Context.Allocate<int>(rows);
        using DeviceMemory<uint> state = Context.Allocate<uint>(TrainingState.Words);
        Stream.Clear(state.Span);
        Kernels.SoftmaxCrossEntropy.Launch(
            Stream, LaunchShape.Cover(rows, block: 64), logits.Address, labels.Address, 0UL, losses.Address, hits.Address, state.Address, (uint)rows, (uint)classes, 0f, 0f);
        for (int time = 0; time < 2; time++)
        {
            Kernels.AccumulateMetrics.Launch(Stream, new LaunchShape(1, 32), losses.Address, hits.Address, state.Address, (uint)rows);
        }

        int[] expected = [.. golden.Outputs["arg_max"].Exact.Select((best, n) => best == wanted[n] ? 1 : 0)];
        Assert.That(Download<int>(hits), Is.EqualTo(expected));
        byte[] words = Download<uint>(state).SelectMany(BitConverter.GetBytes).ToArray();
        Assert.That(BitConverter.ToInt64(words, 16), Is.EqualTo(2 * expected.Sum()));
        Assert.That(BitConverter.ToDouble(words, 8), Is.EqualTo(2 * Download<float>(losses).Sum(loss => (double)loss)).Within(1e-12).Percent);
    }

    [TestCase(0u)]
    [TestCase(2u)]
    public void A_batch_is_gathered_by_permutation_and_step_and_normalised_by_the_table(uint step)
    {
        const int count = 7, batch = 2, channels = 3, height = 4, width = 5, image = channels * height * width;
        byte[] pixels = [.. Enumerable.Range(0, count * image).Select(i => (byte)(i * 37))];
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i + 1))];
        uint[] order = [3, 0, 6, 1, 5, 2, 4];
        float[] table = [.. Enumerable.Range(0, channels * 256).Select(i => (i / 3f) - 40)];
        using DeviceMemory<byte> deviceImages = Upload(pixels);
        using DeviceMemory<byte> deviceLabels = Upload(labels);
        using DeviceMemory<uint> deviceOrder = Upload(order);
        using DeviceMemory<float> deviceTable = Upload(table);
        using DeviceMemory<uint> state = Upload<uint>([step, .. new uint[TrainingState.Words - 1]]);
        using DeviceMemory<float> x = Context.Allocate<float>(batch * image);
        using DeviceMemory<int> y = Context.Allocate<int>(batch);
        Kernels.GatherNormalize.Launch(
            Stream, LaunchShape.Cover(batch * height * width), deviceImages.Address, deviceLabels.Address, deviceOrder.Address, state.Address, deviceTable.Address, x.Address, y.Address,
            (uint)batch, (uint)channels, (uint)height, (uint)width);

        float[] nchw = TensorOrder.ToNchw<float>(Download<float>(x), batch, channels, height, width);
        for (int n = 0; n < batch; n++)
        {
            int record = (int)order[(step * batch) + n];
            Assert.That(Download<int>(y)[n], Is.EqualTo(labels[record]));
            Assert.That(
                nchw.AsSpan(n * image, image).ToArray(),
                Is.EqualTo(Enumerable.Range(0, image).Select(i => table[(i / (height * width) * 256) + pixels[(record * image) + i]])));
        }
    }

    [TestCase(4, 6)]
    [TestCase(5, 3)]
    public void The_parameter_free_shortcut_takes_every_second_pixel_and_its_backward_is_the_adjoint(int height, int width)
    {
        const int n = 2, channels = 3, outputChannels = 8;
        (int outHeight, int outWidth) = ((height + 1) / 2, (width + 1) / 2);
        float[] x = new TensorSpecification("subsample/x", [n, height, width, channels], 1).Values();
        float[] dy = new TensorSpecification("subsample/dy", [n, outHeight, outWidth, outputChannels], 1).Values();
        using DeviceMemory<float> deviceX = Upload(x);
        using DeviceMemory<float> deviceDy = Upload(dy);
        using DeviceMemory<float> y = Context.Allocate<float>(dy.Length);
        using DeviceMemory<float> dx = Context.Allocate<float>(x.Length);
        Stream.Fill(dx.Span, float.NaN);
        Kernels.SubsamplePad.Launch(
            Stream, LaunchShape.Cover(dy.Length), deviceX.Address, y.Address, (uint)n, (uint)height, (uint)width, (uint)channels, (uint)outputChannels);
        Kernels.SubsamplePadBackward.Launch(
            Stream, LaunchShape.Cover(x.Length), deviceDy.Address, dx.Address, (uint)n, (uint)height, (uint)width, (uint)channels, (uint)outputChannels);
        float[] gotY = Download<float>(y);
        float[] gotDx = Download<float>(dx);
        float[] expected = new float[dy.Length];
        for (int i = 0; i < dy.Length; i++)
        {
            (int pixel, int c) = Math.DivRem(i, outputChannels);
            (int line, int column) = Math.DivRem(pixel, outWidth);
            (int image, int row) = Math.DivRem(line, outHeight);
            expected[i] = c < channels ? x[((((image * height) + (2 * row)) * width) + (2 * column)) * channels + c] : 0;
        }

        Assert.That(gotY, Is.EqualTo(expected));
        Assert.That(Dot(gotDx, x), Is.EqualTo(Dot(dy, gotY)).Within(1e-9));

        static double Dot(float[] a, float[] b) => a.Zip(b, (p, q) => (double)p * q).Sum();
    }

    private static void Check(LayerCase golden, string output, float[] got)
    {
        if (golden.Outputs.TryGetValue(output, out ExpectedOutput? expected))
        {
            Verdict verdict = GoldenRule.Judge(expected, got);
            Assert.That(verdict.Passed, verdict.Message);
        }
    }
}
