using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>Handles, descriptors and operations: who keeps whom alive, what a disposed one says, and that running allocates nothing.</summary>
public sealed class CudnnLifetimeTests
{
    private static readonly TensorShape s_shape = new(2, 8, 6, 6);

    [Test]
    public void The_library_has_version_nine()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        Assert.That(cudnn.Version, Is.InRange(90000, 99999));
    }

    [Test]
    public void A_handle_works_in_its_stream()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cudnn.Stream, Is.SameAs(device.Stream));
            Assert.That(StreamOf(cudnn), Is.EqualTo(device.Stream.Handle));
        }
    }

    [Test]
    public unsafe void A_handle_changes_to_another_stream_of_its_context_and_keeps_it()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        CudaStream other = device.Context.CreateStream();
        CUstream handle = other.Handle;
        cudnn.SetStream(other);
        other.Dispose();
        CUstream found;
        Cudnn.Check(Cudnn.cudnnGetStream(cudnn.Handle, &found));
        using TensorFill fill = new(cudnn, new TensorShape(1, 1, 1, 4));
        DeviceMemory<float> memory = device.Upload<float>(1, 2, 3, 4);
        device.Stream.Synchronize();
        fill.Set(memory, 7);
        device.Context.Synchronize();
        using CudaContext own = CudaContext.Create();
        using CudaStream foreign = own.CreateStream();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found, Is.EqualTo(handle));
            Assert.That(cudnn.Stream, Is.SameAs(other));
            Assert.That(device.Download(memory.Span), Is.All.EqualTo(7f));
            Assert.Throws<ArgumentException>(() => cudnn.SetStream(foreign));
            Assert.Throws<ObjectDisposedException>(() => cudnn.SetStream(other));
        }

        cudnn.SetStream(device.Stream);
        Assert.That(cudnn.Stream, Is.SameAs(device.Stream));
    }

    [Test]
    public void Operations_keep_handle_stream_and_context_alive()
    {
        CudaContext context = CudaContext.Primary();
        CudaStream stream = context.CreateStream();
        CudnnHandle cudnn = new(stream);
        Activation operation = new(cudnn, ActivationMode.Relu, new(1, 4, 1, 1));
        DeviceMemory<float> x = context.Allocate<float>(4);
        stream.CopyToDevice<float>([-1, 2, -3, 4], x);
        cudnn.Dispose();
        stream.Dispose();
        context.Dispose();

        operation.Forward(1, x, 0, x);
        operation.Dispose();
        operation.Dispose();
        x.Dispose();

        using TestDevice device = new();
        Assert.That(device.Download(device.Upload<float>(1).Span), Is.EqualTo(new float[] { 1 }), "a context made afterwards works");
    }

    [Test]
    public void A_disposed_handle_makes_nothing_any_more()
    {
        using TestDevice device = new();
        CudnnHandle cudnn = new(device.Stream);
        cudnn.Dispose();
        cudnn.Dispose();
        CudaStream stream = device.Context.CreateStream();
        stream.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => _ = cudnn.Handle);
            Assert.Throws<ObjectDisposedException>(() => new Activation(cudnn, ActivationMode.Relu, s_shape));
            Assert.Throws<ObjectDisposedException>(() => new CudnnHandle(stream));
            Assert.Throws<ArgumentNullException>(() => new CudnnHandle(null!));
            Assert.Throws<ArgumentNullException>(() => new Activation(null!, ActivationMode.Relu, s_shape));
        }
    }

    [Test]
    public void A_disposed_operation_does_nothing_any_more()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        Operations operations = new(device, cudnn);
        operations.Dispose();
        foreach (Action run in operations.Runs)
        {
            Assert.Throws<ObjectDisposedException>(() => run());
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => operations.Forward.Choose());
            Assert.Throws<ObjectDisposedException>(() => operations.Forward.Measure());
            Assert.Throws<ObjectDisposedException>(() => operations.Forward.GetWorkspaceBytes(cudnnConvolutionFwdAlgo_t.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM));
        }
    }

    [Test]
    public void Running_an_operation_allocates_no_managed_memory()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using Operations operations = new(device, cudnn);
        long bytes = TestDevice.AllocatedBytes(() =>
        {
            foreach (Action run in operations.Runs)
            {
                run();
            }

            device.Stream.Synchronize();
        });
        Assert.That(bytes, Is.Zero);
    }

    [Test]
    public void An_operation_may_run_on_any_thread()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using Activation operation = new(cudnn, ActivationMode.Relu, new(1, 4, 1, 1));
        DeviceMemory<float> x = device.Upload<float>(-1, 2, -3, 4);
        Thread thread = new(() => operation.Forward(1, x, 0, x));
        thread.Start();
        thread.Join();
        Assert.That(device.Download(x.Span), Is.EqualTo(new float[] { 0, 2, 0, 4 }));
    }

    [Test]
    public void Descriptors_can_be_made_by_hand_and_disposed_twice()
    {
        NativeOwner[] descriptors =
        [
            new TensorDescriptor(s_shape),
            new TensorDescriptor(s_shape with { Strides = new TensorStrides(1000, 100, 10, 1) }),
            new FilterDescriptor(new(4, 8, 3, 3)),
            new ConvolutionDescriptor(new(Padding: 1), DataType.Float32),
            new PoolingDescriptor(PoolingMode.Max, new(3, 1, 2)),
            new ActivationDescriptor(ActivationMode.Swish, 1.5),
            new OpTensorDescriptor(TensorFunction.Add, DataType.Float32),
            new ReduceTensorDescriptor(TensorReductionMode.Add, DataType.Float32),
        ];
        foreach (NativeOwner descriptor in descriptors)
        {
            descriptor.Dispose();
            descriptor.Dispose();
            Assert.That(descriptor.IsDisposed);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<ObjectDisposedException>(() => _ = ((TensorDescriptor)descriptors[0]).Handle);
            Assert.Throws<ObjectDisposedException>(() => ((ConvolutionDescriptor)descriptors[3]).SetMathType(MathType.Fma));
        }
    }

    [Test]
    public unsafe void A_tensor_descriptor_says_to_cuDNN_what_the_shape_says()
    {
        TensorShape[] shapes =
        [
            s_shape,
            s_shape with { Layout = TensorLayout.Nchw },
            s_shape with { Type = DataType.BFloat16 },
            s_shape with { Type = DataType.Float64, Strides = new TensorStrides(2000, 200, 20, 2) },
        ];
        foreach (TensorShape shape in shapes)
        {
            using TensorDescriptor descriptor = new(shape);
            cudnnDataType_t type;
            int n, c, h, w, strideN, strideC, strideH, strideW;
            Cudnn.Check(Cudnn.cudnnGetTensor4dDescriptor(descriptor.Handle, &type, &n, &c, &h, &w, &strideN, &strideC, &strideH, &strideW));
            using (Assert.EnterMultipleScope())
            {
                Assert.That((n, c, h, w), Is.EqualTo((shape.N, shape.C, shape.H, shape.W)));
                Assert.That(new TensorStrides(strideN, strideC, strideH, strideW), Is.EqualTo(shape.Strides));
                Assert.That((DataType)type, Is.EqualTo(shape.Type));
            }
        }
    }

    [Test]
    public unsafe void The_parameters_of_a_batch_normalisation_are_those_cuDNN_derives()
    {
        foreach (BatchNormalizationMode mode in Enum.GetValues<BatchNormalizationMode>())
        {
            foreach (DataType data in new[] { DataType.Float32, DataType.BFloat16, DataType.Float16, DataType.Float64 })
            {
                TensorShape shape = s_shape with { Type = data };
                using TensorDescriptor x = new(shape);
                using TensorDescriptor derived = new(shape);
                Cudnn.Check(Cudnn.cudnnDeriveBNTensorDescriptor(derived.Handle, x.Handle, (cudnnBatchNormMode_t)mode));
                TensorShape expected = BatchNormalization.DeriveParameterShape(mode, shape);
                cudnnDataType_t type;
                int n, c, h, w, strideN, strideC, strideH, strideW;
                Cudnn.Check(Cudnn.cudnnGetTensor4dDescriptor(derived.Handle, &type, &n, &c, &h, &w, &strideN, &strideC, &strideH, &strideW));
                using (Assert.EnterMultipleScope())
                {
                    Assert.That((n, c, h, w, (DataType)type), Is.EqualTo((expected.N, expected.C, expected.H, expected.W, expected.Type)));
                    Assert.That(new TensorStrides(strideN, strideC, strideH, strideW), Is.EqualTo(expected.Strides));
                }
            }
        }
    }

    [Test]
    public void An_error_of_cuDNN_names_function_and_code()
    {
        CudnnException error = Assert.Throws<CudnnException>(() => new ConvolutionDescriptor(new(Padding: -1), DataType.Float32))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Function, Is.EqualTo("cudnnSetConvolution2dDescriptor"));
            Assert.That(error.StatusName, Does.StartWith("CUDNN_STATUS_BAD_PARAM"));
            Assert.That(error.Message, Does.StartWith("cudnnSetConvolution2dDescriptor answered CUDNN_STATUS_BAD_PARAM"));
        }
    }

    private static unsafe CUstream StreamOf(CudnnHandle cudnn)
    {
        CUstream stream;
        Cudnn.Check(Cudnn.cudnnGetStream(cudnn.Handle, &stream));
        return stream;
    }

    /// <summary>One of each operation, with a way to run it.</summary>
    private sealed class Operations : IDisposable
    {
        private readonly List<CudnnOperation> _owned = [];

        public Operations(TestDevice device, CudnnHandle cudnn)
        {
            FilterShape w = new(8, 8, 3, 3);
            Convolution convolution = new(Padding: 1);
            TensorShape bias = new(1, 8, 1, 1);
            DevicePointer x = device.Upload<float>(Reference.Numbers(s_shape.Elements, 1));
            DevicePointer y = device.Upload<float>(Reference.Numbers(s_shape.Elements, 2));
            DevicePointer dx = device.Upload<float>(Reference.Numbers(s_shape.Elements, 3));
            DevicePointer filter = device.Upload<float>(Reference.Numbers(w.Elements, 4));
            DevicePointer small = device.Upload<float>([.. Reference.Numbers(bias.Elements, 5).Select(v => v + 2)]);
            DevicePointer other = device.Upload<float>([.. Reference.Numbers(bias.Elements, 6).Select(v => v + 2)]);
            DeviceSpan<byte> workspace = device.Own(device.Context.Allocate<byte>(16.MiB()));

            Forward = Own(new ConvolutionForward(cudnn, s_shape, w, convolution, s_shape));
            ConvolutionBackwardData data = Own(new ConvolutionBackwardData(cudnn, w, s_shape, convolution, s_shape));
            ConvolutionBackwardFilter gradient = Own(new ConvolutionBackwardFilter(cudnn, s_shape, s_shape, convolution, w));
            BatchNormalization normalization = Own(new BatchNormalization(cudnn, BatchNormalizationMode.Spatial, s_shape));
            Pooling pooling = Own(new Pooling(cudnn, PoolingMode.Max, new PoolingWindow(3, 1, 1), s_shape));
            Activation activation = Own(new Activation(cudnn, ActivationMode.Relu, s_shape));
            Softmax softmax = Own(new Softmax(cudnn, SoftmaxAlgorithm.Accurate, SoftmaxMode.Channel, s_shape));
            TensorAdd add = Own(new TensorAdd(cudnn, bias, s_shape));
            TensorOperation multiply = Own(new TensorOperation(cudnn, TensorFunction.Multiply, s_shape, bias, s_shape));
            BiasGradient biasGradient = Own(new BiasGradient(cudnn, s_shape, bias));
            TensorFill fill = Own(new TensorFill(cudnn, s_shape));
            TensorTransform transform = Own(new TensorTransform(cudnn, s_shape, s_shape with { Layout = TensorLayout.Nchw }));
            TensorReduction reduction = Own(new TensorReduction(cudnn, TensorReductionMode.Add, s_shape, bias));
            ConvolutionChoice<cudnnConvolutionFwdAlgo_t> forwardChoice = Forward.Choose(workspace.Bytes);
            ConvolutionChoice<cudnnConvolutionBwdDataAlgo_t> dataChoice = data.Choose(workspace.Bytes);
            ConvolutionChoice<cudnnConvolutionBwdFilterAlgo_t> filterChoice = gradient.Choose(workspace.Bytes);
            Runs =
            [
                () => Forward.Run(forwardChoice, 1, x, filter, workspace, 0, y),
                () => data.Run(dataChoice, 1, filter, y, workspace, 0, dx),
                () => gradient.Run(filterChoice, 1, x, y, workspace, 0, filter),
                () => normalization.ForwardTraining(1, x, 0, y, small, small, 0.1, DevicePointer.Null, DevicePointer.Null, 1e-5, other, other),
                () => normalization.ForwardInference(1, x, 0, y, small, small, small, small, 1e-5),
                () => normalization.Backward(1, 0, 1, 0, x, y, dx, small, other, other, 1e-5, DevicePointer.Null, DevicePointer.Null),
                () => pooling.Forward(1, x, 0, y),
                () => pooling.Backward(1, y, y, x, 0, dx),
                () => activation.Forward(1, x, 0, y),
                () => activation.Backward(1, y, y, x, 0, dx),
                () => softmax.Forward(1, x, 0, y),
                () => softmax.Backward(1, y, y, 0, dx),
                () => add.Run(1, small, 1, y),
                () => multiply.Run(1, x, 1, small, 0, y),
                () => biasGradient.Run(1, y, 0, other),
                () => fill.Set(y, 1),
                () => fill.Scale(y, 0.5),
                () => transform.Run(1, x, 0, y),
                () => reduction.Run(1, x, workspace, 0, other),
            ];
        }

        public ConvolutionForward Forward { get; }

        public Action[] Runs { get; }

        public void Dispose() => _owned.ForEach(o => o.Dispose());

        private T Own<T>(T operation)
            where T : CudnnOperation
        {
            _owned.Add(operation);
            return operation;
        }
    }
}
