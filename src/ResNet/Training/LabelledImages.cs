namespace ResNet;

/// <summary>Images of one size with their labels, every pixel one byte.</summary>
/// <param name="Images">[image][channel][row][column].</param>
/// <param name="Labels">One byte an image, 0 to classes - 1.</param>
/// <param name="Channels">Channels of an image.</param>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
public sealed record LabelledImages(ReadOnlyMemory<byte> Images, ReadOnlyMemory<byte> Labels, int Channels, int Height, int Width)
{
    /// <summary>The number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>Says what is wrong with the images.</summary>
    /// <param name="classes">How many classes a label may name.</param>
    /// <exception cref="ArgumentException">There are no images, the sizes do not fit together, or a label is not below <paramref name="classes"/>.</exception>
    public void Validate(int classes)
    {
        long expected = (long)Count * Channels * Height * Width;
        if (Count == 0 || Images.Length != expected)
        {
            throw new ArgumentException($"{Count} labels want {expected} bytes of images ({Channels} x {Height} x {Width} each); {Images.Length} were given.");
        }

        var labels = Labels.Span;
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] >= classes)
            {
                throw new ArgumentException($"image {i} has label {labels[i]}; the network has {classes} classes (0 to {classes - 1}).");
            }
        }
    }
}
