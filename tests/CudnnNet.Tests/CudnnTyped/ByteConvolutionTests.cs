using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Convolutions of 8-bit integers: exact sums, scaled, blended, rounded to the nearest even and cut off at the ends of the type.</summary>
public sealed class ByteConvolutionTests
{
    public sealed record Bytes(DataType Input, TensorLayout Layout, DataType Filter, DataType Output, TensorLayout OutputLayout)
    {
        public override string ToString() => $"{Input} {Layout} to {Output} {OutputLayout}";
    }

    private static readonly Bytes[] s_kinds =
    [
        new(DataType.Int8, TensorLayout.Nhwc, DataType.Int8, DataType.Int8, TensorLayout.Nhwc),
        new(DataType.Int8, TensorLayout.Nhwc, DataType.Int8, DataType.Float32, TensorLayout.Nhwc),
        new(DataType.Int8x4, TensorLayout.NchwVector, DataType.Int8x4, DataType.Int8x4, TensorLayout.NchwVector),
        new(DataType.Int8x4, TensorLayout.NchwVector, DataType.Int8x4, DataType.Float32, TensorLayout.Nchw),
        new(DataType.UInt8x4, TensorLayout.NchwVector, DataType.Int8x4, DataType.Int8x4, TensorLayout.NchwVector),
        new(DataType.Int8x32, TensorLayout.NchwVector, DataType.Int8x32, DataType.Int8x32, TensorLayout.NchwVector),
    ];

    [Test]
    public void Sums_are_exact_and_results_rounded_once([ValueSource(nameof(s_kinds))] Bytes kind, [Values(1, 2)] int stride, [Values] bool blended)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        (TensorShape x, FilterShape w, Convolution convolution, TensorShape y) = Shapes(kind, stride);
        (double alpha, double beta) = blended ? (0.0125, -0.5) : (0.025, 0);
        using ConvolutionForward forward = new(cudnn, x, w, convolution, y);
        TypedTensor input = new(device, x, 1), weights = Weights(device, w, 2), output = blended ? new(device, y, 3) : TypedTensor.Unread(device, y);
        double[] expected = Blend(Sums(input, weights, w, convolution, y), alpha, beta, output);
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice = forward.Choose();
        forward.Run(choice, alpha, input.Memory, weights.Memory, Workspace(device, choice.WorkspaceBytes), beta, output.Memory);
        AssertRounded(output, expected);
    }

    [Test]
    public void Bias_and_ReLU_come_before_the_rounding([ValueSource(nameof(s_kinds))] Bytes kind)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        (TensorShape x, FilterShape w, Convolution convolution, TensorShape y) = Shapes(kind, 1);
        using ConvolutionForward forward = new(cudnn, x, w, convolution, y);
        using ConvolutionBiasActivation fused = new(cudnn, x, w, convolution, y, ActivationMode.Relu);
        TypedTensor input = new(device, x, 1), weights = Weights(device, w, 2), z = new(device, y, 3), bias = new(device, fused.BiasShape, 4);
        TypedTensor output = TypedTensor.Unread(device, y);
        int pixels = y.H * y.W;
        double[] sums = Sums(input, weights, w, convolution, y);
        double[] expected = [.. sums.Select((sum, i) => Math.Max(0, (0.025 * sum) + (0.5 * z.Values[i]) + bias.Values[i / pixels % y.C]))];
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice = forward.Choose();
        fused.Run(choice, 0.025, input.Memory, weights.Memory, Workspace(device, choice.WorkspaceBytes), 0.5, z.Memory, bias.Memory, output.Memory);
        Assert.That(fused.BiasShape.Type, Is.EqualTo(DataType.Float32));
        AssertRounded(output, expected);
    }

    [Test]
    public void Reordered_filters_and_bias_give_the_same_result()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        (TensorShape x, FilterShape w, Convolution convolution, TensorShape y) = Shapes(s_kinds[^1], 1);
        using FilterReordering reordering = new(cudnn, w);
        using ConvolutionForward forward = new(cudnn, x, w, convolution, y);
        using ConvolutionBiasActivation plain = new(cudnn, x, w, convolution, y, ActivationMode.Relu);
        using ConvolutionBiasActivation reordered = new(cudnn, x, w, convolution with { ReordersFilters = false }, y, ActivationMode.Relu);
        TypedTensor input = new(device, x, 1), weights = Weights(device, w, 2), bias = new(device, plain.BiasShape, 4), z = new(device, y, 3);
        TypedTensor first = TypedTensor.Unread(device, y), second = TypedTensor.Unread(device, y);
        DeviceMemory<byte> filters = device.Own(device.Context.Allocate<byte>(w.Bytes)), biases = device.Own(device.Context.Allocate<byte>(plain.BiasShape.Bytes));
        reordering.Run(weights.Memory, filters, bias.Memory, biases);
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice = forward.Choose();
        DeviceMemory<byte> workspace = Workspace(device, choice.WorkspaceBytes);
        plain.Run(choice, 0.01, input.Memory, weights.Memory, workspace, 0, z.Memory, bias.Memory, first.Memory);
        reordered.Run(choice, 0.01, input.Memory, filters, workspace, 0, z.Memory, biases, second.Memory);
        byte[] before = device.Download(weights.Memory.Span), after = device.Download(filters.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(second.Download(), Is.EqualTo(first.Download()));
            Assert.That(after, Is.Not.EqualTo(before), "the order is another");
            Assert.That(after.Order(), Is.EqualTo(before.Order()), "of the same bytes");
            Assert.Throws<ArgumentException>(() => reordering.Run(weights.Memory, filters, bias.Memory));
        }
    }

    [Test]
    public void Gradients_of_integers_are_refused_by_name()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        (TensorShape x, FilterShape w, Convolution convolution, TensorShape y) = Shapes(s_kinds[0], 1);
        using ConvolutionBackwardData backward = new(cudnn, w, y, convolution, x);
        CudnnException error = Assert.Throws<CudnnException>(
            () => backward.GetWorkspaceBytes(cudnnConvolutionBwdDataAlgo_t.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0))!;
        Assert.That(error.Message, Does.Contain("cudnnGetConvolutionBackwardDataWorkspaceSize").And.Contain("NOT_SUPPORTED"));
    }

    [Test]
    public void Pooling_and_activation_take_bytes_channel_by_channel([Values(DataType.Int8, DataType.Int8x4)] DataType type)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape shape = new(2, 8, 4, 6, type, type == DataType.Int8 ? TensorLayout.Nhwc : TensorLayout.NchwVector);
        using Activation activation = new(cudnn, ActivationMode.ClippedRelu, shape, 11);
        using Pooling pooling = new(cudnn, PoolingMode.AverageIncludePadding, new PoolingWindow(2, 0, 2), shape);
        TypedTensor x = new(device, shape, 1), y = TypedTensor.Unread(device, shape), pooled = TypedTensor.Unread(device, pooling.OutputShape);
        activation.Forward(1, x.Memory, 0, y.Memory);
        Assert.That(y.Download(), Is.EqualTo(x.Values.Select(v => Math.Clamp(v, 0, 11))));
        pooling.Forward(1, x.Memory, 0, pooled.Memory);
        TensorShape small = pooling.OutputShape;
        double[] expected = new double[small.Elements];
        for (int i = 0; i < expected.Length; i++)
        {
            (int w, int h, int plane) = (i % small.W, i / small.W % small.H, i / small.W / small.H);
            int at = (((plane * 4) + (2 * h)) * 6) + (2 * w);
            expected[i] = Math.Round((x.Values[at] + x.Values[at + 1] + x.Values[at + 6] + x.Values[at + 7]) / 4, MidpointRounding.ToEven);
        }

        Assert.That(pooled.Download(), Is.EqualTo(expected));
    }

    private static (TensorShape X, FilterShape W, Convolution Convolution, TensorShape Y) Shapes(Bytes kind, int stride)
    {
        int channels = kind.Input == DataType.Int8x32 ? 64 : 8, filters = kind.Input == DataType.Int8x32 ? 32 : 12;
        TensorShape x = new(2, channels, 5, 6, kind.Input, kind.Layout);
        FilterShape w = new(filters, channels, 3, 3, kind.Filter, kind.Layout);
        Convolution convolution = new(Padding: 1, Stride: stride);
        return (x, w, convolution, convolution.OutputShape(x, w) with { Type = kind.Output, Layout = kind.OutputLayout });
    }

    private static TypedTensor Weights(TestDevice device, FilterShape w, int seed) => new(device, new(w.K, w.C, w.R, w.S, w.Type, w.Layout), seed);

    private static DeviceMemory<byte> Workspace(TestDevice device, long bytes) => device.Own(device.Context.Allocate<byte>(Math.Max(1, bytes)));

    // The sums in the order N, K, P, Q.
    private static double[] Sums(TypedTensor x, TypedTensor weights, FilterShape w, Convolution convolution, TensorShape y)
    {
        double[] sums = new double[y.Elements];
        static TensorShape Plain(TensorShape shape) => new(shape.N, shape.C, shape.H, shape.W, Layout: TensorLayout.Nchw);
        Reference.Products(
            Plain(x.Shape), new(w.K, w.C, w.R, w.S, Layout: TensorLayout.Nchw), convolution, Plain(y),
            (to, image, filter) => sums[to] += x.Values[image] * weights.Values[filter]);
        return sums;
    }

    private static double[] Blend(double[] sums, double alpha, double beta, TypedTensor prior) =>
        [.. sums.Select((sum, i) => (alpha * sum) + (beta == 0 ? 0 : beta * prior.Values[i]))];

    private static void AssertRounded(TypedTensor output, double[] expected)
    {
        if (output.Shape.Type == DataType.Float32)
        {
            output.AssertHolds(expected, "y");
            return;
        }

        double[] found = output.Download();
        for (int i = 0; i < found.Length; i++)
        {
            // Scaling happens in single precision, so a result next to a half may go either way.
            double low = Math.Round(expected[i] - 1e-4, MidpointRounding.ToEven), high = Math.Round(expected[i] + 1e-4, MidpointRounding.ToEven);
            Assert.That(found[i], Is.EqualTo(Math.Clamp(low, -128, 127)).Or.EqualTo(Math.Clamp(high, -128, 127)), $"element {i}, {expected[i]} before rounding");
        }
    }
}
