using CudnnNet;
using Golden;
using ResNet.Tests.Reference;

namespace ResNet.Tests.Graphs;

/// <summary>Every graph a step is made of computes what plain sums in double precision give, up to the rounding of its type.</summary>
[TestFixture(DataType.Float32)]
[TestFixture(DataType.BFloat16)]
[TestFixture(DataType.Float16)]
public sealed class StepGraphTests(DataType type)
{
    private const double Epsilon = 1e-5;
    private const double Factor = 0.1;

    private GraphRun _run = null!;

    [OneTimeSetUp]
    public void Open() => _run = new GraphRun();

    [OneTimeTearDown]
    public void Close() => _run.Dispose();

    [TestCase(16, 24, 9, 3, 1)]
    [TestCase(16, 24, 9, 3, 2)]
    [TestCase(16, 32, 8, 1, 2)]
    [TestCase(3, 16, 20, 7, 2)]
    public void Convolutions_and_their_gradients(int c, int k, int size, int window, int stride)
    {
        Convolution geometry = new(Padding: window / 2, Stride: stride);
        FilterShape filter = new(k, c, window, window, type);
        Volume x = Random("x", 4, size, size, c);
        double[] filters = Numbers("w", k * window * window * c, 0.3);

        // The reference has a filter in each column, R, S, C down; in memory a filter is a row.
        double[] columns = Transposed(filters, k, window * window * c);
        Volume y = ReferenceConvolution.Forward(x, columns, k, window, stride);
        TensorShape image = Shape(x), result = Shape(y);
        var forward = ConvolutionForwardGraph.Of(image, filter, geometry);
        Expect(_run.Execute(forward, [(forward.X, x.Values), (forward.W, filters)])(forward.Y), y.Values);

        Numbers("dy", y.Values.Length, 1).CopyTo(y.Gradient, 0);
        double[] columnGradients = new double[columns.Length];
        ReferenceConvolution.Backward(x, y, columns, columnGradients, window, stride, inputGradient: true);
        var filterGradient = FilterGradientGraph.Of(image, result, geometry, filter);
        Expect(_run.Execute(filterGradient, [(filterGradient.X, x.Values), (filterGradient.Dy, y.Gradient)])(filterGradient.Dw), Transposed(columnGradients, window * window * c, k));

        var dataGradient = DataGradientGraph.Of(result, filter, geometry, image, adds: false);
        Expect(_run.Execute(dataGradient, [(dataGradient.Dy, y.Gradient), (dataGradient.W, filters)])(dataGradient.Dx), x.Gradient);

        double[] other = Numbers("other", x.Values.Length, 1);
        var sum = DataGradientGraph.Of(result, filter, geometry, image, adds: true);
        Expect(_run.Execute(sum, [(sum.Dy, y.Gradient), (sum.W, filters), (sum.Other!, other)])(sum.Dx), [.. x.Gradient.Zip(other, (a, b) => a + b)]);
    }

    [TestCase(false, false)]
    [TestCase(false, true)]
    [TestCase(true, true)]
    public void Normalisations_with_what_follows_them_and_their_gradients(bool adds, bool relu)
    {
        const int C = 24;
        Volume x = Random("x", 4, 6, 5, C);
        double[] scale = Numbers("scale", C, 1, DataType.Float32), shift = Numbers("shift", C, 1, DataType.Float32);
        double[] runningMean = Numbers("running mean", C, 1, DataType.Float32), runningVariance = Array.ConvertAll(Numbers("running variance", C, 1, DataType.Float32), Math.Abs);
        double[] added = Numbers("added", x.Values.Length, 1);
        var (mean, variance) = ReferenceLayers.Statistics(x);
        double[] inverse = Array.ConvertAll(variance, value => 1 / Math.Sqrt(value + Epsilon));
        Volume y = ReferenceLayers.Normalize(x, mean, inverse, scale, shift);
        double[] output = [.. y.Values.Select((value, i) => value + (adds ? added[i] : 0)).Select(value => relu ? Math.Max(value, 0) : value)];

        var forward = NormalizationGraph.Of(Shape(x), adds, relu, Epsilon, Factor);
        List<(GraphTensor, double[])> inputs =
            [(forward.X, x.Values), (forward.Scale, scale), (forward.Shift, shift), (forward.RunningMean, runningMean), (forward.RunningVariance, runningVariance)];
        if (adds)
        {
            inputs.Add((forward.Added!, added));
        }

        // As in a step: the running statistics are read and written in place.
        var results = _run.Execute(forward, [.. inputs], (forward.NextRunningMean, forward.RunningMean), (forward.NextRunningVariance, forward.RunningVariance));
        Expect(results(forward.Y), output);
        Expect(results(forward.Mean), mean, DataType.Float32);
        Expect(results(forward.InverseDeviation), inverse, DataType.Float32);
        Expect(results(forward.NextRunningMean), [.. runningMean.Zip(mean, (old, now) => (old * (1 - Factor)) + (now * Factor))], DataType.Float32);
        double unbiased = x.Pixels / (x.Pixels - 1.0);
        Expect(results(forward.NextRunningVariance), [.. runningVariance.Zip(variance, (old, now) => (old * (1 - Factor)) + (now * unbiased * Factor))], DataType.Float32);

        // With a sum between, the ReLU's gradient is an operation of its own: the graph takes what it leaves.
        bool masks = relu && !adds;
        double[] dy = Numbers("dy", x.Values.Length, 1);
        for (int i = 0; i < dy.Length; i++)
        {
            y.Gradient[i] = masks && output[i] <= 0 ? 0 : dy[i];
        }

        double[] scaleGradient = new double[C], shiftGradient = new double[C];
        ReferenceLayers.NormalizeBackward(x, y, mean, inverse, scale, scaleGradient, shiftGradient);
        var backward = NormalizationGradientGraph.Of(Shape(x), masks, Epsilon);
        List<(GraphTensor, double[])> gradients = [(backward.X, x.Values), (backward.Dy, dy), (backward.Mean, mean), (backward.InverseDeviation, inverse), (backward.Scale, scale)];
        if (masks)
        {
            gradients.Add((backward.Shift!, shift));
        }

        results = _run.Execute(backward, [.. gradients]);
        Expect(results(backward.Dx), x.Gradient);
        Expect(results(backward.DScale), scaleGradient, DataType.Float32);
        Expect(results(backward.DShift), shiftGradient, DataType.Float32);
    }

    // Rounding a result once changes it by half a unit in its last place; what goes from one operation to the next is rounded likewise. Sums in f32 of some hundred products are off by a few units of f32.
    private static double Allowed(DataType type) => type switch
    {
        DataType.BFloat16 => Math.ScaleB(1, -8),
        DataType.Float16 => Math.ScaleB(1, -11),
        _ => Math.ScaleB(1, -20),
    };

    private void Expect(double[] got, double[] expected, DataType? numbers = null)
    {
        Assert.That(got, Has.Length.EqualTo(expected.Length));
        double norm = Math.Sqrt(expected.Sum(value => value * value));
        double distance = Math.Sqrt(got.Zip(expected, (a, b) => (a - b) * (a - b)).Sum());
        Assert.That(distance / norm, Is.LessThan(Allowed(numbers ?? type)));
    }

    private TensorShape Shape(Volume volume) => new(volume.N, volume.C, volume.H, volume.W, type);

    private Volume Random(string name, int n, int h, int w, int c)
    {
        Volume volume = new(n, h, w, c);
        Numbers(name, volume.Values.Length, 1).CopyTo(volume.Values, 0);
        return volume;
    }

    private double[] Numbers(string name, int count, double bound, DataType? numbers = null)
    {
        ulong seed = Formula.Seed(name);
        return GraphRun.Rounded([.. Enumerable.Range(0, count).Select(i => bound * Formula.Weight(seed, i))], numbers ?? type);
    }

    private static double[] Transposed(double[] matrix, int rows, int columns)
    {
        double[] result = new double[matrix.Length];
        for (int i = 0; i < matrix.Length; i++)
        {
            result[(i % columns * rows) + (i / columns)] = matrix[i];
        }

        return result;
    }
}
