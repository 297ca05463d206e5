namespace CudnnNet.Tests;

/// <summary>Every operation of the graph API that has no golden cases, against loops written here.</summary>
public sealed class GraphOperationTests
{
    /// <summary>The formulas: x; b, or dy of gradients; t.</summary>
    internal static readonly Dictionary<PointwiseMode, Func<double, double, double, double>> Functions = new()
    {
        [PointwiseMode.Add] = (x, b, _) => x + b,
        [PointwiseMode.Multiply] = (x, b, _) => x * b,
        [PointwiseMode.Minimum] = (x, b, _) => Math.Min(x, b),
        [PointwiseMode.Maximum] = (x, b, _) => Math.Max(x, b),
        [PointwiseMode.SquareRoot] = (x, _, _) => Math.Sqrt(x),
        [PointwiseMode.AddSquare] = (x, b, _) => x + (b * b),
        [PointwiseMode.Divide] = (x, b, _) => x / b,
        [PointwiseMode.Modulo] = (x, b, _) => Math.IEEERemainder(x, b) is var r && r < 0 ? r + b : r,
        [PointwiseMode.Power] = (x, b, _) => Math.Pow(x, b),
        [PointwiseMode.Subtract] = (x, b, _) => x - b,
        [PointwiseMode.Absolute] = (x, _, _) => Math.Abs(x),
        [PointwiseMode.Ceiling] = (x, _, _) => Math.Ceiling(x),
        [PointwiseMode.Cosine] = (x, _, _) => Math.Cos(x),
        [PointwiseMode.Exponential] = (x, _, _) => Math.Exp(x),
        [PointwiseMode.Floor] = (x, _, _) => Math.Floor(x),
        [PointwiseMode.Logarithm] = (x, _, _) => Math.Log(x),
        [PointwiseMode.Negate] = (x, _, _) => -x,
        [PointwiseMode.ReciprocalSquareRoot] = (x, _, _) => 1 / Math.Sqrt(x),
        [PointwiseMode.Sine] = (x, _, _) => Math.Sin(x),
        [PointwiseMode.Tangent] = (x, _, _) => Math.Tan(x),
        [PointwiseMode.ErrorFunction] = (x, _, _) => Erf(x),
        [PointwiseMode.Identity] = (x, _, _) => x,
        [PointwiseMode.Reciprocal] = (x, _, _) => 1 / x,
        [PointwiseMode.ArcTangent2] = (x, b, _) => Math.Atan2(x, b),
        [PointwiseMode.FloorModulo] = (x, b, _) => x - (Math.Floor(x / b) * b),
        [PointwiseMode.Relu] = (x, _, _) => Math.Max(x, 0),
        [PointwiseMode.Tanh] = (x, _, _) => Math.Tanh(x),
        [PointwiseMode.Sigmoid] = (x, _, _) => Sigmoid(x),
        [PointwiseMode.Elu] = (x, _, _) => x > 0 ? x : Math.Exp(x) - 1,
        [PointwiseMode.Gelu] = (x, _, _) => x / 2 * (1 + Erf(x / Math.Sqrt(2))),
        [PointwiseMode.Softplus] = (x, _, _) => Math.Log(1 + Math.Exp(x)),
        [PointwiseMode.Swish] = (x, _, _) => x * Sigmoid(x),
        [PointwiseMode.GeluTanh] = (x, _, _) => GeluTanh(x),
        [PointwiseMode.ReluBackward] = (x, dy, _) => x > 0 ? dy : 0,
        [PointwiseMode.TanhBackward] = (x, dy, _) => dy * (1 - (Math.Tanh(x) * Math.Tanh(x))),
        [PointwiseMode.SigmoidBackward] = (x, dy, _) => dy * Sigmoid(x) * (1 - Sigmoid(x)),
        [PointwiseMode.EluBackward] = (x, dy, _) => dy * (x > 0 ? 1 : Math.Exp(x)),
        [PointwiseMode.GeluBackward] = (x, dy, _) => dy * Slope(z => z / 2 * (1 + Erf(z / Math.Sqrt(2))), x),
        [PointwiseMode.SoftplusBackward] = (x, dy, _) => dy * Sigmoid(x),
        [PointwiseMode.SwishBackward] = (x, dy, _) => dy * Slope(z => z * Sigmoid(z), x),
        [PointwiseMode.GeluTanhBackward] = (x, dy, _) => dy * Slope(GeluTanh, x),
        [PointwiseMode.Equal] = (x, b, _) => x == b ? 1 : 0,
        [PointwiseMode.NotEqual] = (x, b, _) => x != b ? 1 : 0,
        [PointwiseMode.Greater] = (x, b, _) => x > b ? 1 : 0,
        [PointwiseMode.GreaterOrEqual] = (x, b, _) => x >= b ? 1 : 0,
        [PointwiseMode.Less] = (x, b, _) => x < b ? 1 : 0,
        [PointwiseMode.LessOrEqual] = (x, b, _) => x <= b ? 1 : 0,
        [PointwiseMode.And] = (x, b, _) => x != 0 && b != 0 ? 1 : 0,
        [PointwiseMode.Or] = (x, b, _) => x != 0 || b != 0 ? 1 : 0,
        [PointwiseMode.Not] = (x, _, _) => x == 0 ? 1 : 0,
        [PointwiseMode.Select] = (x, b, t) => t != 0 ? x : b,
    };

    private static PointwiseMode[] Modes() => [.. Enum.GetValues<PointwiseMode>().Except([PointwiseMode.Index])];

    [TestCaseSource(nameof(Modes))]
    public void A_pointwise_function_equals_its_formula(PointwiseMode mode)
    {
        using GraphDevice device = new();
        bool isLogic = mode is >= PointwiseMode.And and <= PointwiseMode.Not;
        bool needsPositive = mode is PointwiseMode.SquareRoot or PointwiseMode.Logarithm or PointwiseMode.ReciprocalSquareRoot or PointwiseMode.Power or PointwiseMode.Modulo;
        float[] x = Values(60, 1, needsPositive ? 0.1 : -2, 2), b = Values(60, 2, mode is PointwiseMode.FloorModulo or PointwiseMode.Modulo ? 0.2 : -2, 2);
        for (int i = 0; i < 60; i += 7)
        {
            b[i] = needsPositive ? 1 : x[i];
        }

        byte[] truth = [.. Enumerable.Range(0, 60).Select(i => (byte)(i % 3 == 0 ? 1 : 0))], other = [.. Enumerable.Range(0, 60).Select(i => (byte)(i % 2))];
        OperationGraph graph = new();
        DataType type = isLogic ? DataType.Boolean : DataType.Float32;
        GraphTensor first = graph.Tensor("x", type, [2, 3, 2, 5]), second = graph.Tensor("b", type, [2, 3, 2, 5]), condition = graph.Tensor("t", DataType.Boolean, [2, 3, 2, 5]);
        int operands = Operands(mode);
        GraphTensor y = graph.Pointwise(mode, first, operands > 1 ? second : null, operands > 2 ? condition : null).Output("y");
        List<TensorPointer> tensors = [first.At(isLogic ? device.Upload<byte>(truth) : device.Upload<float>(x))];
        if (operands > 1)
        {
            tensors.Add(second.At(isLogic ? device.Upload<byte>(other) : device.Upload<float>(b)));
        }

        if (operands > 2)
        {
            tensors.Add(condition.At(device.Upload<byte>(truth)));
        }

        bool isTruth = mode is >= PointwiseMode.Equal and <= PointwiseMode.Not;
        Assert.That(y.Type, Is.EqualTo(isTruth ? DataType.Boolean : DataType.Float32));
        DeviceMemory<byte> memory = device.Memory(y);
        device.Run(graph, [.. tensors, y.At(memory)]);
        byte[] bytes = device.Download(memory);
        double[] found = isTruth ? [.. bytes.Select(value => (double)value)] : [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)];
        Assert.Multiple(() =>
        {
            for (int i = 0; i < 60; i++)
            {
                double expected = isLogic ? Functions[mode](truth[i], other[i], 0) : Functions[mode](x[i], b[i], truth[i]);
                Assert.That(found[i], Is.EqualTo(expected).Within(2e-6 * Math.Max(4, Math.Abs(expected))), $"element {i}: x {x[i]}, b {b[i]}");
            }
        });
    }

    [Test]
    public void Index_gives_the_coordinate_along_its_axis()
    {
        using GraphDevice device = new();
        OperationGraph graph = new();
        GraphTensor x = graph.Tensor("x", DataType.Float32, [1, 2, 2, 3]);
        GraphTensor y = graph.Pointwise(PointwiseMode.Index, x, options: new PointwiseOptions { Axis = 3 }).Output();
        DeviceMemory<int> result = device.Upload(new int[12]);
        device.Run(graph, x.At(device.Upload(new float[12])), y.At(result));
        Assert.That(device.Download(result), Is.EqualTo(new[] { 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2 }));
    }

    [Test]
    public void Constants_of_functions_are_taken()
    {
        using GraphDevice device = new();
        OperationGraph graph = new();
        GraphTensor x = graph.Tensor("x", DataType.Float32, [1, 1, 1, 4]);
        GraphTensor clipped = graph.Pointwise(PointwiseMode.Relu, x, options: new PointwiseOptions { LowerClip = 0.5, UpperClip = 2, LowerClipSlope = 0.1 }).Output();
        GraphTensor blended = graph.Pointwise(PointwiseMode.Add, x, x, options: new PointwiseOptions { Alpha1 = 3, Alpha2 = -1 }).Output();
        DeviceMemory<float> first = device.Upload(new float[4]), second = device.Upload(new float[4]);
        device.Run(graph, x.At(device.Upload<float>(-1, 0.5f, 1, 3)), clipped.At(first), blended.At(second));
        Assert.That(device.Download(first), Is.EqualTo(new[] { 0.5f + (0.1f * -1.5f), 0.5f, 1, 2 }).Within(1e-6));
        Assert.That(device.Download(second), Is.EqualTo(new float[] { -2, 1, 2, 6 }));
    }

    [Test]
    public void Inputs_are_joined_and_reshaped()
    {
        using GraphDevice device = new();
        OperationGraph graph = new();
        GraphTensor a = graph.Tensor("a", DataType.Float32, [1, 1, 2, 2]), b = graph.Tensor("b", DataType.Float32, [1, 1, 2, 1]);
        GraphTensor joined = graph.Concat(3, [a, b]).Output();
        DeviceMemory<float> result = device.Upload(new float[6]);
        device.Run(graph, a.At(device.Upload<float>(1, 2, 3, 4)), b.At(device.Upload<float>(5, 6)), joined.At(result));
        Assert.That(device.Download(result), Is.EqualTo(new float[] { 1, 2, 5, 3, 4, 6 }));

        OperationGraph shaped = new();
        GraphTensor x = shaped.Tensor("x", DataType.Float32, [1, 1, 2, 3]);
        GraphTensor y = shaped.Reshape(x, [1, 3, 2, 1]).Output();
        DeviceMemory<float> moved = device.Upload(new float[6]);
        device.Run(shaped, x.At(device.Upload<float>(1, 2, 3, 4, 5, 6)), y.At(moved));
        Assert.That(device.Download(moved), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Test]
    public void Random_numbers_are_distributed_as_asked_and_repeat_with_their_seed()
    {
        using GraphDevice device = new();
        const int Count = 1 << 16;
        float[] uniform = Drawn(RandomDistribution.Uniform(-1, 3), 5), normal = Drawn(RandomDistribution.Normal(2, 0.5), 5), bernoulli = Drawn(RandomDistribution.Bernoulli(0.3), 5);
        Assert.That((uniform.Min(), uniform.Max()), Is.EqualTo((-1f, 3f)).Using<(float, float)>((a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-2 && Math.Abs(a.Item2 - b.Item2) < 1e-2));
        Assert.That(uniform.Average(), Is.EqualTo(1).Within(0.03));
        Assert.That(normal.Average(), Is.EqualTo(2).Within(0.02));
        Assert.That(Math.Sqrt(normal.Average(value => Math.Pow(value - 2, 2))), Is.EqualTo(0.5).Within(0.02));
        Assert.That(bernoulli.Distinct(), Is.EquivalentTo(new[] { 0f, 1f }));
        Assert.That(bernoulli.Average(), Is.EqualTo(0.3).Within(0.02));
        Assert.That(Drawn(RandomDistribution.Uniform(-1, 3), 5), Is.EqualTo(uniform));
        Assert.That(Drawn(RandomDistribution.Uniform(-1, 3), 6), Is.Not.EqualTo(uniform));

        float[] Drawn(RandomDistribution distribution, long seed)
        {
            OperationGraph graph = new();
            GraphTensor y = graph.Random(distribution, [1, 1, 256, 256], seed: seed).Output();
            DeviceMemory<float> result = device.Upload(new float[Count]);
            device.Run(graph, y.At(result));
            return device.Download(result);
        }
    }

    [Test]
    public void A_convolution_with_statistics_finalized_and_applied_is_a_batch_normalisation()
    {
        using GraphDevice device = new();
        const int N = 4, C = 3, H = 5;
        const double Epsilon = 1e-3, Momentum = 0.25;
        float[] values = Values(N * C * H * H, 3, -1, 3), scale = [1, 2, -0.5f], bias = [0.5f, 0, 1], oldMean = [1, 1, 1], oldVariance = [2, 2, 2];

        OperationGraph sums = new("sums");
        GraphTensor x = sums.Tensor("x", new TensorShape(N, C, H, H, Layout: TensorLayout.Nchw));
        ChannelSums statistics = sums.GenerateStatistics(x);
        DeviceMemory<float> input = device.Upload<float>(values), sum = device.Upload(new float[C]), squares = device.Upload(new float[C]);
        device.Run(sums, x.At(input), statistics.Sum.Output().At(sum), statistics.SquareSum.Output().At(squares));

        OperationGraph finalized = new("finalize");
        GraphTensor[] given = [.. ((string[])["sum", "squares", "scale", "bias", "mean", "variance"]).Select(name => finalized.Channels(name, C))];
        FinalizedStatistics made = finalized.FinalizeStatistics(new(given[0], given[1]), given[2], given[3], given[4], given[5], N * H * H, Epsilon, Momentum);
        GraphTensor[] results = [made.EquivalentScale, made.EquivalentBias, made.Mean, made.InverseDeviation, made.RunningMean, made.RunningVariance];
        DeviceMemory<float>[] memory = [.. results.Select(_ => device.Upload(new float[C]))];
        DeviceMemory<float>[] inputs = [sum, squares, device.Upload<float>(scale), device.Upload<float>(bias), device.Upload<float>(oldMean), device.Upload<float>(oldVariance)];
        device.Run(finalized, [.. given.Select((tensor, i) => tensor.At(inputs[i])), .. results.Select((tensor, i) => tensor.Output().At(memory[i]))]);

        for (int c = 0; c < C; c++)
        {
            double[] channel = [.. Enumerable.Range(0, N * C * H * H).Where(i => i / (H * H) % C == c).Select(i => (double)values[i])];
            double mean = channel.Average(), variance = channel.Average(value => Math.Pow(value - mean, 2)), inverse = 1 / Math.Sqrt(variance + Epsilon);
            double[] expected =
            [
                scale[c] * inverse, bias[c] - (mean * scale[c] * inverse), mean, inverse,
                ((1 - Momentum) * oldMean[c]) + (Momentum * mean), ((1 - Momentum) * oldVariance[c]) + (Momentum * variance * channel.Length / (channel.Length - 1)),
            ];
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.That(device.Download(memory[i])[c], Is.EqualTo(expected[i]).Within(2e-5), $"result {i} of channel {c}");
            }
        }
    }

    [TestCase(NormMode.Layer)]
    [TestCase(NormMode.Instance)]
    [TestCase(NormMode.Rms)]
    public void A_normalisation_of_single_samples_equals_its_formula(NormMode mode)
    {
        using GraphDevice device = new();
        const int N = 3, C = 4, H = 2, W = 3, Sample = C * H * W;
        const double Epsilon = 1e-2;
        float[] values = Values(N * Sample, 4, -1, 2), scale = Values(mode == NormMode.Instance ? C : Sample, 5, 0.5, 1.5), bias = Values(scale.Length, 6, -1, 1);
        OperationGraph graph = new("norm");
        long[] parameters = mode == NormMode.Instance ? [1, C, 1, 1] : [1, C, H, W];
        GraphTensor x = graph.Tensor("x", DataType.Float32, [N, C, H, W]), factor = graph.Tensor("scale", DataType.Float32, parameters);
        GraphTensor? summand = mode == NormMode.Rms ? null : graph.Tensor("bias", DataType.Float32, parameters);
        NormTraining norm = graph.NormTraining(mode, x, factor, summand, Epsilon);
        DeviceMemory<float> y = device.Upload(new float[N * Sample]), mean = device.Upload(new float[N * C]), inverse = device.Upload(new float[N * C]);
        List<TensorPointer> tensors = [x.At(device.Upload<float>(values)), factor.At(device.Upload<float>(scale)), norm.Y.Output().At(y), norm.InverseDeviation.Output().At(inverse)];
        if (summand is not null)
        {
            tensors.AddRange([summand.At(device.Upload<float>(bias)), norm.Mean!.Output().At(mean)]);
        }

        device.Run(graph, tensors.ToArray());
        float[] found = device.Download(y);
        int size = mode == NormMode.Instance ? H * W : Sample;
        for (int i = 0; i < found.Length; i++)
        {
            double[] group = [.. values.Skip(i / size * size).Take(size).Select(value => (double)value)];
            double average = mode == NormMode.Rms ? 0 : group.Average();
            double deviation = 1 / Math.Sqrt(group.Average(value => Math.Pow(value - average, 2)) + Epsilon);
            int place = mode == NormMode.Instance ? i / (H * W) % C : i % Sample;
            double expected = (scale[place] * (values[i] - average) * deviation) + (mode == NormMode.Rms ? 0 : bias[place]);
            Assert.That(found[i], Is.EqualTo(expected).Within(1e-5), $"element {i}");
        }
    }

    private static int Operands(PointwiseMode mode) => mode switch
    {
        PointwiseMode.Select => 3,
        PointwiseMode.SquareRoot or PointwiseMode.Not => 1,
        >= PointwiseMode.Absolute and <= PointwiseMode.Reciprocal => 1,
        >= PointwiseMode.Relu and <= PointwiseMode.GeluTanh => 1,
        _ => 2,
    };

    private static float[] Values(int count, int seed, double low, double high)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(low + (random.NextDouble() * (high - low))))];
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double GeluTanh(double x) => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private static double Slope(Func<double, double> function, double x) => (function(x + 1e-5) - function(x - 1e-5)) / 2e-5;

    // The power series, which converges everywhere.
    private static double Erf(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 80; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
