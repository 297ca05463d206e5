namespace CudnnNet.Tests;

/// <summary>Activations, softmax, pooling and tensor arithmetic against hand-made values and the formulas.</summary>
public sealed class ElementwiseTests
{
    private static readonly TensorShape s_shape = new(2, 3, 4, 5);

    private static IEnumerable<TestCaseData> Activations()
    {
        yield return new TestCaseData(ActivationMode.Relu, 0.0, (Func<double, double>)(x => Math.Max(x, 0)), (Func<double, double>)(x => x > 0 ? 1 : 0));
        yield return new TestCaseData(
            ActivationMode.Sigmoid, 0.0, (Func<double, double>)Sigmoid, (Func<double, double>)(x => Sigmoid(x) * (1 - Sigmoid(x))));
        yield return new TestCaseData(ActivationMode.Tanh, 0.0, (Func<double, double>)Math.Tanh, (Func<double, double>)(x => 1 - Math.Pow(Math.Tanh(x), 2)));
        yield return new TestCaseData(
            ActivationMode.ClippedRelu, 0.5, (Func<double, double>)(x => Math.Min(Math.Max(x, 0), 0.5)), (Func<double, double>)(x => x is > 0 and < 0.5 ? 1 : 0));
        yield return new TestCaseData(
            ActivationMode.Elu, 0.3, (Func<double, double>)(x => x > 0 ? x : 0.3 * (Math.Exp(x) - 1)), (Func<double, double>)(x => x > 0 ? 1 : 0.3 * Math.Exp(x)));
        yield return new TestCaseData(
            ActivationMode.Swish,
            1.7,
            (Func<double, double>)(x => x * Sigmoid(1.7 * x)),
            (Func<double, double>)(x => Sigmoid(1.7 * x) + (1.7 * x * Sigmoid(1.7 * x) * (1 - Sigmoid(1.7 * x)))));
    }

    [TestCaseSource(nameof(Activations))]
    public void An_activation_and_its_gradient_are_those_of_the_formula(
        ActivationMode mode, double coefficient, Func<double, double> function, Func<double, double> derivative)
    {
        float[] x = [.. Reference.Numbers(s_shape.Elements, 1).Select(v => v * 2)];
        float[] dy = Reference.Numbers(s_shape.Elements, 2);
        float[] prior = Reference.Numbers(s_shape.Elements, 3);
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using Activation operation = new(cudnn, mode, s_shape, coefficient);
        DeviceMemory<float> onX = device.Upload<float>(x);
        DeviceMemory<float> y = device.Upload<float>([.. x.Select(_ => float.NaN)]);
        DeviceMemory<float> blended = device.Upload<float>(prior);
        DeviceMemory<float> dx = device.Upload<float>(prior);
        operation.Forward(1, onX, 0, y);
        operation.Forward(2, onX, 0.5, blended);
        operation.Backward(2, y, device.Upload<float>(dy), onX, 0.5, dx);
        double[] expected = [.. x.Select(v => function(v))];
        Reference.AssertClose(device.Download(y.Span), expected, 2e-6, "y");
        Reference.AssertClose(device.Download(blended.Span), Reference.Blend(expected, 2, 0.5, prior), 2e-6, "blended");
        Reference.AssertClose(device.Download(dx.Span), Reference.Blend([.. x.Select((v, i) => derivative(v) * dy[i])], 2, 0.5, prior), 2e-6, "dx");
    }

    [Test]
    public void An_activation_may_work_in_place()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using Activation operation = new(cudnn, ActivationMode.Relu, new(1, 4, 1, 1));
        DeviceMemory<float> x = device.Upload<float>(-1, 0, 2, float.NaN);
        operation.Forward(1, x, 0, x);
        Assert.That(device.Download(x.Span), Is.EqualTo(new float[] { 0, 0, 2, float.NaN }));
    }

    [Test]
    public void Softmax_and_its_gradient_are_those_of_the_formula(
        [Values] SoftmaxAlgorithm algorithm, [Values] SoftmaxMode mode, [Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout)
    {
        TensorShape shape = s_shape with { Layout = layout };
        float[] x = [.. Reference.Numbers(shape.Elements, 1).Select(v => v * 3)];
        float[] dy = Reference.Numbers(shape.Elements, 2);
        int[] group = new int[x.Length];
        for (int n = 0; n < shape.N; n++)
        {
            for (int c = 0; c < shape.C; c++)
            {
                for (int h = 0; h < shape.H; h++)
                {
                    for (int w = 0; w < shape.W; w++)
                    {
                        group[Reference.At(shape, n, c, h, w)] = mode == SoftmaxMode.Instance ? n : (((n * shape.H) + h) * shape.W) + w;
                    }
                }
            }
        }

        int groups = group.Max() + 1;
        double[] sum = new double[groups];
        for (int i = 0; i < x.Length; i++)
        {
            sum[group[i]] += Math.Exp(x[i]);
        }

        bool log = algorithm == SoftmaxAlgorithm.Log;
        double[] expected = [.. x.Select((v, i) => log ? v - Math.Log(sum[group[i]]) : Math.Exp(v) / sum[group[i]])];
        double[] dot = new double[groups];
        for (int i = 0; i < x.Length; i++)
        {
            dot[group[i]] += log ? dy[i] : expected[i] * dy[i];
        }

        double[] gradient = [.. dy.Select((v, i) => log ? v - (Math.Exp(expected[i]) * dot[group[i]]) : expected[i] * (v - dot[group[i]]))];

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using Softmax operation = new(cudnn, algorithm, mode, shape);
        DeviceMemory<float> y = device.Upload<float>([.. x.Select(_ => float.NaN)]);
        DeviceMemory<float> dx = device.Upload<float>([.. x.Select(_ => float.NaN)]);
        operation.Forward(1, device.Upload<float>(x), 0, y);
        operation.Backward(1, y, device.Upload<float>(dy), 0, dx);
        Reference.AssertClose(device.Download(y.Span), expected, 4e-6, "y");
        Reference.AssertClose(device.Download(dx.Span), gradient, 4e-6, "dx");
    }

    [Test]
    public void Pooling_takes_the_window_as_the_mode_says([Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout)
    {
        // One plane, 1..9 row by row; windows 2 x 2 with padding 1 and stride 2.
        TensorShape shape = new(1, 1, 3, 3, Layout: layout);
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        (PoolingMode Mode, float[] Y, float[] Dx)[] cases =
        [
            (PoolingMode.Max, [1, 3, 7, 9], [1, 0, 2, 0, 0, 0, 3, 0, 4]),
            (PoolingMode.MaxDeterministic, [1, 3, 7, 9], [1, 0, 2, 0, 0, 0, 3, 0, 4]),
            (PoolingMode.AverageIncludePadding, [0.25f, 1.25f, 2.75f, 7], [0.25f, 0.5f, 0.5f, 0.75f, 1, 1, 0.75f, 1, 1]),
            (PoolingMode.AverageExcludePadding, [1, 2.5f, 5.5f, 7], [1, 1, 1, 1.5f, 1, 1, 1.5f, 1, 1]),
        ];
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        foreach ((PoolingMode mode, float[] expected, float[] gradient) in cases)
        {
            using Pooling operation = new(cudnn, mode, new PoolingWindow(2, 1, 2), shape);
            Assert.That(operation.OutputShape, Is.EqualTo(new TensorShape(1, 1, 2, 2, Layout: layout)));
            DeviceMemory<float> onX = device.Upload<float>(x);
            DeviceMemory<float> y = device.Upload<float>(float.NaN, float.NaN, float.NaN, float.NaN);
            DeviceMemory<float> dy = device.Upload<float>(1, 2, 3, 4);
            DeviceMemory<float> dx = device.Upload<float>([.. x.Select(_ => float.NaN)]);
            operation.Forward(1, onX, 0, y);
            operation.Backward(1, y, dy, onX, 0, dx);
            DeviceMemory<float> blended = device.Upload<float>(1, 1, 1, 1);
            operation.Forward(2, onX, -1, blended);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(device.Download(y.Span), Is.EqualTo(expected).Within(1e-6f), $"{mode} y");
                Assert.That(device.Download(dx.Span), Is.EqualTo(gradient).Within(1e-6f), $"{mode} dx");
                Assert.That(device.Download(blended.Span), Is.EqualTo(expected.Select(v => (2 * v) - 1)).Within(1e-6f), $"{mode} blended");
            }
        }
    }

    [Test]
    public void The_global_average_is_the_mean_of_each_channel([Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout)
    {
        TensorShape shape = new(2, 3, 4, 4, Layout: layout);
        float[] x = Reference.Numbers(shape.Elements, 1);
        double[] expected = new double[6];
        for (int n = 0; n < 2; n++)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int h = 0; h < 4; h++)
                {
                    for (int w = 0; w < 4; w++)
                    {
                        expected[(n * 3) + c] += x[Reference.At(shape, n, c, h, w)] / 16.0;
                    }
                }
            }
        }

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using Pooling operation = new(cudnn, PoolingMode.AverageExcludePadding, PoolingWindow.Global(shape), shape);
        DeviceMemory<float> y = device.Own(device.Context.Allocate<float>(6));
        operation.Forward(1, device.Upload<float>(x), 0, y);
        Reference.AssertClose(device.Download(y.Span), expected);
    }

    [Test]
    public void A_bias_is_added_to_every_pixel_and_its_gradient_sums_them([Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout)
    {
        TensorShape shape = s_shape with { Layout = layout };
        TensorShape biasShape = new(1, 3, 1, 1, Layout: layout);
        float[] y = Reference.Numbers(shape.Elements, 1);
        float[] bias = [10, 20, 30];
        double[] expected = new double[y.Length];
        double[] sums = new double[3];
        for (int n = 0; n < shape.N; n++)
        {
            for (int c = 0; c < shape.C; c++)
            {
                for (int h = 0; h < shape.H; h++)
                {
                    for (int w = 0; w < shape.W; w++)
                    {
                        long at = Reference.At(shape, n, c, h, w);
                        expected[at] = (2.0 * bias[c]) + (0.5 * y[at]);
                        sums[c] += y[at];
                    }
                }
            }
        }

        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using TensorAdd add = new(cudnn, biasShape, shape);
        using BiasGradient gradient = new(cudnn, shape, biasShape);
        DeviceMemory<float> onY = device.Upload<float>(y);
        DeviceMemory<float> db = device.Upload<float>(1, 1, 1);
        gradient.Run(2, onY, -1, db);
        add.Run(2, device.Upload<float>(bias), 0.5, onY);
        Reference.AssertClose(device.Download(onY.Span), expected, 2e-6, "y");
        Reference.AssertClose(device.Download(db.Span), Reference.Blend(sums, 2, -1, [1, 1, 1]), 2e-6, "db");
    }

    [TestCase(TensorFunction.Add, new float[] { 12, 7, 9, 12 })]
    [TestCase(TensorFunction.Multiply, new float[] { 20, 12, 18, 32 })]
    [TestCase(TensorFunction.Minimum, new float[] { 2, 3, 3, 4 })]
    [TestCase(TensorFunction.Maximum, new float[] { 10, 4, 6, 8 })]
    public void Two_tensors_become_one(TensorFunction function, float[] expected)
    {
        TensorShape shape = new(2, 2, 1, 1);
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using TensorOperation operation = new(cudnn, function, shape, shape, shape);
        DeviceMemory<float> c = device.Upload<float>(float.NaN, float.NaN, float.NaN, float.NaN);
        operation.Run(2, device.Upload<float>(1, 2, 3, 4), 0.5, device.Upload<float>(20, 6, 6, 8), 0, c);
        Assert.That(device.Download(c.Span), Is.EqualTo(expected));
    }

    [Test]
    public void The_second_operand_is_repeated_and_the_result_blended()
    {
        TensorShape shape = new(2, 2, 1, 2);
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using TensorOperation multiply = new(cudnn, TensorFunction.Multiply, shape, new(1, 2, 1, 1), shape);
        using TensorOperation root = new(cudnn, TensorFunction.SquareRoot, shape, shape, shape);
        DeviceMemory<float> a = device.Upload<float>(1, 2, 3, 4, 5, 6, 7, 8);
        DeviceMemory<float> c = device.Upload<float>(1, 1, 1, 1, 1, 1, 1, 1);
        multiply.Run(1, a, 1, device.Upload<float>(10, 100), -1, c);
        Assert.That(device.Download(c.Span), Is.EqualTo(new float[] { 9, 199, 29, 399, 49, 599, 69, 799 }));
        root.Run(4, a, 1, a, 0, c);
        Reference.AssertClose(device.Download(c.Span), [.. Enumerable.Range(1, 8).Select(v => 2 * Math.Sqrt(v))]);
    }

    [Test]
    public void A_reduction_goes_over_what_the_result_lacks([Values(TensorReductionMode.Add, TensorReductionMode.Average, TensorReductionMode.Maximum, TensorReductionMode.Norm2)] TensorReductionMode mode)
    {
        TensorShape shape = new(2, 3, 2, 2);
        float[] a = Reference.Numbers(shape.Elements, 1);
        double[] expected = [.. Enumerable.Range(0, 3).Select(c =>
        {
            IEnumerable<double> values = a.Where((_, i) => i % 3 == c).Select(v => (double)v);
            return mode switch
            {
                TensorReductionMode.Add => values.Sum(),
                TensorReductionMode.Average => values.Average(),
                TensorReductionMode.Maximum => values.Max(),
                _ => Math.Sqrt(values.Sum(v => v * v)),
            };
        })];
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using TensorReduction operation = new(cudnn, mode, shape, new(1, 3, 1, 1));
        DeviceMemory<byte> workspace = device.Own(device.Context.Allocate<byte>(Math.Max(1, operation.WorkspaceBytes)));
        DeviceMemory<float> c = device.Upload<float>(1, 1, 1);
        operation.Run(2, device.Upload<float>(a), workspace, -1, c);
        Reference.AssertClose(device.Download(c.Span), Reference.Blend(expected, 2, -1, [1, 1, 1]));
    }

    [Test]
    public void A_transform_changes_the_layout_and_nothing_else()
    {
        TensorShape planes = new(2, 3, 4, 5, Layout: TensorLayout.Nchw);
        TensorShape pixels = planes with { Layout = TensorLayout.Nhwc };
        float[] x = Reference.Numbers(planes.Elements, 1);
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using TensorTransform there = new(cudnn, planes, pixels);
        using TensorTransform back = new(cudnn, pixels, planes);
        DeviceMemory<float> y = device.Own(device.Context.Allocate<float>(x.Length));
        DeviceMemory<float> again = device.Own(device.Context.Allocate<float>(x.Length));
        there.Run(1, device.Upload<float>(x), 0, y);
        back.Run(1, y, 0, again);
        float[] moved = device.Download(y.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(moved[Reference.At(pixels, 1, 2, 3, 4)], Is.EqualTo(x[Reference.At(planes, 1, 2, 3, 4)]));
            Assert.That(moved[Reference.At(pixels, 1, 0, 2, 1)], Is.EqualTo(x[Reference.At(planes, 1, 0, 2, 1)]));
            Assert.That(device.Download(again.Span), Is.EqualTo(x));
        }
    }

    [Test]
    public void A_tensor_is_set_and_scaled_without_its_gaps()
    {
        TensorShape shape = new TensorShape(1, 2, 1, 2, Layout: TensorLayout.Nchw) { Strides = new TensorStrides(8, 4, 2, 1) };
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using TensorFill operation = new(cudnn, shape);
        DeviceMemory<float> y = device.Upload<float>(9, 9, 9, 9, 9, 9, 9, 9);
        operation.Set(y, 3);
        operation.Scale(y, 0.5);
        Assert.That(device.Download(y.Span), Is.EqualTo(new float[] { 1.5f, 1.5f, 9, 9, 1.5f, 1.5f, 9, 9 }));
    }

    [Test]
    public void Shapes_that_cannot_be_repeated_are_refused()
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => new TensorAdd(cudnn, new(1, 2, 1, 1), s_shape),
                Throws.ArgumentException.With.Message.StartsWith("'a' is 1 x 2 x 1 x 1 Float32 Nhwc and 'c' 2 x 3 x 4 x 5 Float32 Nhwc; each dimension of 'a' must be 1 or that of 'c'."));
            Assert.That(() => new TensorAdd(cudnn, new(1, 3, 1, 1, DataType.Float64), s_shape), Throws.ArgumentException);
            Assert.That(() => new TensorOperation(cudnn, TensorFunction.Add, new(1, 3, 1, 1), s_shape, s_shape), Throws.ArgumentException.With.Property("ParamName").EqualTo("a"));
            Assert.That(() => new TensorReduction(cudnn, TensorReductionMode.Add, s_shape, new(1, 2, 1, 1)), Throws.ArgumentException.With.Property("ParamName").EqualTo("c"));
            Assert.That(() => new TensorTransform(cudnn, s_shape, s_shape with { H = 5 }), Throws.ArgumentException.With.Property("ParamName").EqualTo("y"));
            Assert.That(() => new BiasGradient(cudnn, s_shape, new(1, 4, 1, 1)), Throws.ArgumentException.With.Property("ParamName").EqualTo("db"));
            Assert.That(() => new TensorFill(cudnn, new(1, 4, 2, 2, DataType.Int8x4, TensorLayout.NchwVector)), Throws.ArgumentException.With.Property("ParamName").EqualTo("y"));
            Assert.That(() => new Activation(cudnn, ActivationMode.Relu, s_shape with { N = 0 }), Throws.ArgumentException);
            Assert.That(() => new Softmax(cudnn, SoftmaxAlgorithm.Fast, SoftmaxMode.Channel, s_shape with { Type = (DataType)99 }), Throws.ArgumentException);
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
