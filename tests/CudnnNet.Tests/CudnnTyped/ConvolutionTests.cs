using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The three directions of a convolution against the formula, in both layouts, blended, grouped, dilated and flipped.</summary>
public sealed class ConvolutionTests
{
    public sealed record Geometry(string Name, TensorShape X, FilterShape W, Convolution Convolution)
    {
        public override string ToString() => Name;
    }

    private static IEnumerable<Geometry> Geometries()
    {
        foreach (TensorLayout layout in (TensorLayout[])[TensorLayout.Nchw, TensorLayout.Nhwc])
        {
            TensorShape X(int n, int c, int h, int w) => new(n, c, h, w, Layout: layout);
            FilterShape W(int k, int c, int r, int s) => new(k, c, r, s, Layout: layout);
            yield return new($"{layout}_1x1", X(2, 3, 5, 7), W(4, 3, 1, 1), new());
            yield return new($"{layout}_3x3", X(2, 5, 6, 7), W(4, 5, 3, 3), new(Padding: 1));
            yield return new($"{layout}_3x3_stride_2", X(2, 5, 7, 8), W(4, 5, 3, 3), new(Padding: 1, Stride: 2));
            yield return new($"{layout}_stem", X(1, 3, 16, 16), W(8, 3, 7, 7), new(Padding: 3, Stride: 2));
            yield return new($"{layout}_dilated", X(1, 2, 9, 9), W(3, 2, 3, 3), new(Padding: 2, Dilation: 2));
            yield return new($"{layout}_anisotropic", X(1, 2, 9, 8), W(3, 2, 2, 3), new(1, 2, 2, 1, 1, 2));
            yield return new($"{layout}_grouped", X(2, 6, 5, 5), W(4, 3, 3, 3), new(Padding: 1, Groups: 2));
            yield return new($"{layout}_flipped", X(1, 2, 6, 6), W(3, 2, 3, 3), new Convolution(Padding: 1) with { Mode = ConvolutionMode.Convolution });
        }
    }

    [Test]
    public void Forward_is_the_sum_of_products([ValueSource(nameof(Geometries))] Geometry geometry, [Values] bool blended)
    {
        (TensorShape xShape, FilterShape wShape, Convolution convolution) = (geometry.X, geometry.W, geometry.Convolution);
        TensorShape yShape = convolution.OutputShape(xShape, wShape);
        (double alpha, double beta) = blended ? (1.5, -0.5) : (1, 0);
        float[] x = Reference.Numbers(xShape.Elements, 1);
        float[] w = Reference.Numbers(wShape.Elements, 2);
        float[] prior = Prior(yShape.Elements, blended);
        double[] expected = new double[yShape.Elements];
        Reference.Products(xShape, wShape, convolution, yShape, (to, image, filter) => expected[to] += (double)x[image] * w[filter]);

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using ConvolutionForward operation = new(cudnn, xShape, wShape, convolution, yShape);
        DeviceMemory<float> y = device.Upload<float>(prior);
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice = operation.Choose();
        operation.Run(choice, alpha, device.Upload<float>(x), device.Upload<float>(w), Workspace(device, choice.WorkspaceBytes), beta, y);
        Reference.AssertClose(device.Download(y.Span), Reference.Blend(expected, alpha, beta, prior));
    }

    [Test]
    public void Backward_data_is_its_adjoint([ValueSource(nameof(Geometries))] Geometry geometry, [Values] bool blended)
    {
        (TensorShape xShape, FilterShape wShape, Convolution convolution) = (geometry.X, geometry.W, geometry.Convolution);
        TensorShape yShape = convolution.OutputShape(xShape, wShape);
        (double alpha, double beta) = blended ? (1.5, -0.5) : (1, 0);
        float[] dy = Reference.Numbers(yShape.Elements, 3);
        float[] w = Reference.Numbers(wShape.Elements, 2);
        float[] prior = Prior(xShape.Elements, blended);
        double[] expected = new double[xShape.Elements];
        Reference.Products(xShape, wShape, convolution, yShape, (from, image, filter) => expected[image] += (double)dy[from] * w[filter]);

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using ConvolutionBackwardData operation = new(cudnn, wShape, yShape, convolution, xShape);
        DeviceMemory<float> dx = device.Upload<float>(prior);
        ConvolutionChoice<cudnnConvolutionBwdDataAlgo_t> choice = operation.Choose();
        operation.Run(choice, alpha, device.Upload<float>(w), device.Upload<float>(dy), Workspace(device, choice.WorkspaceBytes), beta, dx);
        Reference.AssertClose(device.Download(dx.Span), Reference.Blend(expected, alpha, beta, prior));
    }

    [Test]
    public void Backward_filter_is_its_adjoint([ValueSource(nameof(Geometries))] Geometry geometry, [Values] bool blended)
    {
        (TensorShape xShape, FilterShape wShape, Convolution convolution) = (geometry.X, geometry.W, geometry.Convolution);
        TensorShape yShape = convolution.OutputShape(xShape, wShape);
        (double alpha, double beta) = blended ? (1.5, -0.5) : (1, 0);
        float[] x = Reference.Numbers(xShape.Elements, 1);
        float[] dy = Reference.Numbers(yShape.Elements, 3);
        float[] prior = Prior(wShape.Elements, blended);
        double[] expected = new double[wShape.Elements];
        Reference.Products(xShape, wShape, convolution, yShape, (from, image, filter) => expected[filter] += (double)x[image] * dy[from]);

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using ConvolutionBackwardFilter operation = new(cudnn, xShape, yShape, convolution, wShape);
        DeviceMemory<float> dw = device.Upload<float>(prior);
        ConvolutionChoice<cudnnConvolutionBwdFilterAlgo_t> choice = operation.Choose();
        operation.Run(choice, alpha, device.Upload<float>(x), device.Upload<float>(dy), Workspace(device, choice.WorkspaceBytes), beta, dw);
        Reference.AssertClose(device.Download(dw.Span), Reference.Blend(expected, alpha, beta, prior));
    }

    [Test]
    public void Choosing_keeps_to_the_limit_and_to_determinism()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 8, 8, 8);
        FilterShape w = new(8, 8, 3, 3);
        Convolution convolution = new(Padding: 1);
        using ConvolutionBackwardFilter operation = new(cudnn, x, convolution.OutputShape(x, w), convolution, w);
        IReadOnlyList<ConvolutionMeasurement<cudnnConvolutionBwdFilterAlgo_t>> offered = operation.GetHeuristics();
        ConvolutionChoice<cudnnConvolutionBwdFilterAlgo_t> free = operation.Choose();
        ConvolutionChoice<cudnnConvolutionBwdFilterAlgo_t> deterministic = operation.Choose(deterministic: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(offered, Is.Not.Empty);
            Assert.That(offered.Select(m => m.Milliseconds), Is.All.LessThan(0), "nothing was measured");
            Assert.That(free, Is.EqualTo(offered.First(m => m.Succeeded).Choice));
            Assert.That(deterministic.Deterministic);
            Assert.That(operation.GetWorkspaceBytes(free.Algorithm), Is.LessThanOrEqualTo(free.WorkspaceBytes));
        }
    }

    [Test]
    public void No_algorithm_within_the_limit_is_an_error_that_lists_what_there_is()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 8, 8, 8);
        FilterShape w = new(8, 8, 3, 3);
        Convolution convolution = new(Padding: 1);
        using ConvolutionForward operation = new(cudnn, x, w, convolution, convolution.OutputShape(x, w));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => operation.Choose(workspaceLimit: -1))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.StartWith("An algorithm with at most -1 bytes of workspace was asked for (CrossCorrelation, padding 1 x 1"));
            Assert.That(error.Message, Does.Contain("cuDNN offers CUDNN_CONVOLUTION_FWD_ALGO_"));
            Assert.That(error.Message, Does.EndWith("Allow more workspace."));
        }
    }

    [Test]
    public void Measuring_times_algorithms_that_can_be_run_fastest_first()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape xShape = new(2, 8, 8, 8);
        FilterShape wShape = new(8, 8, 3, 3);
        Convolution convolution = new(Padding: 1);
        TensorShape yShape = convolution.OutputShape(xShape, wShape);
        using ConvolutionForward forward = new(cudnn, xShape, wShape, convolution, yShape);
        using ConvolutionBackwardData data = new(cudnn, wShape, yShape, convolution, xShape);
        using ConvolutionBackwardFilter filter = new(cudnn, xShape, yShape, convolution, wShape);
        DeviceMemory<float> x = device.Upload<float>(Reference.Numbers(xShape.Elements, 1));
        DeviceMemory<float> w = device.Upload<float>(Reference.Numbers(wShape.Elements, 2));
        DeviceMemory<float> y = device.Upload<float>(Reference.Numbers(yShape.Elements, 3));
        DeviceMemory<byte> workspace = device.Own(device.Context.Allocate<byte>(16.MiB()));
        Check(forward.Measure(), long.MaxValue);
        Check(data.Measure(), long.MaxValue);
        Check(filter.Measure(), long.MaxValue);
        Check(forward.Measure(x, w, workspace, y), workspace.Bytes);
        Check(data.Measure(w, y, workspace, x), workspace.Bytes);
        Check(filter.Measure(x, y, workspace, w), workspace.Bytes);
        Assert.That(forward.ChooseMeasured(workspace.Bytes).WorkspaceBytes, Is.LessThanOrEqualTo(workspace.Bytes));

        static void Check<T>(IReadOnlyList<ConvolutionMeasurement<T>> measured, long limit)
            where T : unmanaged, Enum
        {
            ConvolutionMeasurement<T>[] usable = [.. measured.Where(m => m.Succeeded)];
            using (Assert.EnterMultipleScope())
            {
                Assert.That(usable, Is.Not.Empty);
                Assert.That(usable.Select(m => m.Milliseconds), Is.All.GreaterThan(0));
                Assert.That(usable.Select(m => m.Milliseconds), Is.Ordered);
                Assert.That(usable.Select(m => m.Choice.WorkspaceBytes), Is.All.LessThanOrEqualTo(limit));
            }
        }
    }

    [Test]
    public void Every_algorithm_that_is_offered_gives_the_same_result()
    {
        TensorShape xShape = new(2, 8, 9, 9);
        FilterShape wShape = new(8, 8, 3, 3);
        Convolution convolution = new(Padding: 1);
        TensorShape yShape = convolution.OutputShape(xShape, wShape);
        float[] x = Reference.Numbers(xShape.Elements, 1);
        float[] w = Reference.Numbers(wShape.Elements, 2);
        double[] expected = new double[yShape.Elements];
        Reference.Products(xShape, wShape, convolution, yShape, (to, image, filter) => expected[to] += (double)x[image] * w[filter]);

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using ConvolutionForward operation = new(cudnn, xShape, wShape, convolution, yShape);
        DeviceMemory<float> y = device.Own(device.Context.Allocate<float>(yShape.Elements));
        DeviceMemory<float> onDeviceX = device.Upload<float>(x);
        DeviceMemory<float> onDeviceW = device.Upload<float>(w);
        foreach (ConvolutionMeasurement<cudnnConvolutionFwdAlgo_t> offered in operation.GetHeuristics().Where(m => m.Succeeded))
        {
            device.Stream.Fill(y.Span, float.NaN);
            operation.Run(offered.Choice, 1, onDeviceX, onDeviceW, Workspace(device, offered.Choice.WorkspaceBytes), 0, y);
            Reference.AssertClose(device.Download(y.Span), expected, 1e-5, offered.Choice.Algorithm.ToString());
        }
    }

    [Test]
    public void Bias_sum_and_activation_come_in_one()
    {
        TensorShape xShape = new(2, 4, 5, 5);
        FilterShape wShape = new(6, 4, 3, 3);
        Convolution convolution = new(Padding: 1);
        TensorShape yShape = convolution.OutputShape(xShape, wShape);
        float[] x = Reference.Numbers(xShape.Elements, 1);
        float[] w = Reference.Numbers(wShape.Elements, 2);
        float[] z = Reference.Numbers(yShape.Elements, 3);
        float[] bias = Reference.Numbers(6, 4);
        double[] products = new double[yShape.Elements];
        Reference.Products(xShape, wShape, convolution, yShape, (to, image, filter) => products[to] += (double)x[image] * w[filter]);
        double[] expected = new double[yShape.Elements];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = Math.Max((0.5 * products[i]) + (2.0 * z[i]) + bias[i % 6], 0);
        }

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using ConvolutionForward chooser = new(cudnn, xShape, wShape, convolution, yShape);
        using ConvolutionBiasActivation operation = new(cudnn, xShape, wShape, convolution, yShape, ActivationMode.Relu);
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> choice = chooser.Choose();
        DeviceMemory<float> y = device.Own(device.Context.Allocate<float>(yShape.Elements));
        operation.Run(
            choice, 0.5, device.Upload<float>(x), device.Upload<float>(w), Workspace(device, choice.WorkspaceBytes), 2.0, device.Upload<float>(z), device.Upload<float>(bias), y);
        Reference.AssertClose(device.Download(y.Span), expected);
    }

    [Test]
    public void Shapes_that_do_not_fit_are_refused_before_anything_is_made()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 8, 8, 8);
        FilterShape w = new(4, 8, 3, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => new ConvolutionForward(cudnn, x, w, new(Padding: 1), new(2, 4, 7, 8)),
                Throws.ArgumentException.With.Message.Contains("'y' is 2 x 4 x 7 x 8 Float32 Nhwc, but a convolution").And.Message.Contains("gives 2 x 4 x 8 x 8 Float32"));
            Assert.That(() => new ConvolutionBackwardData(cudnn, w, new(2, 4, 7, 8), new(Padding: 1), x), Throws.ArgumentException.With.Property("ParamName").EqualTo("dy"));
            Assert.That(() => new ConvolutionBackwardFilter(cudnn, x, new(2, 4, 7, 8), new(Padding: 1), w), Throws.ArgumentException.With.Property("ParamName").EqualTo("dy"));
            Assert.That(() => new ConvolutionForward(cudnn, x, w with { C = 7 }, new(Padding: 1), new(2, 4, 8, 8)), Throws.ArgumentException);
            Assert.That(() => new ConvolutionForward(cudnn, x with { Type = DataType.Float64 }, w, new(Padding: 1), new(2, 4, 8, 8)), Throws.ArgumentException);
            Assert.That(() => new ConvolutionForward(null!, x, w, new(Padding: 1), new(2, 4, 8, 8)), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void A_workspace_that_is_too_short_is_refused_before_the_call()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 8, 8, 8);
        FilterShape w = new(8, 8, 3, 3);
        using ConvolutionForward operation = new(cudnn, x, w, new(Padding: 1), x);
        ConvolutionChoice<cudnnConvolutionFwdAlgo_t> hungry = operation.Choose() with { WorkspaceBytes = 1000 };
        DevicePointer somewhere = device.Upload<float>(new float[x.Elements]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => operation.Run(hungry, 1, somewhere, somewhere, default, 0, somewhere),
                Throws.ArgumentException.With.Message.StartsWith("'workspace' must have at least 1000 bytes; 0 were given."));
            Assert.That(
                () => operation.Run(operation.Choose(), 1, DevicePointer.Null, somewhere, Workspace(device, operation.Choose().WorkspaceBytes), 0, somewhere),
                Throws.ArgumentNullException.With.Property("ParamName").EqualTo("x"));
        }
    }

    private static DeviceSpan<byte> Workspace(TestDevice device, long bytes) => bytes == 0 ? default : device.Own(device.Context.Allocate<byte>(bytes)).Span;

    // Without blending the destination must not be read: NaN would show.
    private static float[] Prior(long count, bool blended)
    {
        float[] prior = Reference.Numbers(count, 9);
        if (!blended)
        {
            Array.Fill(prior, float.NaN);
        }

        return prior;
    }
}
