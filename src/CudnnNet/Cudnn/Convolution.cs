using System.Globalization;

namespace CudnnNet;

/// <summary>How a filter moves over an image: padding, stride, dilation and groups.</summary>
/// <remarks>
/// With the defaults, a cross-correlation: y[n,k,p,q] = Σ x[n, c, p·stride - padding + r·dilation, q·stride - padding + s·dilation] · w[k,c,r,s],
/// what every framework calls convolution (cuDNN developer guide, cudnnConvolutionMode_t).
/// </remarks>
public readonly record struct Convolution
{
    /// <summary>No padding, stride 1, dilation 1, one group.</summary>
    public Convolution()
        : this(0)
    {
    }

    /// <summary>The same numbers vertically and horizontally, and along the depth of volumes.</summary>
    /// <param name="Padding">Zeros around the image on every side.</param>
    /// <param name="Stride">Pixels from one output to the next.</param>
    /// <param name="Dilation">Pixels from one filter element to the next.</param>
    /// <param name="Groups">Groups of channels, each with filters of its own.</param>
    public Convolution(int Padding = 0, int Stride = 1, int Dilation = 1, int Groups = 1)
        : this(Padding, Padding, Stride, Stride, Dilation, Dilation, Groups)
    {
        PaddingDepth = Padding;
        StrideDepth = Stride;
        DilationDepth = Dilation;
    }

    /// <summary>Separate numbers vertically (rows) and horizontally (columns).</summary>
    /// <param name="PaddingHeight">Zeros above and below the image.</param>
    /// <param name="PaddingWidth">Zeros left and right of the image.</param>
    /// <param name="StrideHeight">Rows from one output to the next.</param>
    /// <param name="StrideWidth">Columns from one output to the next.</param>
    /// <param name="DilationHeight">Rows from one filter element to the next.</param>
    /// <param name="DilationWidth">Columns from one filter element to the next.</param>
    /// <param name="Groups">Groups of channels, each with filters of its own.</param>
    public Convolution(int PaddingHeight, int PaddingWidth, int StrideHeight, int StrideWidth, int DilationHeight, int DilationWidth, int Groups = 1)
    {
        this.PaddingHeight = PaddingHeight;
        this.PaddingWidth = PaddingWidth;
        this.StrideHeight = StrideHeight;
        this.StrideWidth = StrideWidth;
        this.DilationHeight = DilationHeight;
        this.DilationWidth = DilationWidth;
        this.Groups = Groups;
        StrideDepth = 1;
        DilationDepth = 1;
        Mode = ConvolutionMode.CrossCorrelation;
    }

    /// <summary>Zeros before and behind a volume; not used for images.</summary>
    public int PaddingDepth { get; init; }

    /// <summary>Slices from one output to the next; not used for images.</summary>
    public int StrideDepth { get; init; }

    /// <summary>Slices from one filter element to the next; not used for images.</summary>
    public int DilationDepth { get; init; }

    /// <summary>Whether cuDNN may reorder the filters of Int8x32 convolutions itself; it does, unless set to false for filters that are reordered already.</summary>
    public bool ReordersFilters { get; init; } = true;

    /// <summary>Zeros above and below the image.</summary>
    public int PaddingHeight { get; init; }

    /// <summary>Zeros left and right of the image.</summary>
    public int PaddingWidth { get; init; }

    /// <summary>Rows from one output to the next.</summary>
    public int StrideHeight { get; init; }

    /// <summary>Columns from one output to the next.</summary>
    public int StrideWidth { get; init; }

    /// <summary>Rows from one filter element to the next.</summary>
    public int DilationHeight { get; init; }

    /// <summary>Columns from one filter element to the next.</summary>
    public int DilationWidth { get; init; }

    /// <summary>Groups of channels, each with filters of its own.</summary>
    public int Groups { get; init; }

    /// <summary>Whether the filter is flipped; cross-correlation, not flipped, unless set.</summary>
    public ConvolutionMode Mode { get; init; }

    /// <summary>Which arithmetic the device may use.</summary>
    public MathType MathType { get; init; }

    /// <summary>The shape of the output for the input <paramref name="x"/> and the filters <paramref name="w"/>, in the type and layout of <paramref name="x"/>.</summary>
    /// <remarks>1 + (input + 2·padding - ((filter - 1)·dilation + 1)) / stride, rounded down (cudnnGetConvolution2dForwardOutputDim).</remarks>
    /// <exception cref="ArgumentException">The channels do not fit the groups, the filter is larger than the padded image, or a number is out of range.</exception>
    public TensorShape OutputShape(TensorShape x, FilterShape w)
    {
        x.Validate(nameof(x));
        w.Validate(nameof(w));
        Validate();
        if (x.IsVolume != w.IsVolume)
        {
            throw new ArgumentException($"The filters {w} do not fit the input {x}: volumes need filters with T, images filters without.", nameof(w));
        }

        if (x.C != (long)w.C * Groups || w.K % Groups != 0)
        {
            throw new ArgumentException(
                $"The filters {w} do not fit the input {x} in {Groups} group(s): the input's channels must be the filter's times the groups, the filters a multiple of the groups.", nameof(w));
        }

        return new(x.N, w.K, Extent(x.H, w.R, PaddingHeight, StrideHeight, DilationHeight, x, w), Extent(x.W, w.S, PaddingWidth, StrideWidth, DilationWidth, x, w), x.Type, x.Layout)
        {
            D = x.IsVolume ? Extent(x.D, w.T, PaddingDepth, StrideDepth, DilationDepth, x, w) : 0,
        };
    }

    /// <summary>Padding, stride, dilation and groups, each as height x width.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Mode}, padding {PaddingHeight} x {PaddingWidth}, stride {StrideHeight} x {StrideWidth}, dilation {DilationHeight} x {DilationWidth}, {Groups} group(s), {MathType} math");

    private static int Extent(int input, int filter, int padding, int stride, int dilation, TensorShape x, FilterShape w)
    {
        long reach = ((filter - 1L) * dilation) + 1;
        long room = input + (2L * padding) - reach;
        if (room < 0)
        {
            throw new ArgumentException(
                $"A filter that reaches over {reach} pixels does not fit an image of {input} pixels with padding {padding} (input {x}, filters {w}). Use more padding or a smaller filter.", nameof(w));
        }

        return checked((int)(1 + (room / stride)));
    }

    private void Validate()
    {
        if (PaddingDepth < 0 || StrideDepth < 1 || DilationDepth < 1 || PaddingHeight < 0 || PaddingWidth < 0 || StrideHeight < 1 || StrideWidth < 1 || DilationHeight < 1 || DilationWidth < 1 || Groups < 1)
        {
            throw new ArgumentException($"The convolution is {this}; padding must be at least 0, stride, dilation and groups at least 1.");
        }
    }
}
