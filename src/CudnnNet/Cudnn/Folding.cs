namespace CudnnNet;

/// <summary>How a tensor is padded and its blocks of pixels become channels, or its channels blocks of pixels.</summary>
/// <remarks>
/// Folding pads first; then pixel (i, j) of each block, counted row by row, becomes the channels (i · BlockWidth + j) · C to that plus C - 1 of one pixel.
/// Unfolding is the way back: channels become pixels first, and then what <see cref="Before"/> and <see cref="After"/> say, negative, is cut off.
/// </remarks>
/// <param name="BlockHeight">Rows of a block, 1 for none.</param>
/// <param name="BlockWidth">Columns of a block, 1 for none.</param>
public readonly record struct Folding(int BlockHeight = 1, int BlockWidth = 1)
{
    /// <summary>No padding and no blocks.</summary>
    public Folding()
        : this(1)
    {
    }

    /// <summary>Slices of a block, in volumes.</summary>
    public int BlockDepth { get; init; } = 1;

    /// <summary>What is put in front along each dimension.</summary>
    public Margins Before { get; init; }

    /// <summary>What is put behind along each dimension.</summary>
    public Margins After { get; init; }

    /// <summary>Whether channels become pixels.</summary>
    public bool Unfolds { get; init; }

    /// <summary>The shape of what a tensor becomes, in its type and the layout asked for.</summary>
    /// <exception cref="ArgumentException">A block has no pixels, or nothing would be left along a dimension.</exception>
    public TensorShape OutputShape(TensorShape x, TensorLayout layout)
    {
        x.Validate(nameof(x));
        if (BlockHeight < 1 || BlockWidth < 1 || BlockDepth < 1)
        {
            throw new ArgumentException($"A block has {BlockDepth} x {BlockHeight} x {BlockWidth} pixels; each number must be at least 1.");
        }

        int pixels = checked(BlockHeight * BlockWidth * (x.IsVolume ? BlockDepth : 1));
        TensorShape y = new(
            Pixels(x.N, 1, Before.N, After.N),
            Unfolds ? Blocks(x.C, pixels) + Before.C + After.C : checked((x.C + Before.C + After.C) * pixels),
            Pixels(x.H, BlockHeight, Before.H, After.H),
            Pixels(x.W, BlockWidth, Before.W, After.W),
            x.Type,
            layout)
        {
            D = x.IsVolume ? Pixels(x.D, BlockDepth, Before.D, After.D) : 0,
        };
        return y.Validate("the folded tensor");
    }

    private int Pixels(int size, int block, int before, int after) =>
        checked(Unfolds ? (size * block) + before + after : Blocks(size + before + after, block));

    // Blocks that do not come out even are filled up.
    private static int Blocks(int size, int block) => checked(size + block - 1) / block;
}
