namespace Cifar;

/// <summary>
/// The records of an image file: label bytes, then the pixels as planes (red, green, blue), row by row.
/// Source of the layouts: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
/// </summary>
/// <param name="Name">The data set's name.</param>
/// <param name="LabelBytes">The number of label bytes in front of the pixels; the last one is the class.</param>
/// <param name="Coarse">The number of coarse classes the first of two label bytes may name; 0 where there is one label byte.</param>
/// <param name="Classes">The number of classes the last label byte may name.</param>
/// <param name="Pixels">Bytes of an image.</param>
/// <param name="PixelMaximum">The largest pixel byte allowed.</param>
internal sealed record RecordLayout(string Name, int LabelBytes, int Coarse, int Classes, int Pixels, int PixelMaximum = 255)
{
    /// <summary>CIFAR-10: a label 0 to 9, then 3 x 32 x 32 bytes.</summary>
    public static RecordLayout Cifar10 { get; } = new("CIFAR-10", LabelBytes: 1, Coarse: 0, Classes: 10, Pixels: 3 * 32 * 32);

    /// <summary>CIFAR-100: a coarse label 0 to 19, a fine label 0 to 99, then 3 x 32 x 32 bytes.</summary>
    public static RecordLayout Cifar100 { get; } = new("CIFAR-100", LabelBytes: 2, Coarse: 20, Classes: 100, Pixels: 3 * 32 * 32);

    /// <summary>The embedded digits: a label 0 to 9, then 8 x 8 bytes of 0 to 16.</summary>
    public static RecordLayout Digits { get; } = new("digits", LabelBytes: 1, Coarse: 0, Classes: 10, Pixels: 8 * 8, PixelMaximum: 16);

    /// <summary>Bytes of a record.</summary>
    public int RecordBytes => LabelBytes + Pixels;

    /// <summary>Splits whole records into pixels and labels.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="content">The records.</param>
    /// <param name="images">Takes the pixels; as many times <see cref="Pixels"/> bytes as there are records.</param>
    /// <param name="labels">Takes the classes, one byte a record.</param>
    /// <exception cref="DataException">The content ends within a record, or a label or pixel is out of range.</exception>
    public void Split(string file, ReadOnlySpan<byte> content, Span<byte> images, Span<byte> labels)
    {
        int records = content.Length / RecordBytes;
        if (content.Length % RecordBytes != 0)
        {
            throw new DataException(
                $"{file}: the file ends at offset {content.Length:N0} in the middle of record {records:N0}, which begins at offset {(long)records * RecordBytes:N0}; "
                + $"a {Name} record has {RecordBytes:N0} bytes. The file is cut off or not a {Name} file: download or unpack it again.",
                file, content.Length);
        }

        for (int record = 0; record < records; record++)
        {
            int start = record * RecordBytes;
            if (Coarse > 0 && content[start] >= Coarse)
            {
                throw WrongLabel(file, "coarse label", content[start], Coarse, record, start);
            }

            int label = start + LabelBytes - 1;
            if (content[label] >= Classes)
            {
                throw WrongLabel(file, Coarse > 0 ? "fine label" : "label", content[label], Classes, record, label);
            }

            labels[record] = content[label];
            var pixels = content.Slice(start + LabelBytes, Pixels);
            if (PixelMaximum < 255 && pixels.IndexOfAnyExceptInRange((byte)0, (byte)PixelMaximum) is >= 0 and int wrong)
            {
                throw new DataException(
                    $"{file}: the pixel at offset {start + LabelBytes + wrong:N0} is {pixels[wrong]}, but {Name} pixels are 0 to {PixelMaximum}. "
                    + "The program's embedded data is damaged: build it again.",
                    file, start + LabelBytes + wrong);
            }

            pixels.CopyTo(images.Slice(record * Pixels, Pixels));
        }
    }

    private DataException WrongLabel(string file, string kind, byte found, int limit, int record, int offset) => new(
        $"{file}: the {kind} at offset {offset:N0} (record {record:N0}) is {found}, but {Name} labels are 0 to {limit - 1}. "
        + $"The file is damaged or not a {Name} file: download or unpack it again.",
        file, offset);
}
