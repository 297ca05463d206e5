namespace Golden;

/// <summary>Reorders tensors between N, C, H, W (the golden values) and N, H, W, C. A filter's K, C, R, S stand for N, C, H, W.</summary>
public static class TensorOrder
{
    /// <summary>N, C, H, W to N, H, W, C.</summary>
    public static T[] ToNhwc<T>(ReadOnlySpan<T> values, int n, int c, int h, int w)
    {
        var result = new T[Checked(values.Length, n, c, h, w)];
        int area = h * w;
        for (int image = 0, from = 0; image < n; image++)
        {
            for (int channel = 0; channel < c; channel++)
            {
                int to = (image * area * c) + channel;
                for (int pixel = 0; pixel < area; pixel++, to += c)
                {
                    result[to] = values[from++];
                }
            }
        }

        return result;
    }

    /// <summary>N, H, W, C to N, C, H, W.</summary>
    public static T[] ToNchw<T>(ReadOnlySpan<T> values, int n, int c, int h, int w)
    {
        var result = new T[Checked(values.Length, n, c, h, w)];
        int area = h * w;
        for (int image = 0, to = 0; image < n; image++)
        {
            for (int channel = 0; channel < c; channel++)
            {
                int from = (image * area * c) + channel;
                for (int pixel = 0; pixel < area; pixel++, from += c)
                {
                    result[to++] = values[from];
                }
            }
        }

        return result;
    }

    private static int Checked(int length, int n, int c, int h, int w)
    {
        if (length != (long)n * c * h * w)
        {
            throw new ArgumentException($"{length} values are no tensor of {n} x {c} x {h} x {w}.");
        }

        return length;
    }
}
