namespace Cifar;

/// <summary>
/// The data set inside the program: 1,797 real handwritten digits, so that training works on a machine with no data and no network.
/// The 8x8 grey images are given to the network as three equal channels. Source and licence: Data/Digits/ATTRIBUTION.md.
/// </summary>
internal static class DigitsData
{
    private const int TrainingRecords = 1437;
    private const int Records = 1797;
    private const string Resource = "digits-8x8.bin";

    /// <summary>The attribution the licence (CC BY 4.0) asks for, in one line.</summary>
    public const string Attribution =
        "\"Optical Recognition of Handwritten Digits\", E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0";

    /// <summary>Reads the embedded images: 1,437 to learn from, 360 by other writers to test with.</summary>
    public static DataSet Load()
    {
        using var stream = typeof(DigitsData).Assembly.GetManifestResourceStream(Resource)
            ?? throw new DataException($"{Resource}: the program was built without its embedded digits. Build it again.");
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return Parse(content);
    }

    /// <summary>Makes the data set from the resource's bytes.</summary>
    internal static DataSet Parse(byte[] content)
    {
        var layout = RecordLayout.Digits;
        if (content.Length != Records * layout.RecordBytes)
        {
            throw new DataException(
                $"{Resource}: has {content.Length:N0} bytes instead of {Records * layout.RecordBytes:N0}. The program's embedded data is damaged: build it again.",
                Resource, Math.Min(content.Length, Records * layout.RecordBytes));
        }

        byte[] grey = new byte[Records * layout.Pixels];
        byte[] labels = new byte[Records];
        layout.Split(Resource, content, grey, labels);
        return new DataSet
        {
            Name = "digits",
            Source = "1,797 handwritten digits of 8x8 pixels embedded in the program: " + Attribution,
            Classes = 10,
            Height = 8,
            Width = 8,
            Normalization = Normalization.Digits,
            Train = new ImageSet(ThreeChannels(grey.AsSpan(0, TrainingRecords * layout.Pixels), layout.Pixels), labels[..TrainingRecords]),
            Test = new ImageSet(ThreeChannels(grey.AsSpan(TrainingRecords * layout.Pixels), layout.Pixels), labels[TrainingRecords..]),
        };
    }

    private static byte[] ThreeChannels(ReadOnlySpan<byte> grey, int pixels)
    {
        byte[] images = new byte[grey.Length * 3];
        for (int start = 0; start < grey.Length; start += pixels)
        {
            var plane = grey.Slice(start, pixels);
            for (int channel = 0; channel < 3; channel++)
            {
                plane.CopyTo(images.AsSpan((start * 3) + (channel * pixels)));
            }
        }

        return images;
    }
}
