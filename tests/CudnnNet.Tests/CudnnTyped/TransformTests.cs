using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Folding, lowering, reordering, filling and conversion of tensors against plain loops.</summary>
public sealed class TransformTests
{
    private static readonly DataType[] s_floats = [DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16];
    private static readonly TensorLayout[] s_layouts = [TensorLayout.Nchw, TensorLayout.Nhwc];

    [Test]
    public void Blocks_of_pixels_become_channels_behind_the_padding_and_come_back([ValueSource(nameof(s_floats))] DataType type, [ValueSource(nameof(s_layouts))] TensorLayout layout)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape xShape = new(2, 3, 5, 4, type, layout);
        Folding folding = new(2, 2) { Before = new(C: 1, H: 1), After = new(C: 2, W: 1) };
        using FoldingTransform operation = new(cudnn, xShape, folding, TensorLayout.Nhwc);
        TensorShape yShape = operation.OutputShape;
        Assert.That((yShape.N, yShape.C, yShape.H, yShape.W), Is.EqualTo((2, 24, 3, 3)));

        TypedTensor x = new(device, xShape, 1), y = TypedTensor.Unread(device, yShape);
        double[] expected = new double[yShape.Elements];
        for (int i = 0; i < expected.Length; i++)
        {
            (int w, int h, int c, int n) = (i % 3, i / 3 % 3, (i / 9 % 24) - 1, i / 9 / 24);
            int pixel = c < 0 ? 0 : c / 3;
            (int row, int column) = ((h * 2) + (pixel / 2) - 1, (w * 2) + (pixel % 2));
            bool exists = c >= 0 && pixel < 4 && row >= 0 && row < 5 && column < 4;
            expected[i] = exists ? 0.5 * x.Values[(((((n * 3) + (c % 3)) * 5) + row) * 4) + column] : 0;
        }

        operation.Run(0.5, x.Memory, 0, y.Memory);
        y.AssertHolds(expected, "folded");

        using FoldingTransform back = new(
            cudnn, yShape, new(2, 2) { Unfolds = true, Before = new(C: -1, H: -1), After = new(C: -2, W: -2) }, layout);
        Assert.That(back.OutputShape, Is.EqualTo(xShape));
        TypedTensor restored = new(device, xShape, 2);
        back.Run(2, y.Memory, -1, restored.Memory);
        restored.AssertHolds([.. x.Values.Zip(restored.Values, (old, prior) => old - prior)], "unfolded");
    }

    [Test]
    public void Filters_are_folded_as_tensors_are()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        FilterShape filter = new(3, 2, 3, 3, Layout: TensorLayout.Nchw);
        Folding folding = new(2, 2) { Before = new(H: 1, W: 1), After = new(N: 5) };
        using FoldingTransform filters = new(cudnn, filter, folding, TensorLayout.Nchw);
        using FoldingTransform tensors = new(cudnn, filters.InputShape, folding, TensorLayout.Nchw);
        TypedTensor w = new(device, filters.InputShape, 1), first = TypedTensor.Unread(device, filters.OutputShape), second = TypedTensor.Unread(device, filters.OutputShape);
        filters.Run(1, w.Memory, 0, first.Memory);
        tensors.Run(1, w.Memory, 0, second.Memory);
        Assert.That((filters.OutputShape.N, filters.OutputShape.C, filters.OutputShape.H, filters.OutputShape.W), Is.EqualTo((8, 8, 2, 2)));
        Assert.That(first.Download(), Is.EqualTo(second.Download()));
        Assert.That(first.Download().Sum(), Is.EqualTo(w.Values.Sum()).Within(1e-4), "nothing is lost");
    }

    // The shapes of the folded convolution are cuDNN's; that its result is the gradient is the definition's.
    [TestCase(1, 2, 3)]
    [TestCase(2, 2, 5)]
    [TestCase(0, 2, 3)]
    [TestCase(1, 3, 3)]
    [TestCase(1, 1, 3)]
    public unsafe void A_strided_gradient_is_one_of_stride_1_over_folded_tensors(int padding, int stride, int taps)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 3, 8, 9, Layout: TensorLayout.Nchw);
        FilterShape w = new(4, 3, taps, taps, Layout: TensorLayout.Nchw);
        Convolution convolution = new(padding, stride);
        TensorShape y = convolution.OutputShape(x, w);
        using TensorDescriptor xDescriptor = new(x), yDescriptor = new(y), foldedGrad = new(x), paddedDiff = new(y);
        using FilterDescriptor wDescriptor = new(w), foldedFilter = new(w);
        using ConvolutionDescriptor geometry = new(convolution, DataType.Float32), foldedGeometry = new(convolution, DataType.Float32);
        using TensorTransformDescriptor foldFilter = new(new(1), TensorLayout.Nchw), padDiff = new(new(1), TensorLayout.Nchw);
        using TensorTransformDescriptor foldGrad = new(new(1), TensorLayout.Nchw), unfoldGrad = new(new(1), TensorLayout.Nchw);
        Cudnn.Check(Cudnn.cudnnGetFoldedConvBackwardDataDescriptors(
            cudnn.Handle, wDescriptor.Handle, yDescriptor.Handle, geometry.Handle, xDescriptor.Handle, cudnnTensorFormat_t.CUDNN_TENSOR_NHWC,
            foldedFilter.Handle, paddedDiff.Handle, foldedGeometry.Handle, foldedGrad.Handle, foldFilter.Handle, padDiff.Handle, foldGrad.Handle, unfoldGrad.Handle));

        TypedTensor weights = new(device, new(w.K, w.C, w.R, w.S, Layout: TensorLayout.Nchw), 1), dy = new(device, y, 2), dx = TypedTensor.Unread(device, x);
        double[] expected = new double[x.Elements];
        Reference.Products(x, w, convolution, y, (to, image, filter) => expected[image] += dy.Values[to] * weights.Values[filter]);

        DeviceMemory<byte> Space(TensorDescriptor descriptor) => device.Own(device.Context.Allocate<byte>(descriptor.SpannedBytes));
        nuint filterBytes;
        Cudnn.Check(Cudnn.cudnnGetFilterSizeInBytes(foldedFilter.Handle, &filterBytes));
        DeviceMemory<byte> filters = device.Own(device.Context.Allocate<byte>((long)filterBytes)), padded = Space(paddedDiff), folded = Space(foldedGrad);
        float one = 1, zero = 0;
        Cudnn.Check(Cudnn.cudnnTransformFilter(cudnn.Handle, foldFilter.Handle, &one, wDescriptor.Handle, Raw(weights.Memory), &zero, foldedFilter.Handle, Raw(filters)));
        Cudnn.Check(Cudnn.cudnnTransformTensorEx(cudnn.Handle, padDiff.Handle, &one, yDescriptor.Handle, Raw(dy.Memory), &zero, paddedDiff.Handle, Raw(padded)));
        Cudnn.Check(Cudnn.cudnnConvolutionBackwardData(
            cudnn.Handle, &one, foldedFilter.Handle, Raw(filters), paddedDiff.Handle, Raw(padded), foldedGeometry.Handle,
            cudnnConvolutionBwdDataAlgo_t.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, null, 0, &zero, foldedGrad.Handle, Raw(folded)));
        Cudnn.Check(Cudnn.cudnnTransformTensorEx(cudnn.Handle, unfoldGrad.Handle, &one, foldedGrad.Handle, Raw(folded), &zero, xDescriptor.Handle, Raw(dx.Memory)));
        dx.AssertHolds(expected, "dx");

        // Folding the gradient is the way back.
        DeviceMemory<byte> again = Space(foldedGrad);
        Cudnn.Check(Cudnn.cudnnTransformTensorEx(cudnn.Handle, foldGrad.Handle, &one, xDescriptor.Handle, Raw(dx.Memory), &zero, foldedGrad.Handle, Raw(again)));
        TypedTensor restored = TypedTensor.Unread(device, x);
        Cudnn.Check(Cudnn.cudnnTransformTensorEx(cudnn.Handle, unfoldGrad.Handle, &one, foldedGrad.Handle, Raw(again), &zero, xDescriptor.Handle, Raw(restored.Memory)));
        Assert.That(restored.Download(), Is.EqualTo(dx.Download()));
    }

    [Test]
    public void A_convolution_is_the_product_of_its_filters_and_the_lowered_input([Values] ConvolutionMode mode, [ValueSource(nameof(s_layouts))] TensorLayout layout)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 3, 6, 5, DataType.Float64, layout);
        FilterShape w = new(4, 3, 2, 3, DataType.Float64, TensorLayout.Nchw);
        Convolution convolution = new Convolution(1, 0, 2, 1, 1, 2) with { Mode = mode };
        TensorShape y = convolution.OutputShape(x, w) with { Layout = TensorLayout.Nchw };
        using ConvolutionLowering lowering = new(cudnn, x, w, convolution);
        TypedTensor input = new(device, x, 1), weights = new(device, new(4, 3, 2, 3, DataType.Float64, TensorLayout.Nchw), 2);
        TypedTensor matrix = TypedTensor.Unread(device, new(1, 1, (int)lowering.Rows, (int)lowering.Columns, DataType.Float64, TensorLayout.Nchw));
        lowering.Run(input.Memory, matrix.Memory);
        double[] lowered = matrix.Download();

        double[] expected = new double[y.Elements], found = new double[y.Elements];
        TensorShape packed = x with { Layout = TensorLayout.Nchw };
        Reference.Products(packed, w, convolution, y, (to, image, filter) => expected[to] += input.Values[image] * weights.Values[filter]);
        int pixels = y.H * y.W;
        for (int i = 0; i < found.Length; i++)
        {
            (int n, int k, int pixel) = (i / pixels / 4, i / pixels % 4, i % pixels);
            for (int row = 0; row < lowering.Rows; row++)
            {
                found[i] += weights.Values[(k * lowering.Rows) + row] * lowered[(row * lowering.Columns) + (n * pixels) + pixel];
            }
        }

        Assert.That(found, Is.EqualTo(expected).Within(1e-12));
        Assert.Throws<ArgumentException>(() => lowering.Run(input.Memory, matrix.Memory.Slice(0, 8)));
    }

    [Test]
    public void A_tensor_of_any_type_is_set_and_scaled(
        [Values(DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16, DataType.Int8, DataType.UInt8, DataType.Int32)] DataType type)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape shape = new(2, 3, 2, 2, type) { Strides = new(40, 1, 17, 5) };
        using TensorFill fill = new(cudnn, shape);
        TypedTensor y = new(device, shape, 1);
        fill.Set(y.Memory, 24);
        Assert.That(y.Download(), Is.All.EqualTo(24));
        fill.Scale(y.Memory, 0.5);
        Assert.That(y.Download(), Is.All.EqualTo(12));
        byte[] bytes = device.Download(y.Memory.Span);
        int gap = 3 * type.SizeInBytes();
        Assert.That(bytes.AsSpan(gap, type.SizeInBytes()).ToArray(), Is.All.EqualTo(0xFF), "between the elements nothing changes");
    }

    [Test]
    public void A_transform_rounds_to_the_type_of_its_result([ValueSource(nameof(s_floats))] DataType from, [ValueSource(nameof(s_floats))] DataType to)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape xShape = new(2, 3, 4, 5, from) { Strides = new(1, 2, 6, 25) }, yShape = new(2, 3, 4, 5, to, TensorLayout.Nchw);
        using TensorTransform transform = new(cudnn, xShape, yShape);
        TypedTensor x = new(device, xShape, 1), y = new(device, yShape, 2);
        transform.Run(0.75, x.Memory, -0.5, y.Memory);
        y.AssertHolds([.. x.Values.Zip(y.Values, (source, prior) => (0.75 * source) - (0.5 * prior))], "y", from == DataType.Float64 || to == DataType.Float64 ? 1e8 : 1);
    }

    [Test]
    public void Channels_go_into_vectors_and_come_back()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape plain = new(2, 8, 3, 5, DataType.Float32, TensorLayout.Nhwc), vectors = new(2, 8, 3, 5, DataType.Int8x4, TensorLayout.NchwVector);
        using TensorTransform pack = new(cudnn, plain, vectors), unpack = new(cudnn, vectors, plain);
        TypedTensor x = new(device, plain, [.. Enumerable.Range(0, 240).Select(i => (i * 7 % 300) - 150.0)]);
        TypedTensor packed = TypedTensor.Unread(device, vectors), y = TypedTensor.Unread(device, plain);
        pack.Run(1, x.Memory, 0, packed.Memory);
        double[] saturated = [.. x.Values.Select(v => Math.Clamp(v, -128, 127))];
        Assert.That(packed.Download(), Is.EqualTo(saturated));
        unpack.Run(2, packed.Memory, 0, y.Memory);
        Assert.That(y.Download(), Is.EqualTo(saturated.Select(v => 2 * v)));
    }

    private static unsafe void* Raw(DeviceMemory<byte> memory) => ((DevicePointer)memory).Raw;
}
