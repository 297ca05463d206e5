namespace CudnnNet.Tests;

/// <summary>The later family of normalisations and divisive normalisation against the formulas.</summary>
public sealed class NormalizationFamilyTests
{
    private const double Epsilon = 1e-3;
    private static readonly DataType[] s_floats = [DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16];

    [Test]
    public void Training_inference_and_gradients_are_those_of_the_formula(
        [Values] NormalizationMode mode, [Values] BatchNormalizationFusion fusion, [ValueSource(nameof(s_floats))] DataType type, [Values(TensorLayout.Nchw, TensorLayout.Nhwc)] TensorLayout layout)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape shape = new(4, 3, 2, 5, type, layout);
        using Normalization normalization = new(cudnn, mode, fusion, shape);
        TensorShape parameters = normalization.ParameterShape;
        TypedTensor x = new(device, shape, 1), z = new(device, shape, 2), dy = new(device, shape, 3), y = TypedTensor.Unread(device, shape);
        TypedTensor scale = new(device, parameters, 4), bias = new(device, parameters, 5), runningMean = new(device, parameters, 6), runningVariance = new(device, parameters, 7);
        TypedTensor mean = TypedTensor.Unread(device, parameters), inverse = TypedTensor.Unread(device, parameters);
        DeviceMemory<byte> reserve = Space(device, normalization.ReserveBytes);
        bool adds = fusion == BatchNormalizationFusion.AddActivation, masks = fusion != BatchNormalizationFusion.None;

        // The statistics of each group.
        int groups = (int)parameters.Elements, count = (int)shape.Elements, perImage = 30, pixels = 10;
        int Group(int i) => mode == NormalizationMode.PerActivation ? i % perImage : i / pixels % 3;
        double m = (double)count / groups;
        double[] means = new double[groups], variances = new double[groups];
        for (int i = 0; i < count; i++)
        {
            means[Group(i)] += x.Values[i] / m;
        }

        for (int i = 0; i < count; i++)
        {
            variances[Group(i)] += Math.Pow(x.Values[i] - means[Group(i)], 2) / m;
        }

        double[] inverses = [.. variances.Select(v => 1 / Math.Sqrt(v + Epsilon))];
        double Normal(int i) => (x.Values[i] - means[Group(i)]) * inverses[Group(i)];
        double Result(int i)
        {
            double value = (Normal(i) * scale.Values[Group(i)]) + bias.Values[Group(i)] + (adds ? z.Values[i] : 0);
            return masks ? Math.Max(0, value) : value;
        }

        double[] results = [.. Enumerable.Range(0, count).Select(Result)];
        normalization.ForwardTraining(
            1, x.Memory, adds ? z.Memory : default(DevicePointer), 0, y.Memory, scale.Memory, bias.Memory, 0.25, runningMean.Memory, runningVariance.Memory, Epsilon,
            mean.Memory, inverse.Memory, Space(device, normalization.ForwardWorkspaceBytes), reserve);
        y.AssertHolds(results, "y", 4);
        mean.AssertHolds(means, "saved mean");
        inverse.AssertHolds(inverses, "saved inverse deviation", 4);
        runningMean.AssertHolds([.. means.Select((v, i) => (0.25 * v) + (0.75 * runningMean.Values[i]))], "running mean");
        runningVariance.AssertHolds([.. variances.Select((v, i) => (0.25 * v * m / (m - 1)) + (0.75 * runningVariance.Values[i]))], "running variance");

        double[] output = y.Download();
        double[] g = [.. dy.Values.Select((v, i) => masks && output[i] <= 0 ? 0 : v)];
        double[] scaleGradient = new double[groups], biasGradient = new double[groups];
        for (int i = 0; i < count; i++)
        {
            scaleGradient[Group(i)] += g[i] * Normal(i);
            biasGradient[Group(i)] += g[i];
        }

        double[] inputGradient = [.. g.Select((v, i) => scale.Values[Group(i)] * inverses[Group(i)] * (v - (biasGradient[Group(i)] / m) - (Normal(i) * scaleGradient[Group(i)] / m)))];
        TypedTensor dx = new(device, shape, 8), dz = TypedTensor.Unread(device, shape), dScale = new(device, parameters, 9), dBias = TypedTensor.Unread(device, parameters);
        normalization.Backward(
            0.5, 2, 1, 0, x.Memory, y.Memory, dy.Memory, adds ? dz.Memory : default(DevicePointer), dx.Memory, scale.Memory, bias.Memory, dScale.Memory, dBias.Memory, Epsilon,
            mean.Memory, inverse.Memory, Space(device, normalization.BackwardWorkspaceBytes), reserve);
        dx.AssertHolds([.. inputGradient.Select((v, i) => (0.5 * v) + (2 * dx.Values[i]))], "dx", 20);
        dScale.AssertHolds(scaleGradient, "dscale", 20);
        dBias.AssertHolds(biasGradient, "dbias", 4);
        if (adds)
        {
            dz.AssertHolds(g, "dz");
        }

        // By given statistics it is the same function.
        TypedTensor givenMean = new(device, parameters, means), givenVariance = new(device, parameters, variances), inferred = new(device, shape, 10);
        normalization.ForwardInference(
            1, x.Memory, adds ? z.Memory : default(DevicePointer), -1, inferred.Memory, scale.Memory, bias.Memory, givenMean.Memory, givenVariance.Memory, Epsilon);
        inferred.AssertHolds([.. results.Select((v, i) => v - inferred.Values[i])], "inferred y", 8);
    }

    [Test]
    public void Divisive_normalisation_and_its_gradients_are_those_of_the_formula([ValueSource(nameof(s_floats))] DataType type, [Values(1, 2, 3, 4)] int window, [Values] bool hasMeans)
    {
        const double Alpha = 0.8, Beta = 0.75, K = 1.5;
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape shape = new(2, 2, 4, 5, type);
        using DivisiveNormalization operation = new(cudnn, shape, window, Alpha, Beta, K);
        TypedTensor x = new(device, shape, 1), means = new(device, shape, 2), dy = new(device, shape, 3);
        TypedTensor y = new(device, shape, 4), dx = new(device, shape, 5), dMeans = new(device, shape, 6);
        DeviceMemory<byte> first = Space(device, operation.TemporaryBytes), second = Space(device, operation.TemporaryBytes);
        DevicePointer given = hasMeans ? means.Memory : default(DevicePointer);
        operation.Forward(0.5, x.Memory, given, first, second, 2, y.Memory);
        operation.Backward(0.5, x.Memory, given, dy.Memory, first, second, 2, dx.Memory, dMeans.Memory);

        double[] Forward(double[] input, double[] m)
        {
            double[] result = new double[input.Length];
            for (int i = 0; i < result.Length; i++)
            {
                (int column, int row, int plane) = (i % 5, i / 5 % 4, i / 20);
                double sum = 0;
                for (int r = row - ((window - 1) / 2); r < row - ((window - 1) / 2) + window; r++)
                {
                    for (int c = column - ((window - 1) / 2); c < column - ((window - 1) / 2) + window; c++)
                    {
                        sum += r < 0 || r > 3 || c < 0 || c > 4 ? 0 : Math.Pow(input[(plane * 20) + (r * 5) + c] - (hasMeans ? m[i] : 0), 2);
                    }
                }

                result[i] = input[i] * Math.Pow(K + (Alpha / window / window * sum), -Beta);
            }

            return result;
        }

        double Slope(int i, bool ofMeans)
        {
            const double H = 1e-5;
            double[] up = [.. ofMeans ? means.Values : x.Values], down = [.. up];
            up[i] += H;
            down[i] -= H;
            double[] high = ofMeans ? Forward(x.Values, up) : Forward(up, means.Values), low = ofMeans ? Forward(x.Values, down) : Forward(down, means.Values);
            return dy.Values.Select((v, j) => v * (high[j] - low[j]) / (2 * H)).Sum();
        }

        double looseness = type == DataType.Float64 ? 1e5 : 2;
        y.AssertHolds([.. Forward(x.Values, means.Values).Select((v, i) => (0.5 * v) + (2 * y.Values[i]))], "y");
        dx.AssertHolds([.. dx.Values.Select((v, i) => (0.5 * Slope(i, false)) + (2 * v))], "dx", looseness);
        if (hasMeans)
        {
            dMeans.AssertHolds([.. dMeans.Values.Select((v, i) => (0.5 * Slope(i, true)) + (2 * v))], "dmeans", looseness);
        }

        Assert.Throws<ArgumentException>(() => operation.Forward(1, x.Memory, given, first.Slice(0, 1), second, 0, y.Memory));
    }

    [Test]
    public void A_spatial_transformer_samples_where_its_maps_point([Values(DataType.Float32, DataType.Float64)] DataType type)
    {
        using TestDevice device = new();
        using CudnnHandle cudnn = new(device.Stream);
        TensorShape inputs = new(2, 3, 5, 4, type), outputs = new(2, 3, 3, 6, type, TensorLayout.Nchw);
        using SpatialTransformer operation = new(cudnn, inputs, outputs);
        TypedTensor x = new(device, inputs, 1), maps = new(device, new(2, 1, 2, 3, type, TensorLayout.Nchw), 2), grid = TypedTensor.Unread(device, new(2, 3, 6, 2, type, TensorLayout.Nchw));
        operation.MakeGrid(maps.Memory, grid.Memory);
        double[] positions = new double[grid.Shape.Elements];
        for (int i = 0; i < positions.Length; i++)
        {
            (int axis, int w, int h, int n) = (i % 2, i / 2 % 6, i / 12 % 3, i / 36);
            ReadOnlySpan<double> map = maps.Values.AsSpan((n * 6) + (axis * 3), 3);
            positions[i] = (map[0] * ((2.0 * w / 5) - 1)) + (map[1] * ((2.0 * h / 2) - 1)) + map[2];
        }

        grid.AssertHolds(positions, "grid");
        double[] held = grid.Download();
        double Sample(double[] image, int n, int c, double gx, double gy)
        {
            (double column, double row) = ((gx + 1) / 2 * 3, (gy + 1) / 2 * 4);
            double sum = 0;
            for (int i = 0; i < 20; i++)
            {
                double weight = Math.Max(0, 1 - Math.Abs(row - (i / 4))) * Math.Max(0, 1 - Math.Abs(column - (i % 4)));
                sum += weight * image[(((n * 3) + c) * 20) + i];
            }

            return sum;
        }

        TypedTensor y = new(device, outputs, 3), dy = new(device, outputs, 4), dx = new(device, inputs, 5), dGrid = TypedTensor.Unread(device, grid.Shape), dMaps = TypedTensor.Unread(device, maps.Shape);
        double[] sampled = new double[outputs.Elements], byInput = new double[inputs.Elements], byGrid = new double[held.Length], byMap = new double[12];
        for (int i = 0; i < sampled.Length; i++)
        {
            (int pixel, int c, int n) = (i % 18, i / 18 % 3, i / 54);
            int g = ((n * 18) + pixel) * 2;
            sampled[i] = Sample(x.Values, n, c, held[g], held[g + 1]);
            const double H = 1e-6;
            byGrid[g] += dy.Values[i] * (Sample(x.Values, n, c, held[g] + H, held[g + 1]) - Sample(x.Values, n, c, held[g] - H, held[g + 1])) / (2 * H);
            byGrid[g + 1] += dy.Values[i] * (Sample(x.Values, n, c, held[g], held[g + 1] + H) - Sample(x.Values, n, c, held[g], held[g + 1] - H)) / (2 * H);
            for (int j = 0; j < 20; j++)
            {
                double[] unit = new double[x.Values.Length];
                unit[(((n * 3) + c) * 20) + j] = 1;
                byInput[(((n * 3) + c) * 20) + j] += dy.Values[i] * Sample(unit, n, c, held[g], held[g + 1]);
            }
        }

        operation.Forward(0.5, x.Memory, grid.Memory, 2, y.Memory);
        operation.Backward(0.5, x.Memory, 2, dx.Memory, 1, dy.Memory, grid.Memory, 0, dGrid.Memory);
        operation.MakeGridBackward(dGrid.Memory, dMaps.Memory);
        double[] gridGradient = dGrid.Download();
        for (int i = 0; i < gridGradient.Length; i++)
        {
            (int axis, int w, int h, int n) = (i % 2, i / 2 % 6, i / 12 % 3, i / 36);
            byMap[(n * 6) + (axis * 3)] += gridGradient[i] * ((2.0 * w / 5) - 1);
            byMap[(n * 6) + (axis * 3) + 1] += gridGradient[i] * ((2.0 * h / 2) - 1);
            byMap[(n * 6) + (axis * 3) + 2] += gridGradient[i];
        }

        y.AssertHolds([.. sampled.Select((v, i) => (0.5 * v) + (2 * y.Values[i]))], "y");
        dx.AssertHolds([.. byInput.Select((v, i) => (0.5 * v) + (2 * dx.Values[i]))], "dx", 4);
        dGrid.AssertHolds(byGrid, "dgrid", type == DataType.Float64 ? 1e5 : 20);
        dMaps.AssertHolds(byMap, "dmaps", 20);
        Assert.That((operation.GridElements, operation.MapElements), Is.EqualTo((72L, 12L)));
    }

    private static DeviceMemory<byte> Space(TestDevice device, long bytes) => device.Own(device.Context.Allocate<byte>(Math.Max(1, bytes)));
}
