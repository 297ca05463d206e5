namespace ResNet.Tests.Reference;

/// <summary>
/// Convolution without bias, as three matrix products over the patches of the images: y = A B, dB = A^T dy, dA = dy B^T, where a row
/// of A is what the filter sees at one position (R, S, C) and a column of B is one filter.
/// </summary>
internal static class ReferenceConvolution
{
    // Patches held at a time: 32 MiB.
    private const int Budget = 1 << 22;

    /// <summary>y[n,p,q,k] = sum x[n, p stride - pad + r, q stride - pad + s, c] w[k,c,r,s].</summary>
    /// <param name="x">The images.</param>
    /// <param name="filters">Matrix of (R, S, C) rows and K columns.</param>
    /// <param name="outputs">K.</param>
    /// <param name="window">R = S.</param>
    /// <param name="stride">Of rows and columns.</param>
    public static Volume Forward(Volume x, double[] filters, int outputs, int window, int stride)
    {
        Volume y = new(x.N, Size(x.H, window, stride), Size(x.W, window, stride), outputs);
        int depth = window * window * x.C;
        var b = DoubleMatrix.Of(filters, depth, outputs);
        ForPatches(x, y, window, stride, (first, count, patches) =>
            DoubleMatrix.Of(y.Values, count, outputs, first * outputs).AddProduct(DoubleMatrix.Of(patches, count, depth), b));
        return y;
    }

    /// <summary>Adds to the filters' gradient and, where wanted, to the images'.</summary>
    public static void Backward(Volume x, Volume y, double[] filters, double[] filterGradient, int window, int stride, bool inputGradient)
    {
        int depth = window * window * x.C;
        var b = DoubleMatrix.Of(filters, depth, y.C);
        var db = DoubleMatrix.Of(filterGradient, depth, y.C);
        ForPatches(x, y, window, stride, (first, count, patches) =>
        {
            var dy = DoubleMatrix.Of(y.Gradient, count, y.C, first * y.C);
            db.AddProduct(DoubleMatrix.Of(patches, count, depth).Transposed, dy);
            if (inputGradient)
            {
                Array.Clear(patches);
                DoubleMatrix.Of(patches, count, depth).AddProduct(dy, b.Transposed);
                AddPatches(x, y, window, stride, first, count, patches);
            }
        });
    }

    private static int Size(int size, int window, int stride) => ((size + (2 * (window / 2)) - window) / stride) + 1;

    private static void ForPatches(Volume x, Volume y, int window, int stride, Action<int, int, double[]> body)
    {
        int depth = window * window * x.C;
        int atATime = Math.Clamp(Budget / depth, 1, y.Pixels);
        double[] patches = new double[atATime * depth];
        for (int first = 0; first < y.Pixels; first += atATime)
        {
            int count = Math.Min(atATime, y.Pixels - first);
            int start = first;
            Parallel.For(0, count, row => EachTap(x, y, window, stride, start + row, (tap, from) =>
            {
                var to = patches.AsSpan((row * depth) + (tap * x.C), x.C);
                if (from < 0)
                {
                    to.Clear();
                }
                else
                {
                    x.Values.AsSpan(from, x.C).CopyTo(to);
                }
            }));
            body(first, count, patches);
        }
    }

    private static void AddPatches(Volume x, Volume y, int window, int stride, int first, int count, double[] patches)
    {
        int depth = window * window * x.C;
        for (int row = 0; row < count; row++)
        {
            EachTap(x, y, window, stride, first + row, (tap, to) =>
            {
                if (to >= 0)
                {
                    int from = (row * depth) + (tap * x.C);
                    for (int c = 0; c < x.C; c++)
                    {
                        x.Gradient[to + c] += patches[from + c];
                    }
                }
            });
        }
    }

    /// <summary>Calls the body with every tap of the filter and where in the images it looks; -1 for the padding.</summary>
    private static void EachTap(Volume x, Volume y, int window, int stride, int position, Action<int, int> body)
    {
        int q = position % y.W;
        int p = position / y.W % y.H;
        int n = position / y.W / y.H;
        for (int r = 0; r < window; r++)
        {
            for (int s = 0; s < window; s++)
            {
                int row = (p * stride) - (window / 2) + r;
                int column = (q * stride) - (window / 2) + s;
                bool inside = row >= 0 && row < x.H && column >= 0 && column < x.W;
                body((r * window) + s, inside ? ((((n * x.H) + row) * x.W) + column) * x.C : -1);
            }
        }
    }
}
