using Golden;

namespace ResNet.Tests.Reference;

/// <summary>Values of x &gt; 0 (or places of a maximum) that a run in single precision took differently than double precision would.</summary>
/// <param name="Layer">The layer that decides.</param>
/// <param name="Count">How many.</param>
/// <param name="Margin">The greatest distance from the other decision in double precision, relative to the rms of the values decided on.</param>
internal readonly record struct Disagreement(string Layer, int Count, double Margin);

/// <summary>What an operation computed, and what of.</summary>
/// <param name="Name">The tensor's name in a <see cref="NetworkPass"/>.</param>
/// <param name="Result">The result, which the visitor may change.</param>
/// <param name="Terms">How many products or values each result is the sum of; 1 for what is done value by value.</param>
/// <param name="Spread">The rms over the results of sqrt(sum of the terms' squares): as far as sums of such terms wander.</param>
internal readonly record struct OperationResult(string Name, Volume Result, int Terms, Func<double> Spread);

/// <summary>
/// A network of the golden values in double precision, forward and backward, in plain loops and one matrix product: nothing of the
/// product's code is in it, and the golden values test it. It may be told the decisions of another run, where a value is cut
/// off at zero and which value is the maximum, so that what is left between the two is rounding alone.
/// </summary>
internal sealed class ReferenceNetwork
{
    private const double Epsilon = 1e-5;

    private readonly NetArchitecture _architecture;
    private readonly Dictionary<string, double[]> _momentum = [];
    private readonly Stack<Action> _backward = [];
    private readonly List<Disagreement> _disagreements = [];
    private readonly Dictionary<string, IReadOnlyList<int>> _shapes;
    private IReadOnlyDictionary<string, float[]>? _decisions;
    private IReadOnlyDictionary<string, (double[] Mean, double[] Variance)>? _byStatistics;
    private bool _training;
    private double _runningFactor;

    public ReferenceNetwork(NetCase net)
    {
        _architecture = net.Architecture;
        Parameters = net.Parameters.ToDictionary(p => p.Name, p => Array.ConvertAll(p.Specification.Values(), value => (double)value));
        _shapes = net.Parameters.ToDictionary(p => p.Name, p => p.Shape);
        foreach (var (name, values) in Parameters)
        {
            Gradients[name] = new double[values.Length];
            if (name.EndsWith(".bias", StringComparison.Ordinal) && name != "fc.bias")
            {
                string layer = name[..^".bias".Length];
                RunningMean[layer] = new double[values.Length];
                RunningVariance[layer] = [.. Enumerable.Repeat(1.0, values.Length)];
            }
        }
    }

    /// <summary>By torchvision's name and in its order.</summary>
    public Dictionary<string, double[]> Parameters { get; }

    /// <summary>The gradients of the last <see cref="Backward"/>.</summary>
    public Dictionary<string, double[]> Gradients { get; } = [];

    /// <summary>By the normalisation's name.</summary>
    public Dictionary<string, double[]> RunningMean { get; } = [];

    /// <summary>By the normalisation's name.</summary>
    public Dictionary<string, double[]> RunningVariance { get; } = [];

    /// <summary>The evaluation loss's derivatives by the running statistics, of the last <see cref="Backward"/>.</summary>
    public Dictionary<string, (double[] Mean, double[] Variance)> StatisticsGradients { get; } = [];

    /// <summary>Called with every operation.</summary>
    public Action<OperationResult>? Visit { get; init; }

    /// <summary>Where the decisions given to the last <see cref="Forward"/> were not those of double precision.</summary>
    public IReadOnlyList<Disagreement> Disagreements => _disagreements;

    /// <summary>The mean loss of the last <see cref="Forward"/>.</summary>
    public double Loss { get; private set; }

    /// <summary>From images to logits and loss.</summary>
    /// <param name="images">The images and labels.</param>
    /// <param name="training">With the batch's statistics, which also move the running ones; else with those.</param>
    /// <param name="runningFactor">How far the running statistics move.</param>
    /// <param name="decisions">The results of the layers that cut off at zero by name, N, H, W, C; null to decide here.</param>
    public double[] Forward(ImageSet images, bool training, double runningFactor = 0.1, IReadOnlyDictionary<string, float[]>? decisions = null)
    {
        _backward.Clear();
        _disagreements.Clear();
        StatisticsGradients.Clear();
        _decisions = decisions;
        _training = training;
        _runningFactor = runningFactor;
        bool large = _architecture.Stem == "imagenet";
        var x = Volume.Of(images.Images, images.Count, 32, 32, 3);
        x = Relu("bn1", Normalize("bn1", Convolve("conv1", x, large ? 2 : 1, first: true)));
        x = large ? Pool("stem_pool", x) : x;
        for (int stage = 1; stage <= _architecture.Layers.Count; stage++)
        {
            for (int block = 0; block < _architecture.Layers[stage - 1]; block++)
            {
                x = Block($"layer{stage}.{block}", x, stage > 1 && block == 0 ? 2 : 1);
            }
        }

        var logits = Linear(Average("pool", x));
        (Loss, double[] gradient) = ReferenceLayers.CrossEntropy(logits.Values, images.Labels);
        _backward.Push(() =>
        {
            if (_byStatistics is null)
            {
                gradient.CopyTo(logits.Gradient, 0);
            }
        });
        return logits.Values;
    }

    /// <summary>From the loss of the last forward pass to the gradients.</summary>
    /// <param name="byStatistics">
    /// In place of that loss, a function of the running statistics after the pass, given by its derivatives; they must have moved with factor 1.
    /// </param>
    public void Backward(IReadOnlyDictionary<string, (double[] Mean, double[] Variance)>? byStatistics = null)
    {
        _byStatistics = byStatistics;
        foreach (double[] gradient in Gradients.Values)
        {
            Array.Clear(gradient);
        }

        while (_backward.TryPop(out Action? step))
        {
            step();
        }
    }

    /// <summary>g += decay p; v = momentum v + g; p -= rate v.</summary>
    public void Update(double rate, double momentum, double decay)
    {
        foreach (var (name, p) in Parameters)
        {
            double[] g = Gradients[name];
            if (!_momentum.TryGetValue(name, out double[]? v))
            {
                _momentum[name] = v = new double[p.Length];
            }

            for (int i = 0; i < p.Length; i++)
            {
                v[i] = (momentum * v[i]) + g[i] + (decay * p[i]);
                p[i] -= rate * v[i];
            }
        }
    }

    private Volume Block(string name, Volume x, int stride)
    {
        int convolutions = _architecture.Block == "basic" ? 2 : 3;
        int strided = _architecture.Block == "basic" ? 1 : 2;
        Volume y = x;
        for (int i = 1; i <= convolutions; i++)
        {
            y = Normalize($"{name}.bn{i}", Convolve($"{name}.conv{i}", y, i == strided ? stride : 1));
            y = i < convolutions ? Relu($"{name}.bn{i}", y) : y;
        }

        if (Parameters.ContainsKey($"{name}.downsample.0.weight"))
        {
            y = Add(y, Seen($"{name}.downsample.1", Normalize($"{name}.downsample.1", Convolve($"{name}.downsample.0", x, stride))));
        }
        else if (_architecture.Shortcut != "none")
        {
            y = Add(y, x.C == y.C ? x : Choose(x, y.H, y.W, y.C, ReferenceLayers.Subsampled(x, y.C)));
        }

        return Relu($"{name}.bn{convolutions}", y);
    }

    private Volume Seen(string name, Volume volume, int terms = 1, Func<double[]>? squares = null)
    {
        Visit?.Invoke(new OperationResult(name, volume, terms, () => squares is null ? Rms(volume.Values) : Math.Sqrt(squares().Average())));
        return volume;
    }

    private static double Rms(double[] values) => Math.Sqrt(values.Sum(value => value * value) / values.Length);

    private static Volume Squared(Volume x)
    {
        Volume squares = new(x.N, x.H, x.W, x.C);
        Squares(x.Values).CopyTo(squares.Values, 0);
        return squares;
    }

    private static double[] Squares(double[] values) => Array.ConvertAll(values, value => value * value);

    private Volume Convolve(string name, Volume x, int stride, bool first = false)
    {
        string parameter = $"{name}.weight";
        IReadOnlyList<int> shape = _shapes[parameter];
        var (outputs, inputs, window) = (shape[0], shape[1], shape[2]);
        int taps = window * window;

        // (K, C, R, S) to (R, S, C) rows and K columns, or back.
        void Each(Action<int, int> body)
        {
            for (int i = 0; i < outputs * inputs * taps; i++)
            {
                int k = i / (inputs * taps);
                int c = i / taps % inputs;
                body(i, ((((i % taps) * inputs) + c) * outputs) + k);
            }
        }

        double[] values = Parameters[parameter];
        double[] filters = new double[values.Length];
        Each((from, to) => filters[to] = values[from]);
        var y = ReferenceConvolution.Forward(x, filters, outputs, window, stride);
        _backward.Push(() =>
        {
            double[] filterGradient = new double[filters.Length];
            ReferenceConvolution.Backward(x, y, filters, filterGradient, window, stride, inputGradient: !first);
            double[] gradient = Gradients[parameter];
            Each((to, from) => gradient[to] += filterGradient[from]);
        });
        return Seen(name, y, inputs * taps, () => ReferenceConvolution.Forward(Squared(x), Squares(filters), outputs, window, stride).Values);
    }

    private Volume Normalize(string name, Volume x)
    {
        double[] scale = Parameters[$"{name}.weight"];
        double[] shift = Parameters[$"{name}.bias"];
        if (!_training)
        {
            double[] running = Inverse(RunningVariance[name]);
            var normalized = ReferenceLayers.Normalize(x, RunningMean[name], running, scale, shift);
            double[] runningMean = RunningMean[name];
            _backward.Push(() => StatisticsGradients[name] = ReferenceLayers.ScaleBackward(x, normalized, runningMean, running, scale));
            return normalized;
        }

        var (mean, variance) = ReferenceLayers.Statistics(x);
        double[] inverse = Inverse(variance);
        for (int c = 0; c < x.C; c++)
        {
            double unbiased = variance[c] * x.Pixels / (x.Pixels - 1.0);
            RunningMean[name][c] += _runningFactor * (mean[c] - RunningMean[name][c]);
            RunningVariance[name][c] += _runningFactor * (unbiased - RunningVariance[name][c]);
        }

        var y = ReferenceLayers.Normalize(x, mean, inverse, scale, shift);
        _backward.Push(() =>
        {
            ReferenceLayers.NormalizeBackward(x, y, mean, inverse, scale, Gradients[$"{name}.weight"], Gradients[$"{name}.bias"]);
            if (_byStatistics is not null)
            {
                ReferenceLayers.StatisticsBackward(x, mean, _byStatistics[name].Mean, _byStatistics[name].Variance);
            }
        });
        return y;
    }

    private static double[] Inverse(double[] variance) => Array.ConvertAll(variance, value => 1 / Math.Sqrt(value + Epsilon));

    private Volume Relu(string name, Volume x)
    {
        Volume y = new(x.N, x.H, x.W, x.C);
        float[]? decided = _decisions?[name];
        bool[] positive = new bool[x.Values.Length];
        int count = 0;
        double margin = 0;
        for (int i = 0; i < positive.Length; i++)
        {
            bool here = x.Values[i] > 0;
            positive[i] = decided is null ? here : decided[i] > 0;
            y.Values[i] = positive[i] ? x.Values[i] : 0;
            if (positive[i] != here)
            {
                count++;
                margin = Math.Max(margin, Math.Abs(x.Values[i]));
            }
        }

        Disagree(name, count, margin, x);
        _backward.Push(() =>
        {
            for (int i = 0; i < positive.Length; i++)
            {
                x.Gradient[i] += positive[i] ? y.Gradient[i] : 0;
            }
        });
        return Seen(name, y);
    }

    private Volume Pool(string name, Volume x)
    {
        int[] here = ReferenceLayers.Greatest(x, i => x.Values[i]);
        int[] taken = here;
        if (_decisions?["bn1"] is { } decided)
        {
            // What is cut off to zero on both sides passes no gradient wherever it is taken from.
            taken = ReferenceLayers.Greatest(x, i => decided[i]);
            int[] different = [.. Enumerable.Range(0, here.Length).Where(i => taken[i] != here[i] && (x.Values[taken[i]] > 0 || x.Values[here[i]] > 0))];
            Disagree(name, different.Length, different.Select(i => x.Values[here[i]] - x.Values[taken[i]]).DefaultIfEmpty().Max(), x);
        }

        return Seen(name, Choose(x, (x.H + 1) / 2, (x.W + 1) / 2, x.C, taken));
    }

    private Volume Choose(Volume x, int h, int w, int c, int[] from)
    {
        Volume y = new(x.N, h, w, c);
        for (int i = 0; i < from.Length; i++)
        {
            y.Values[i] = from[i] < 0 ? 0 : x.Values[from[i]];
        }

        _backward.Push(() =>
        {
            for (int i = 0; i < from.Length; i++)
            {
                if (from[i] >= 0)
                {
                    x.Gradient[from[i]] += y.Gradient[i];
                }
            }
        });
        return y;
    }

    private Volume Add(Volume a, Volume b)
    {
        Volume y = new(a.N, a.H, a.W, a.C);
        for (int i = 0; i < y.Values.Length; i++)
        {
            y.Values[i] = a.Values[i] + b.Values[i];
        }

        _backward.Push(() =>
        {
            for (int i = 0; i < y.Values.Length; i++)
            {
                a.Gradient[i] += y.Gradient[i];
                b.Gradient[i] += y.Gradient[i];
            }
        });
        return y;
    }

    private Volume Average(string name, Volume x)
    {
        var y = ReferenceLayers.Average(x);
        int area = x.H * x.W;
        _backward.Push(() =>
        {
            for (int i = 0; i < x.Values.Length; i++)
            {
                x.Gradient[i] += y.Gradient[(i / (area * x.C) * x.C) + (i % x.C)] / area;
            }
        });
        return Seen(name, y, area, () => Array.ConvertAll(ReferenceLayers.Average(Squared(x)).Values, value => value / area));
    }

    private Volume Linear(Volume x)
    {
        double[] weight = Parameters["fc.weight"];
        double[] bias = Parameters["fc.bias"];
        Volume y = new(x.N, 1, 1, bias.Length);
        for (int i = 0; i < y.Values.Length; i++)
        {
            y.Values[i] = bias[i % bias.Length];
        }

        var w = DoubleMatrix.Of(weight, bias.Length, x.C);
        var rows = DoubleMatrix.Of(x.Values, x.N, x.C);
        DoubleMatrix.Of(y.Values, x.N, bias.Length).AddProduct(rows, w.Transposed);
        _backward.Push(() =>
        {
            var dy = DoubleMatrix.Of(y.Gradient, x.N, bias.Length);
            DoubleMatrix.Of(Gradients["fc.weight"], bias.Length, x.C).AddProduct(dy.Transposed, rows);
            DoubleMatrix.Of(x.Gradient, x.N, x.C).AddProduct(dy, w);
            for (int i = 0; i < y.Values.Length; i++)
            {
                Gradients["fc.bias"][i % bias.Length] += y.Gradient[i];
            }
        });
        return Seen("logits", y, x.C, () =>
        {
            double[] squares = new double[y.Values.Length];
            DoubleMatrix.Of(squares, x.N, bias.Length).AddProduct(DoubleMatrix.Of(Squares(x.Values), x.N, x.C), DoubleMatrix.Of(Squares(weight), bias.Length, x.C).Transposed);
            return squares;
        });
    }

    private void Disagree(string layer, int count, double margin, Volume decidedOn)
    {
        if (count > 0)
        {
            _disagreements.Add(new Disagreement(layer, count, margin / Rms(decidedOn.Values)));
        }
    }
}
