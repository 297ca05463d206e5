namespace ResNet.Tests.Reference;

/// <summary>The layers between the convolutions in double precision, by the formulas of the golden values' README.</summary>
internal static class ReferenceLayers
{
    /// <summary>Mean and biased variance of every channel, in two passes.</summary>
    public static (double[] Mean, double[] Variance) Statistics(Volume x)
    {
        double[] mean = new double[x.C];
        double[] variance = new double[x.C];
        EachValue(x, (i, c) => mean[c] += x.Values[i] / x.Pixels);
        EachValue(x, (i, c) => variance[c] += (x.Values[i] - mean[c]) * (x.Values[i] - mean[c]) / x.Pixels);
        return (mean, variance);
    }

    /// <summary>y = scale (x - mean) inverse + shift.</summary>
    public static Volume Normalize(Volume x, double[] mean, double[] inverse, double[] scale, double[] shift)
    {
        Volume y = new(x.N, x.H, x.W, x.C);
        EachValue(x, (i, c) => y.Values[i] = (scale[c] * (x.Values[i] - mean[c]) * inverse[c]) + shift[c]);
        return y;
    }

    /// <summary>dshift = sum dy, dscale = sum dy xhat, dx = scale inverse (dy - dshift / m - xhat dscale / m).</summary>
    public static void NormalizeBackward(Volume x, Volume y, double[] mean, double[] inverse, double[] scale, double[] scaleGradient, double[] shiftGradient)
    {
        EachValue(x, (i, c) =>
        {
            shiftGradient[c] += y.Gradient[i];
            scaleGradient[c] += y.Gradient[i] * (x.Values[i] - mean[c]) * inverse[c];
        });
        double m = x.Pixels;
        EachValue(x, (i, c) => x.Gradient[i] += scale[c] * inverse[c]
            * (y.Gradient[i] - (shiftGradient[c] / m) - ((x.Values[i] - mean[c]) * inverse[c] * scaleGradient[c] / m)));
    }

    /// <summary>
    /// The same with given statistics: dx = scale inverse dy, and the derivatives by mean and variance, -scale inverse sum dy and
    /// -scale inverse^3 / 2 sum dy (x - mean).
    /// </summary>
    public static (double[] Mean, double[] Variance) ScaleBackward(Volume x, Volume y, double[] mean, double[] inverse, double[] scale)
    {
        double[] byMean = new double[x.C];
        double[] byVariance = new double[x.C];
        EachValue(x, (i, c) =>
        {
            double factor = scale[c] * inverse[c];
            x.Gradient[i] += factor * y.Gradient[i];
            byMean[c] -= factor * y.Gradient[i];
            byVariance[c] -= factor * inverse[c] * inverse[c] / 2 * y.Gradient[i] * (x.Values[i] - mean[c]);
        });
        return (byMean, byVariance);
    }

    /// <summary>From derivatives by mean and unbiased variance to x: dmean / m + 2 (x - mean) dvariance / (m - 1).</summary>
    public static void StatisticsBackward(Volume x, double[] mean, double[] byMean, double[] byVariance) =>
        EachValue(x, (i, c) => x.Gradient[i] += (byMean[c] / x.Pixels) + (2 * (x.Values[i] - mean[c]) * byVariance[c] / (x.Pixels - 1.0)));

    /// <summary>For each value of the result, which value of x is the greatest in a 3x3 window at stride 2, the first of equal ones.</summary>
    /// <param name="x">The images; of them only the shape counts.</param>
    /// <param name="value">The values to compare.</param>
    public static int[] Greatest(Volume x, Func<int, double> value)
    {
        int height = (x.H + 1) / 2;
        int width = (x.W + 1) / 2;
        int[] greatest = new int[x.N * height * width * x.C];
        for (int i = 0; i < greatest.Length; i++)
        {
            int c = i % x.C;
            int q = i / x.C % width;
            int p = i / x.C / width % height;
            int n = i / x.C / width / height;
            greatest[i] = -1;
            for (int row = Math.Max(0, (2 * p) - 1); row <= Math.Min(x.H - 1, (2 * p) + 1); row++)
            {
                for (int column = Math.Max(0, (2 * q) - 1); column <= Math.Min(x.W - 1, (2 * q) + 1); column++)
                {
                    int from = (((((n * x.H) + row) * x.W) + column) * x.C) + c;
                    greatest[i] = greatest[i] < 0 || value(from) > value(greatest[i]) ? from : greatest[i];
                }
            }
        }

        return greatest;
    }

    /// <summary>The mean of every channel of an image.</summary>
    public static Volume Average(Volume x)
    {
        Volume y = new(x.N, 1, 1, x.C);
        int area = x.H * x.W;
        EachValue(x, (i, c) => y.Values[(i / (area * x.C) * x.C) + c] += x.Values[i] / area);
        return y;
    }

    /// <summary>Every second pixel, zero channels appended: which value of x stands behind a value of the result; -1 behind a zero.</summary>
    public static int[] Subsampled(Volume x, int channels)
    {
        int height = (x.H + 1) / 2;
        int width = (x.W + 1) / 2;
        int[] from = new int[x.N * height * width * channels];
        for (int i = 0; i < from.Length; i++)
        {
            int c = i % channels;
            int q = i / channels % width;
            int p = i / channels / width % height;
            int n = i / channels / width / height;
            from[i] = c < x.C ? (((((n * x.H) + (2 * p)) * x.W) + (2 * q)) * x.C) + c : -1;
        }

        return from;
    }

    /// <summary>Mean cross entropy of logits, and its derivative by each of them.</summary>
    public static (double Loss, double[] Gradient) CrossEntropy(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels)
    {
        int classes = logits.Length / labels.Length;
        double loss = 0;
        double[] gradient = new double[logits.Length];
        for (int n = 0; n < labels.Length; n++)
        {
            var row = logits.Slice(n * classes, classes);
            double maximum = double.NegativeInfinity;
            foreach (double logit in row)
            {
                maximum = Math.Max(maximum, logit);
            }

            double sum = 0;
            foreach (double logit in row)
            {
                sum += Math.Exp(logit - maximum);
            }

            loss += (Math.Log(sum) + maximum - row[labels[n]]) / labels.Length;
            for (int k = 0; k < classes; k++)
            {
                gradient[(n * classes) + k] = ((Math.Exp(row[k] - maximum) / sum) - (k == labels[n] ? 1 : 0)) / labels.Length;
            }
        }

        return (loss, gradient);
    }

    private static void EachValue(Volume x, Action<int, int> body)
    {
        for (int i = 0, c = 0; i < x.Values.Length; i++, c = c + 1 == x.C ? 0 : c + 1)
        {
            body(i, c);
        }
    }
}
