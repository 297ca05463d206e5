namespace Cifar;

/// <summary>How a pixel byte becomes a number: (pixel / <paramref name="PixelMaximum"/> - mean) / deviation, for each channel.</summary>
/// <param name="PixelMaximum">The byte that stands for full brightness: 255 for photographs, 16 for the digits.</param>
/// <param name="Mean">One value a channel, as a fraction of full brightness.</param>
/// <param name="Deviation">One value a channel, as a fraction of full brightness.</param>
public sealed record Normalization(int PixelMaximum, IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>The recipe's values for CIFAR-10, used for CIFAR-100 as well.</summary>
    public static Normalization Cifar { get; } = new(255, [0.4914f, 0.4822f, 0.4465f], [0.2023f, 0.1994f, 0.2010f]);

    /// <summary>Mean and standard deviation of all pixels of the 1,437 training digits; the same for the three equal channels.</summary>
    public static Normalization Digits { get; } = new(16, [0.3054f, 0.3054f, 0.3054f], [0.3755f, 0.3755f, 0.3755f]);

    /// <summary>The normalised value of every pixel byte, [channel][256], computed in double and rounded once.</summary>
    public float[] Table()
    {
        float[] table = new float[Mean.Count * 256];
        for (int channel = 0; channel < Mean.Count; channel++)
        {
            for (int pixel = 0; pixel < 256; pixel++)
            {
                table[(channel * 256) + pixel] = (float)((((double)pixel / PixelMaximum) - Mean[channel]) / Deviation[channel]);
            }
        }

        return table;
    }
}
