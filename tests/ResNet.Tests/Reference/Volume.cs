using Golden;

namespace ResNet.Tests.Reference;

/// <summary>Images or activations in double precision, N, H, W, C in memory, and the loss's derivative by each of them.</summary>
internal sealed class Volume(int n, int h, int w, int c)
{
    private double[]? _gradient;

    public int N { get; } = n;

    public int H { get; } = h;

    public int W { get; } = w;

    public int C { get; } = c;

    public double[] Values { get; } = new double[n * h * w * c];

    /// <summary>Zero until somebody adds to it.</summary>
    public double[] Gradient => _gradient ??= new double[Values.Length];

    /// <summary>Images and pixels: how many values a channel has.</summary>
    public int Pixels => N * H * W;

    /// <summary>A volume of values given in N, C, H, W order.</summary>
    public static Volume Of(float[] values, int n, int h, int w, int c)
    {
        Volume volume = new(n, h, w, c);
        float[] ordered = TensorOrder.ToNhwc<float>(values, n, c, h, w);
        for (int i = 0; i < ordered.Length; i++)
        {
            volume.Values[i] = ordered[i];
        }

        return volume;
    }
}
