namespace CudnnNet.Tests;

/// <summary>Tensors of five dimensions: convolution, pooling, normalisation and bias over volumes, against plain loops in double.</summary>
public sealed class VolumeTests
{
    private static readonly TensorLayout[] s_layouts = [TensorLayout.Nchw, TensorLayout.Nhwc];

    [Test]
    public void A_volume_has_five_strides_and_five_dimensions_in_its_name()
    {
        TensorShape planes = new(2, 3, 5, 6, Layout: TensorLayout.Nchw) { D = 4 };
        TensorShape pixels = planes with { Layout = TensorLayout.Nhwc };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(planes.Strides, Is.EqualTo(new TensorStrides(360, 120, 6, 1) { D = 30 }));
            Assert.That(pixels.Strides, Is.EqualTo(new TensorStrides(360, 1, 18, 3) { D = 90 }));
            Assert.That(planes.Elements, Is.EqualTo(720));
            Assert.That(planes.ToString(), Is.EqualTo("2 x 3 x 4 x 5 x 6 Float32 Nchw"));
            Assert.That(new FilterShape(7, 3, 2, 2) { T = 3 }.ToString(), Is.EqualTo("7 x 3 x 3 x 2 x 2 Float32 Nhwc"));
            Assert.That(new FilterShape(7, 3, 2, 2) { T = 3 }.Elements, Is.EqualTo(252));
            Assert.That(new Convolution(1).OutputShape(pixels, new FilterShape(7, 3, 3, 3) { T = 3 }), Is.EqualTo(new TensorShape(2, 7, 5, 6) { D = 4 }));
            Assert.Throws<ArgumentException>(() => new Convolution(1).OutputShape(pixels, new FilterShape(7, 3, 3, 3)));
            Assert.Throws<ArgumentException>(() => new PoolingWindow(2, 2, 0, 0, 2, 2).OutputShape(pixels));
            Assert.That(PoolingWindow.Global(pixels).OutputShape(pixels), Is.EqualTo(new TensorShape(2, 3, 1, 1) { D = 1 }));
        }
    }

    [Test]
    public void A_convolution_of_volumes_and_its_gradients_are_the_sums_of_products([ValueSource(nameof(s_layouts))] TensorLayout layout, [Values(1, 2)] int groups)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 4, 5, 4, Layout: layout) { D = 3 };
        FilterShape w = new(6, 4 / groups, 3, 2, Layout: layout) { T = 2 };
        Convolution convolution = new(1, 0, 2, 1, 1, 1, groups) { PaddingDepth = 1, StrideDepth = 2, DilationDepth = 1 };
        TensorShape y = convolution.OutputShape(x, w);
        float[] image = Reference.Numbers(x.Elements, 1);
        float[] filter = Reference.Numbers(w.Elements, 2);
        float[] gradient = Reference.Numbers(y.Elements, 3);
        double[] forward = new double[y.Elements];
        double[] data = new double[x.Elements];
        double[] weights = new double[w.Elements];
        Products(x, w, convolution, y, (o, i, f) =>
        {
            forward[o] += (double)image[i] * filter[f];
            data[i] += (double)gradient[o] * filter[f];
            weights[f] += (double)gradient[o] * image[i];
        });
        DeviceMemory<float> xs = device.Upload<float>(image);
        DeviceMemory<float> ws = device.Upload<float>(filter);
        DeviceMemory<float> dys = device.Upload<float>(gradient);
        DeviceMemory<float> ys = device.Own(device.Context.Allocate<float>(y.Elements));
        DeviceMemory<float> dxs = device.Own(device.Context.Allocate<float>(x.Elements));
        DeviceMemory<float> dws = device.Own(device.Context.Allocate<float>(w.Elements));
        using ConvolutionForward operation = new(cudnn, x, w, convolution, y);
        using ConvolutionBackwardData backwardData = new(cudnn, w, y, convolution, x);
        using ConvolutionBackwardFilter backwardFilter = new(cudnn, x, y, convolution, w);
        var choice = operation.Choose();
        var dataChoice = backwardData.Choose();
        var filterChoice = backwardFilter.Choose();
        DeviceMemory<byte> workspace = device.Own(device.Context.Allocate<byte>(
            Math.Max(1, Math.Max(choice.WorkspaceBytes, Math.Max(dataChoice.WorkspaceBytes, filterChoice.WorkspaceBytes)))));
        operation.Run(choice, 1, xs, ws, workspace, 0, ys);
        backwardData.Run(dataChoice, 1, ws, dys, workspace, 0, dxs);
        backwardFilter.Run(filterChoice, 1, xs, dys, workspace, 0, dws);
        using (Assert.EnterMultipleScope())
        {
            Reference.AssertClose(device.Download(ys.Span), forward, what: "y");
            Reference.AssertClose(device.Download(dxs.Span), data, what: "dx");
            Reference.AssertClose(device.Download(dws.Span), weights, what: "dw");
        }
    }

    [Test]
    public void Pooling_of_volumes_takes_windows_of_three_dimensions([ValueSource(nameof(s_layouts))] TensorLayout layout)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 3, 6, 5, Layout: layout) { D = 4 };
        PoolingWindow window = new(2, 3, 0, 1, 2, 1) { Depth = 2, PaddingDepth = 1, StrideDepth = 2 };
        using Pooling maximum = new(cudnn, PoolingMode.Max, window, x);
        using Pooling average = new(cudnn, PoolingMode.AverageIncludePadding, window, x);
        TensorShape y = maximum.OutputShape;
        float[] values = Reference.Numbers(x.Elements, 4);
        double[] largest = new double[y.Elements];
        double[] mean = new double[y.Elements];
        Array.Fill(largest, double.NegativeInfinity);
        ForEach(y, (n, c, d, h, w) =>
        {
            long at = At(y, n, c, d, h, w);
            for (int a = 0; a < window.Depth; a++)
            {
                for (int r = 0; r < window.Height; r++)
                {
                    for (int s = 0; s < window.Width; s++)
                    {
                        int slice = (d * window.StrideDepth) - window.PaddingDepth + a;
                        int row = (h * window.StrideHeight) - window.PaddingHeight + r;
                        int column = (w * window.StrideWidth) - window.PaddingWidth + s;
                        if (slice >= 0 && slice < x.D && row >= 0 && row < x.H && column >= 0 && column < x.W)
                        {
                            double value = values[At(x, n, c, slice, row, column)];
                            largest[at] = Math.Max(largest[at], value);
                            mean[at] += value / (window.Depth * window.Height * window.Width);
                        }
                    }
                }
            }
        });
        DeviceMemory<float> xs = device.Upload<float>(values);
        DeviceMemory<float> ys = device.Own(device.Context.Allocate<float>(y.Elements));
        maximum.Forward(1, xs, 0, ys);
        float[] foundLargest = device.Download(ys.Span);
        average.Forward(1, xs, 0, ys);
        using (Assert.EnterMultipleScope())
        {
            Reference.AssertClose(foundLargest, largest, what: "maximum");
            Reference.AssertClose(device.Download(ys.Span), mean, what: "average");
        }
    }

    [Test]
    public void Normalisation_and_bias_of_volumes_go_over_all_slices([ValueSource(nameof(s_layouts))] TensorLayout layout)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape x = new(2, 3, 4, 5, Layout: layout) { D = 2 };
        using BatchNormalization normalization = new(cudnn, BatchNormalizationMode.Spatial, x);
        TensorShape bias = new(1, 3, 1, 1, Layout: TensorLayout.Nchw) { D = 1 };
        using BiasGradient biasGradient = new(cudnn, x, bias);
        using TensorAdd add = new(cudnn, bias, x);
        float[] values = Reference.Numbers(x.Elements, 5);
        const int each = 2 * 2 * 4 * 5;
        double[] sum = new double[3];
        double[] variance = new double[3];
        ForEach(x, (n, c, d, h, w) => sum[c] += values[At(x, n, c, d, h, w)]);
        ForEach(x, (n, c, d, h, w) => variance[c] += Math.Pow(values[At(x, n, c, d, h, w)] - (sum[c] / each), 2) / each);
        double[] normalized = new double[x.Elements];
        double[] shifted = new double[x.Elements];
        ForEach(x, (n, c, d, h, w) =>
        {
            long at = At(x, n, c, d, h, w);
            normalized[at] = ((values[at] - (sum[c] / each)) / Math.Sqrt(variance[c] + 1e-5) * (c + 1)) + c;
            shifted[at] = values[at] + c;
        });
        DeviceMemory<float> xs = device.Upload<float>(values);
        DeviceMemory<float> ys = device.Own(device.Context.Allocate<float>(x.Elements));
        DeviceMemory<float> scale = device.Upload<float>(1, 2, 3);
        DeviceMemory<float> shift = device.Upload<float>(0, 1, 2);
        DeviceMemory<float> db = device.Own(device.Context.Allocate<float>(3));
        normalization.ForwardTraining(1, xs, 0, ys, scale, shift, 1, default, default, 1e-5, default, default);
        biasGradient.Run(1, xs, 0, db);
        float[] found = device.Download(ys.Span);
        add.Run(1, shift, 1, xs);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(normalization.ParameterShape, Is.EqualTo(bias));
            Reference.AssertClose(found, normalized, 4e-6, "bn");
            Reference.AssertClose(device.Download(db.Span), sum, 4e-6, "db");
            Reference.AssertClose(device.Download(xs.Span), shifted, what: "add");
        }
    }

    private static long At(TensorShape s, int n, int c, int d, int h, int w) =>
        ((long)n * s.Strides.N) + ((long)c * s.Strides.C) + ((long)d * s.Strides.D) + ((long)h * s.Strides.H) + ((long)w * s.Strides.W);

    private static void ForEach(TensorShape s, Action<int, int, int, int, int> visit)
    {
        for (long i = 0; i < s.Elements; i++)
        {
            long rest = i;
            int w = (int)(rest % s.W);
            rest /= s.W;
            int h = (int)(rest % s.H);
            rest /= s.H;
            int d = (int)(rest % s.D);
            rest /= s.D;
            visit((int)(rest / s.C), (int)(rest % s.C), d, h, w);
        }
    }

    private static void Products(TensorShape x, FilterShape f, Convolution v, TensorShape y, Action<long, long, long> visit)
    {
        int filtersPerGroup = f.K / v.Groups;
        // The filter's memory is that of a tensor of K images.
        TensorShape filter = new(f.K, f.C, f.R, f.S, f.Type, f.Layout) { D = f.T };
        ForEach(y, (n, k, o, p, q) =>
        {
            for (int c = 0; c < f.C; c++)
            {
                for (int t = 0; t < f.T; t++)
                {
                    for (int r = 0; r < f.R; r++)
                    {
                        for (int s = 0; s < f.S; s++)
                        {
                            int slice = (o * v.StrideDepth) - v.PaddingDepth + (t * v.DilationDepth);
                            int row = (p * v.StrideHeight) - v.PaddingHeight + (r * v.DilationHeight);
                            int column = (q * v.StrideWidth) - v.PaddingWidth + (s * v.DilationWidth);
                            if (slice >= 0 && slice < x.D && row >= 0 && row < x.H && column >= 0 && column < x.W)
                            {
                                visit(At(y, n, k, o, p, q), At(x, n, (k / filtersPerGroup * f.C) + c, slice, row, column), At(filter, k, c, t, r, s));
                            }
                        }
                    }
                }
            }
        });
    }
}
