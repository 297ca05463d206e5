namespace CudnnNet.Tests;

/// <summary>The textbook formulas in double precision, loop by loop: what the operations are compared with.</summary>
internal static class Reference
{
    /// <summary>Where element (n, c, h, w) lies.</summary>
    public static long At(TensorShape s, int n, int c, int h, int w) =>
        ((long)n * s.Strides.N) + ((long)c * s.Strides.C) + ((long)h * s.Strides.H) + ((long)w * s.Strides.W);

    /// <summary>Where element (k, c, r, s) lies.</summary>
    public static long At(FilterShape f, int k, int c, int r, int s) =>
        f.Layout == TensorLayout.Nchw ? ((((((long)k * f.C) + c) * f.R) + r) * f.S) + s : ((((((long)k * f.R) + r) * f.S) + s) * f.C) + c;

    /// <summary>Numbers in [-1, 1) that repeat.</summary>
    public static float[] Numbers(long count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (long i = 0; i < count; i++)
        {
            values[i] = (float)((random.NextDouble() * 2) - 1);
        }

        return values;
    }

    /// <summary>Calls <paramref name="visit"/> with the offsets of (output, image, filter) of every product of a convolution.</summary>
    public static void Products(TensorShape x, FilterShape w, Convolution convolution, TensorShape y, Action<long, long, long> visit)
    {
        int kPerGroup = w.K / convolution.Groups;
        for (int n = 0; n < y.N; n++)
        {
            for (int k = 0; k < y.C; k++)
            {
                for (int p = 0; p < y.H; p++)
                {
                    for (int q = 0; q < y.W; q++)
                    {
                        for (int c = 0; c < w.C; c++)
                        {
                            for (int r = 0; r < w.R; r++)
                            {
                                for (int s = 0; s < w.S; s++)
                                {
                                    int row = (p * convolution.StrideHeight) - convolution.PaddingHeight + (r * convolution.DilationHeight);
                                    int column = (q * convolution.StrideWidth) - convolution.PaddingWidth + (s * convolution.DilationWidth);
                                    if (row < 0 || row >= x.H || column < 0 || column >= x.W)
                                    {
                                        continue;
                                    }

                                    bool flipped = convolution.Mode == ConvolutionMode.Convolution;
                                    visit(
                                        At(y, n, k, p, q),
                                        At(x, n, (k / kPerGroup * w.C) + c, row, column),
                                        At(w, k, c, flipped ? w.R - 1 - r : r, flipped ? w.S - 1 - s : s));
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// <summary>alpha · result + beta · prior, the prior unread where beta is 0.</summary>
    public static double[] Blend(double[] result, double alpha, double beta, float[] prior)
    {
        double[] blended = new double[result.Length];
        for (int i = 0; i < result.Length; i++)
        {
            blended[i] = (alpha * result[i]) + (beta == 0 ? 0 : beta * prior[i]);
        }

        return blended;
    }

    /// <summary>Fails where the numbers differ by more than <paramref name="relative"/> of the largest.</summary>
    public static void AssertClose(IReadOnlyList<float> found, IReadOnlyList<double> expected, double relative = 2e-6, string? what = null)
    {
        Assert.That(found, Has.Count.EqualTo(expected.Count), what);
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < found.Count; i++)
        {
            if (!(Math.Abs(found[i] - expected[i]) <= relative * Math.Max(largest, 1e-3)))
            {
                Assert.Fail($"{what} element {i} is {found[i]}, expected {expected[i]} within {relative} of {largest}");
            }
        }
    }
}
