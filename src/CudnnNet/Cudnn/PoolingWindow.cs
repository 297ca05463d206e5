namespace CudnnNet;

/// <summary>The window of a pooling: size, padding and stride.</summary>
/// <param name="Height">Rows of the window.</param>
/// <param name="Width">Columns of the window.</param>
/// <param name="PaddingHeight">Rows of padding above and below; less than <paramref name="Height"/>.</param>
/// <param name="PaddingWidth">Columns of padding left and right; less than <paramref name="Width"/>.</param>
/// <param name="StrideHeight">Rows from one window to the next.</param>
/// <param name="StrideWidth">Columns from one window to the next.</param>
public readonly record struct PoolingWindow(int Height, int Width, int PaddingHeight, int PaddingWidth, int StrideHeight, int StrideWidth)
{
    /// <summary>The same numbers vertically and horizontally, and along the depth of volumes.</summary>
    /// <param name="window">Rows and columns of the window.</param>
    /// <param name="padding">Padding on every side; less than <paramref name="window"/>.</param>
    /// <param name="stride">Pixels from one window to the next.</param>
    public PoolingWindow(int window, int padding, int stride)
        : this(window, window, padding, padding, stride, stride)
    {
        Depth = window;
        PaddingDepth = padding;
        StrideDepth = stride;
    }

    /// <summary>Slices of the window; not used for images.</summary>
    public int Depth { get; init; }

    /// <summary>Slices of padding before and behind a volume; less than <see cref="Depth"/>; not used for images.</summary>
    public int PaddingDepth { get; init; }

    /// <summary>Slices from one window to the next; not used for images.</summary>
    public int StrideDepth { get; init; }

    /// <summary>One window as large as the image: global pooling.</summary>
    public static PoolingWindow Global(TensorShape x) => new(x.H, x.W, 0, 0, 1, 1) { Depth = x.D, StrideDepth = x.IsVolume ? 1 : 0 };

    /// <summary>The shape of the output for the input <paramref name="x"/>, in its type and layout.</summary>
    /// <remarks>1 + (input + 2·padding - window) / stride, rounded down (cudnnGetPooling2dForwardOutputDim).</remarks>
    /// <exception cref="ArgumentException">A number is out of range or the window is larger than the padded image.</exception>
    public TensorShape OutputShape(TensorShape x)
    {
        x.Validate(nameof(x));
        if (Height < 1 || Width < 1 || (x.IsVolume && (Depth < 1 || StrideDepth < 1 || PaddingDepth < 0)) || StrideHeight < 1 || StrideWidth < 1 || PaddingHeight < 0 || PaddingWidth < 0)
        {
            throw new ArgumentException($"The window is {this}; size and stride must be at least 1, padding at least 0.");
        }

        if (PaddingHeight >= Height || PaddingWidth >= Width || (x.IsVolume && PaddingDepth >= Depth))
        {
            throw new ArgumentException($"The window is {this}; its padding must be smaller than the window, otherwise a window could hold padding only.");
        }

        if ((x.IsVolume && x.D + (2L * PaddingDepth) < Depth) || x.H + (2L * PaddingHeight) < Height || x.W + (2L * PaddingWidth) < Width)
        {
            throw new ArgumentException($"The window is {this}, larger than the padded image of {x}. Use more padding or a smaller window.", nameof(x));
        }

        return new(
            x.N,
            x.C,
            1 + ((x.H + (2 * PaddingHeight) - Height) / StrideHeight),
            1 + ((x.W + (2 * PaddingWidth) - Width) / StrideWidth),
            x.Type,
            x.Layout)
        {
            D = x.IsVolume ? 1 + ((x.D + (2 * PaddingDepth) - Depth) / StrideDepth) : 0,
        };
    }
}
