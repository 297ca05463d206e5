using System.Text.Json;

namespace Golden;

/// <summary>Images as a network takes them, with their labels.</summary>
/// <param name="Count">The number of images.</param>
/// <param name="Images">Normalised values, N, C, H, W with 3 x 32 x 32 each.</param>
/// <param name="Labels">The classes; empty where the source has none.</param>
public sealed record ImageSet(int Count, float[] Images, int[] Labels)
{
    /// <summary>Values of one image.</summary>
    public const int ImageValues = 3 * 32 * 32;

    /// <summary>A part of the set.</summary>
    public ImageSet Slice(int first, int count) => new(count,
        Images[(first * ImageValues)..((first + count) * ImageValues)],
        Labels.Length == 0 ? [] : Labels[first..(first + count)]);
}

/// <summary>Where the images of a golden case come from: a formula, or records of CIFAR-10.</summary>
public sealed class ImageSource
{
    private static readonly double[] Mean = [0.4914, 0.4822, 0.4465];
    private static readonly double[] Deviation = [0.2023, 0.1994, 0.2010];

    private readonly TensorSpecification? _images;
    private readonly TensorSpecification? _labels;
    private readonly int[]? _givenLabels;
    private readonly string? _sha256;

    internal ImageSource(JsonElement json)
    {
        if (json.TryGetProperty("images", out JsonElement images))
        {
            _images = new TensorSpecification(images);
            _labels = json.TryGetProperty("labels", out JsonElement labels) ? new TensorSpecification(labels) : null;
            Count = _images.Shape[0];
            return;
        }

        File = json.GetProperty("file").GetString()!;
        First = json.GetProperty("first").GetInt32();
        Count = json.GetProperty("count").GetInt32();
        _sha256 = json.GetProperty("sha256_records").GetString()!;
        _givenLabels = json.TryGetProperty("labels", out JsonElement given) ? [.. given.EnumerateArray().Select(label => label.GetInt32())] : null;
    }

    /// <summary>True where the images follow from a formula and need no data set.</summary>
    public bool IsFormula => _images is not null;

    /// <summary>The file of CIFAR-10 the records stand in; null for a formula.</summary>
    public string? File { get; }

    /// <summary>The first record.</summary>
    public int First { get; }

    /// <summary>The number of images.</summary>
    public int Count { get; }

    /// <summary>The value of each pixel 0..255 in each channel, [channel * 256 + pixel]: float((p/255 - mean)/deviation), computed in double.</summary>
    public static float[] NormalizationTable()
    {
        var table = new float[3 * 256];
        for (int channel = 0; channel < 3; channel++)
        {
            for (int pixel = 0; pixel < 256; pixel++)
            {
                table[(channel * 256) + pixel] = (float)(((pixel / 255.0) - Mean[channel]) / Deviation[channel]);
            }
        }

        return table;
    }

    /// <summary>The images; null where CIFAR-10 is missing or holds other images, <paramref name="reason"/> then says so.</summary>
    public ImageSet? TryLoad(out string reason)
    {
        if (_images is not null)
        {
            reason = "";
            return new ImageSet(Count, _images.Values(), _labels?.Labels() ?? []);
        }

        byte[]? records = CifarArchive.TryRead(File!, First, Count, _sha256!, out reason);
        if (records is null)
        {
            return null;
        }

        float[] table = NormalizationTable();
        var images = new float[Count * ImageSet.ImageValues];
        var labels = new int[Count];
        for (int image = 0, to = 0; image < Count; image++)
        {
            ReadOnlySpan<byte> record = records.AsSpan(image * CifarArchive.RecordBytes, CifarArchive.RecordBytes);
            labels[image] = record[0];
            for (int value = 0; value < ImageSet.ImageValues; value++)
            {
                images[to++] = table[((value / 1024) * 256) + record[1 + value]];
            }
        }

        return new ImageSet(Count, images, _givenLabels ?? labels);
    }
}
