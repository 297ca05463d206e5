using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Local response normalisation, dropout, indices of extremes, vectorised and free descriptors, bfloat16.</summary>
public sealed class NormalizationAndDropoutTests
{
    private static readonly TensorLayout[] s_layouts = [TensorLayout.Nchw, TensorLayout.Nhwc];

    [Test]
    public void Local_response_normalisation_and_its_gradient_are_those_of_the_formula([ValueSource(nameof(s_layouts))] TensorLayout layout)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 7, 3, 4, Layout: layout);
        const double alpha = 0.3;
        const double exponent = 0.75;
        const double k = 1.5;
        using LocalResponseNormalization operation = new(cudnn, x, 5, alpha, exponent, k);
        float[] values = Reference.Numbers(x.Elements, 6);
        float[] gradient = Reference.Numbers(x.Elements, 7);
        double[] forward = new double[x.Elements];
        double[] backward = new double[x.Elements];
        for (int n = 0; n < x.N; n++)
        {
            for (int h = 0; h < x.H; h++)
            {
                for (int w = 0; w < x.W; w++)
                {
                    double Base(int c) => k + (alpha / 5 * Enumerable.Range(c - 2, 5).Where(j => j >= 0 && j < x.C).Sum(j => Math.Pow(values[Reference.At(x, n, j, h, w)], 2)));
                    for (int c = 0; c < x.C; c++)
                    {
                        long at = Reference.At(x, n, c, h, w);
                        forward[at] = values[at] * Math.Pow(Base(c), -exponent);
                        backward[at] += gradient[at] * Math.Pow(Base(c), -exponent);
                        for (int j = Math.Max(0, c - 2); j <= Math.Min(x.C - 1, c + 2); j++)
                        {
                            // The output of channel j reads channel c.
                            long other = Reference.At(x, n, j, h, w);
                            backward[at] -= gradient[other] * values[other] * exponent * Math.Pow(Base(j), -exponent - 1) * 2 * alpha / 5 * values[at];
                        }
                    }
                }
            }
        }

        DeviceMemory<float> xs = device.Upload<float>(values);
        DeviceMemory<float> dys = device.Upload<float>(gradient);
        DeviceMemory<float> ys = device.Own(device.Context.Allocate<float>(x.Elements));
        DeviceMemory<float> dxs = device.Own(device.Context.Allocate<float>(x.Elements));
        operation.Forward(1, xs, 0, ys);
        operation.Backward(1, ys, dys, xs, 0, dxs);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(operation.Window, Is.EqualTo(5));
            Reference.AssertClose(device.Download(ys.Span), forward, 4e-6, "y");
            Reference.AssertClose(device.Download(dxs.Span), backward, 4e-6, "dx");
            Assert.Throws<ArgumentOutOfRangeException>(() => _ = new LocalResponseNormalization(cudnn, x, 0));
            Assert.Throws<CudnnException>(() => _ = new LocalResponseNormalization(cudnn, x, 17));
        }
    }

    [Test]
    public void Dropout_keeps_its_part_scales_it_and_does_the_same_to_the_gradient()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(4, 16, 32, 32);
        DeviceMemory<byte> state = device.Own(device.Context.Allocate<byte>(Dropout.GetStateBytes(cudnn)));
        using Dropout dropout = new(cudnn, x, 0.25, state, seed: 7);
        DeviceMemory<byte> reserve = device.Own(device.Context.Allocate<byte>(dropout.ReserveBytes));
        float[] values = new float[x.Elements];
        Array.Fill(values, 3f);
        DeviceMemory<float> xs = device.Upload<float>(values);
        DeviceMemory<float> ys = device.Own(device.Context.Allocate<float>(x.Elements));
        DeviceMemory<float> dxs = device.Own(device.Context.Allocate<float>(x.Elements));
        dropout.Forward(xs, ys, reserve);
        dropout.Backward(xs, dxs, reserve);
        float[] first = device.Download(ys.Span);
        float[] gradient = device.Download(dxs.Span);
        dropout.Forward(xs, ys, reserve);
        float[] second = device.Download(ys.Span);
        double kept = first.Count(v => v != 0) / (double)first.Length;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Where(v => v != 0), Is.All.EqualTo(4f).Within(1e-5));
            // Six standard deviations of a fair draw of 65,536.
            Assert.That(kept, Is.EqualTo(0.75).Within(6 * Math.Sqrt(0.75 * 0.25 / first.Length)));
            Assert.That(gradient, Is.EqualTo(first));
            Assert.That(second, Is.Not.EqualTo(first), "the generators go on");
            Assert.Throws<ArgumentOutOfRangeException>(() => _ = new Dropout(cudnn, x, 1, state, 7));
            Assert.Throws<ArgumentException>(() => _ = new Dropout(cudnn, x, 0.5, state.Slice(0, 1), 7));
            Assert.Throws<ArgumentException>(() => dropout.Forward(xs, ys, reserve.Slice(0, 1)));
        }
    }

    [Test]
    public void Running_them_allocates_no_managed_memory()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(1, 8, 4, 4);
        DeviceMemory<byte> state = device.Own(device.Context.Allocate<byte>(Dropout.GetStateBytes(cudnn)));
        using Dropout dropout = new(cudnn, x, 0.5, state, 1);
        using LocalResponseNormalization normalization = new(cudnn, x);
        DeviceMemory<byte> reserve = device.Own(device.Context.Allocate<byte>(dropout.ReserveBytes));
        DeviceMemory<float> xs = device.Upload<float>(new float[x.Elements]);
        DeviceMemory<float> ys = device.Upload<float>(new float[x.Elements]);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            dropout.Forward(xs, ys, reserve);
            dropout.Backward(xs, ys, reserve);
            normalization.Forward(1, xs, 0, ys);
        });
        device.Stream.Synchronize();
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void A_reduction_tells_where_its_maximum_was()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape a = new(1, 3, 2, 2, Layout: TensorLayout.Nchw);
        using TensorReduction reduction = new(cudnn, TensorReductionMode.Maximum, a, new TensorShape(1, 3, 1, 1, Layout: TensorLayout.Nchw), indices: true);
        using TensorReduction plain = new(cudnn, TensorReductionMode.Maximum, a, new TensorShape(1, 3, 1, 1, Layout: TensorLayout.Nchw));
        DeviceMemory<float> values = device.Upload<float>(1, 5, 2, 3, 9, 0, 0, 0, -3, -2, -1, -4);
        DeviceMemory<float> result = device.Upload<float>(0, 0, 0);
        DeviceMemory<byte> workspace = device.Own(device.Context.Allocate<byte>(Math.Max(1, reduction.WorkspaceBytes)));
        DeviceMemory<byte> indices = device.Own(device.Context.Allocate<byte>(reduction.IndicesBytes));
        reduction.RunWithIndices(1, values, workspace, indices, 0, result);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reduction.IndicesBytes, Is.EqualTo(12));
            Assert.That(device.Download(result.Span), Is.EqualTo(new float[] { 5, 9, -1 }));
            Assert.That(device.Download(indices.Span.Cast<uint>()), Is.EqualTo(new uint[] { 1, 0, 2 }));
            Assert.Throws<InvalidOperationException>(() => plain.RunWithIndices(1, values, workspace, indices, 0, result));
            Assert.That(plain.IndicesBytes, Is.Zero);
        }
    }

    [Test]
    public void Channels_in_vectors_are_described_and_need_their_types()
    {
        TensorShape shape = new(2, 8, 3, 5, DataType.Int8x4, TensorLayout.NchwVector);
        using TensorDescriptor descriptor = new(shape);
        using FilterDescriptor filter = new(new FilterShape(4, 32, 3, 3, DataType.Int8x32, TensorLayout.NchwVector));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(descriptor.SpannedBytes, Is.EqualTo(shape.Bytes).And.EqualTo(240));
            Assert.Throws<InvalidOperationException>(() => _ = shape.Strides);
            Assert.Throws<ArgumentException>(() => _ = new TensorDescriptor(shape with { C = 6 }));
            Assert.Throws<ArgumentException>(() => _ = new TensorDescriptor(shape with { Type = DataType.Int8 }));
            Assert.Throws<ArgumentException>(() => _ = new TensorDescriptor(shape with { Layout = TensorLayout.Nhwc }));
        }
    }

    [Test]
    public unsafe void A_tensor_of_any_dimensions_is_described_by_dimensions_and_strides()
    {
        using TensorDescriptor descriptor = new(DataType.Float64, [2, 3, 4, 5, 6, 7], [5040, 1680, 420, 84, 14, 2]);
        int* dimensions = stackalloc int[8];
        int* strides = stackalloc int[8];
        int count;
        cudnnDataType_t type;
        Cudnn.Check(Cudnn.cudnnGetTensorNdDescriptor(descriptor.Handle, 8, &type, &count, dimensions, strides));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new ReadOnlySpan<int>(dimensions, count).ToArray(), Is.EqualTo(new[] { 2, 3, 4, 5, 6, 7 }));
            Assert.That(new ReadOnlySpan<int>(strides, count).ToArray(), Is.EqualTo(new[] { 5040, 1680, 420, 84, 14, 2 }));
            Assert.That(type, Is.EqualTo(cudnnDataType_t.CUDNN_DATA_DOUBLE));
            Assert.Throws<ArgumentException>(() => _ = new TensorDescriptor(DataType.Float32, [1, 2, 3, 4], [24, 12, 4]));
            Assert.Throws<CudnnException>(() => _ = new TensorDescriptor(DataType.Float32, [1, 0, 3, 4], [24, 12, 4, 1]));
        }
    }

    [Test]
    public unsafe void Filters_that_are_reordered_already_are_said_to_be()
    {
        using ConvolutionDescriptor plain = new(new Convolution(), DataType.Int32);
        using ConvolutionDescriptor reordered = new(new Convolution { ReordersFilters = false }, DataType.Int32);
        cudnnReorderType_t first;
        cudnnReorderType_t second;
        Cudnn.Check(Cudnn.cudnnGetConvolutionReorderType(plain.Handle, &first));
        Cudnn.Check(Cudnn.cudnnGetConvolutionReorderType(reordered.Handle, &second));
        Assert.That((first, second), Is.EqualTo((cudnnReorderType_t.CUDNN_DEFAULT_REORDER, cudnnReorderType_t.CUDNN_NO_REORDER)));
    }

    [TestCase(0x3F800000u, (ushort)0x3F80)]
    [TestCase(0x3F808000u, (ushort)0x3F80)]
    [TestCase(0x3F818000u, (ushort)0x3F82)]
    [TestCase(0x3F808001u, (ushort)0x3F81)]
    [TestCase(0xFF7FFFFFu, (ushort)0xFF80)]
    [TestCase(0x7F800001u, (ushort)0x7FC0)]
    [TestCase(0x80000001u, (ushort)0x8000)]
    public void A_single_becomes_the_nearest_bfloat16(uint single, ushort expected) =>
        Assert.That(((BFloat16)BitConverter.UInt32BitsToSingle(single)).Bits, Is.EqualTo(expected));

    [Test]
    public void BFloat16_goes_through_a_device_tensor()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(1, 1, 1, 4, DataTypes.Of<BFloat16>());
        using Activation activation = new(cudnn, ActivationMode.Relu, x);
        DeviceMemory<BFloat16> memory = device.Upload((BFloat16)(-2f), (BFloat16)0.5f, (BFloat16)3f, BFloat16.FromBits(0x8000));
        activation.Forward(1, memory, 0, memory);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Download(memory.Span).Select(v => (float)v), Is.EqualTo(new float[] { 0, 0.5f, 3, 0 }));
            Assert.That(((BFloat16)0.5f).ToString(), Is.EqualTo("0.5"));
        }
    }
}
