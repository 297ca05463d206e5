namespace CudnnNet;

/// <summary>A tensor of images, or of volumes (<see cref="D"/>): how many elements, of which type, in which order in memory.</summary>
/// <param name="N">Images in the batch.</param>
/// <param name="C">Channels (feature maps).</param>
/// <param name="H">Rows.</param>
/// <param name="W">Columns.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Layout">Their order in memory. The dimensions are always named N, C, H, W.</param>
public readonly record struct TensorShape(int N, int C, int H, int W, DataType Type = DataType.Float32, TensorLayout Layout = TensorLayout.Nhwc)
{
    private readonly TensorStrides? _strides;

    /// <summary>Slices of a volume, for three-dimensional convolutions and the like: the tensor has five dimensions, N, C, D, H, W. 0: it is one of images, of four.</summary>
    public int D { get; init; }

    /// <summary>Whether the tensor has five dimensions.</summary>
    public bool IsVolume => D != 0;

    private int Slices => D == 0 ? 1 : D;

    /// <summary>The distances between neighbours in elements: packed in the order of <see cref="Layout"/>, unless set.</summary>
    /// <remarks>Set, they take the place of the layout. Bytes between the elements are not touched.</remarks>
    /// <exception cref="InvalidOperationException">The layout is <see cref="TensorLayout.NchwVector"/>, whose channels have no one distance.</exception>
    public TensorStrides Strides
    {
        get => _strides ?? Packed;
        init => _strides = value == Packed ? null : value;
    }

    /// <summary>Whether the elements lie without gaps in the order of <see cref="Layout"/>.</summary>
    public bool IsPacked => _strides is null || _strides == Packed;

    private string Dimensions => IsVolume ? $"{N} x {C} x {D} x {H} x {W}" : $"{N} x {C} x {H} x {W}";

    /// <summary>The number of elements: N · C · H · W, times D for volumes.</summary>
    public long Elements => (long)N * C * Slices * H * W;

    /// <summary>The memory the tensor spans in bytes, gaps between its elements included.</summary>
    public long Bytes => SpannedElements * Type.SizeInBytes();

    /// <summary>The memory the tensor spans in elements, gaps included: what an allocation for it needs.</summary>
    public long SpannedElements
    {
        get
        {
            if (IsPacked)
            {
                return Elements;
            }

            TensorStrides strides = Strides;
            return 1 + ((N - 1L) * strides.N) + ((C - 1L) * strides.C) + ((H - 1L) * strides.H) + ((Slices - 1L) * strides.D) + ((W - 1L) * strides.W);
        }
    }

    private TensorStrides Packed => unchecked(Layout switch
    {
        TensorLayout.Nhwc => new(Slices * H * W * C, 1, W * C, C) { D = IsVolume ? H * W * C : 0 },
        TensorLayout.Nchw => new(C * Slices * H * W, Slices * H * W, W, 1) { D = IsVolume ? H * W : 0 },
        _ => throw new InvalidOperationException($"The strides of {this} were asked for; channels in vectors have none."),
    });

    /// <summary>"2 x 64 x 8 x 8 Float32 Nhwc" (N, C, H, W; for volumes N, C, D, H, W).</summary>
    public override string ToString() => _strides is not { } strides
        ? $"{Dimensions} {Type} {Layout}"
        : IsVolume ? $"{Dimensions} {Type} with strides ({strides.N}, {strides.C}, {strides.D}, {strides.H}, {strides.W})"
        : $"{Dimensions} {Type} with strides ({strides.N}, {strides.C}, {strides.H}, {strides.W})";

    internal bool SameDimensions(TensorShape other) => N == other.N && C == other.C && D == other.D && H == other.H && W == other.W;

    /// <summary>Throws where this is the shape of no tensor.</summary>
    /// <exception cref="ArgumentException">A dimension is less than 1, type or layout are unknown, or the strides are too large for cuDNN's 32-bit numbers.</exception>
    internal TensorShape Validate(string name)
    {
        if (N < 1 || C < 1 || D < 0 || H < 1 || W < 1)
        {
            throw new ArgumentException($"'{name}' is {this}; every dimension must be at least 1.", name);
        }

        if (!Enum.IsDefined(Type) || !Enum.IsDefined(Layout))
        {
            throw new ArgumentException($"'{name}' is {this}; its type or layout is unknown. Use the names of DataType and TensorLayout.", name);
        }

        if (Type.ChannelsPerVector() is var together && (together > 1) != (Layout == TensorLayout.NchwVector))
        {
            throw new ArgumentException($"'{name}' is {this}; channels in vectors are the layout {TensorLayout.NchwVector} of the types Int8x4, UInt8x4 and Int8x32.", name);
        }

        if (C % together != 0 || (together > 1 && IsVolume))
        {
            throw new ArgumentException($"'{name}' is {this}; the channels must be a multiple of {together}, in images.", name);
        }

        if (_strides is null && (long)C * Slices * H * W > int.MaxValue)
        {
            throw new ArgumentException($"'{name}' is {this}: {(long)C * Slices * H * W} elements an image; cuDNN's strides count {int.MaxValue} at most.", name);
        }

        return this;
    }

    /// <summary>Throws where this is no tensor of the dimensions <paramref name="expected"/>.</summary>
    /// <exception cref="ArgumentException">The dimensions or types differ.</exception>
    internal TensorShape Expect(TensorShape expected, string name, string why)
    {
        Validate(name);
        if (!SameDimensions(expected) || Type != expected.Type)
        {
            throw new ArgumentException(
                $"'{name}' is {this}, but {why} gives {expected.Dimensions} {expected.Type}. Pass a shape of those dimensions and that type.", name);
        }

        return this;
    }
}
