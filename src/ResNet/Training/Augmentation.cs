namespace ResNet;

/// <summary>How training images are changed, every time anew, as they are gathered into a batch.</summary>
/// <remarks>
/// The changes of an image depend on the seed, the epoch and its number in the data set alone (Philox4x32-10 as a counter-based
/// generator), so that they are the same at any batch size, after an interruption, and on any device.
/// </remarks>
public sealed record Augmentation
{
    /// <summary>No change.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>What is usual for CIFAR (He et al., 2015): four pixels of padding, a random part of the image's size, mirrored half the time.</summary>
    public static Augmentation Standard { get; } = new() { Padding = 4, Mirrors = true };

    /// <summary>
    /// Pixels of zero bytes put around the image before a part of its size is taken at random: it is shifted by up to so many pixels. Less
    /// than a side of the image.
    /// </summary>
    public int Padding { get; init; }

    /// <summary>Whether it is mirrored left to right half the time.</summary>
    public bool Mirrors { get; init; }

    /// <summary>
    /// The side of a square around a random pixel in which everything becomes the mean (DeVries and Taylor, 2017); it may reach beyond the
    /// image. 0: none.
    /// </summary>
    public int Cutout { get; init; }

    /// <summary>Whether it changes nothing.</summary>
    public bool IsNone => Padding == 0 && !Mirrors && Cutout == 0;

    /// <summary>The largest <see cref="Cutout"/> for images of a size: a square that covers them wherever its middle lies.</summary>
    public static int LargestCutout(int height, int width) => 2 * Math.Max(height, width);

    /// <exception cref="ArgumentException">It does not fit images of that size.</exception>
    internal void Check(int height, int width)
    {
        if (Padding < 0 || Padding >= Math.Min(height, width) || Cutout < 0 || Cutout > LargestCutout(height, width))
        {
            throw new ArgumentException(
                $"images of {height} x {width} were to be shifted by up to {Padding} pixels and lose squares of {Cutout}; give 0 to {Math.Min(height, width) - 1} and 0 to {LargestCutout(height, width)}.");
        }
    }
}
