using System.Globalization;

namespace CudnnNet;

/// <summary>A ratio of whole numbers, in which cuDNN measures windows.</summary>
/// <param name="Numerator">The number above.</param>
/// <param name="Denominator">The number below, at least 1.</param>
public readonly record struct Fraction(long Numerator, long Denominator)
{
    /// <summary>A whole number.</summary>
    public static implicit operator Fraction(long whole) => new(whole, 1);

    /// <summary>A whole number.</summary>
    public static Fraction FromInt64(long whole) => whole;

    /// <summary>"3" or "1/2".</summary>
    public override string ToString() => Denominator == 1
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}

/// <summary>The window of a pooling or interpolation over 1 to 3 spatial dimensions: one number for each, slowest first.</summary>
/// <param name="Size">Elements of the window; 2 for interpolations.</param>
/// <param name="Stride">From one window to the next; less than 1 enlarges.</param>
/// <param name="Before">Padding before the first element.</param>
/// <param name="After">Padding behind the last.</param>
public sealed record ResampleWindow(IReadOnlyList<Fraction> Size, IReadOnlyList<Fraction> Stride, IReadOnlyList<Fraction> Before, IReadOnlyList<Fraction> After)
{
    /// <summary>The window of a pooling of images.</summary>
    public static implicit operator ResampleWindow(PoolingWindow window) => FromPoolingWindow(window);

    /// <summary>The window of a pooling of images.</summary>
    public static ResampleWindow FromPoolingWindow(PoolingWindow window) => new(
        [window.Height, window.Width], [window.StrideHeight, window.StrideWidth], [window.PaddingHeight, window.PaddingWidth], [window.PaddingHeight, window.PaddingWidth]);

    /// <summary>The window of a pooling of volumes.</summary>
    public static ResampleWindow OfVolume(PoolingWindow window) => new(
        [window.Depth, window.Height, window.Width],
        [window.StrideDepth, window.StrideHeight, window.StrideWidth],
        [window.PaddingDepth, window.PaddingHeight, window.PaddingWidth],
        [window.PaddingDepth, window.PaddingHeight, window.PaddingWidth]);

    /// <summary>⌊(size + before + after - window) / stride⌋ + 1; less than 1 where the window is larger than what is there.</summary>
    internal long OutputSize(int dimension, long size)
    {
        Int128 numerator = size, denominator = 1;
        foreach ((Fraction part, int sign) in (ReadOnlySpan<(Fraction, int)>)[(Before[dimension], 1), (After[dimension], 1), (Size[dimension], -1)])
        {
            numerator = (numerator * part.Denominator) + (sign * (Int128)part.Numerator * denominator);
            denominator *= part.Denominator;
        }

        Fraction stride = Stride[dimension];
        return numerator < 0 ? 0 : (long)(numerator * stride.Denominator / (denominator * stride.Numerator)) + 1;
    }
}
