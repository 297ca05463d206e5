namespace Cifar;

/// <summary>Labelled images of one size, as they lie on the device: every pixel one byte.</summary>
/// <param name="Images">[image][channel][row][column], the planes one after another.</param>
/// <param name="Labels">One byte an image, 0 .. classes - 1.</param>
public sealed record ImageSet(byte[] Images, byte[] Labels)
{
    /// <summary>The number of images.</summary>
    public int Count => Labels.Length;
}
