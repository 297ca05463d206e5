namespace CudnnNet;

/// <summary>The filters of a convolution.</summary>
/// <param name="K">Filters: channels of the output.</param>
/// <param name="C">Channels each filter sees: channels of the input divided by the groups.</param>
/// <param name="R">Rows.</param>
/// <param name="S">Columns.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Layout">Their order in memory: <see cref="TensorLayout.Nchw"/> is K, C, R, S; <see cref="TensorLayout.Nhwc"/> is K, R, S, C.</param>
public readonly record struct FilterShape(int K, int C, int R, int S, DataType Type = DataType.Float32, TensorLayout Layout = TensorLayout.Nhwc)
{
    /// <summary>Slices of filters over volumes: five dimensions, K, C, T, R, S. 0: filters over images, of four.</summary>
    public int T { get; init; }

    /// <summary>Whether the filters go over volumes.</summary>
    public bool IsVolume => T != 0;

    /// <summary>The number of elements: K · C · R · S, times T for volumes.</summary>
    public long Elements => (long)K * C * (T == 0 ? 1 : T) * R * S;

    /// <summary>The memory of the filters in bytes.</summary>
    public long Bytes => Elements * Type.SizeInBytes();

    /// <summary>"64 x 3 x 7 x 7 Float32 Nhwc" (K, C, R, S; over volumes K, C, T, R, S).</summary>
    public override string ToString() => IsVolume ? $"{K} x {C} x {T} x {R} x {S} {Type} {Layout}" : $"{K} x {C} x {R} x {S} {Type} {Layout}";

    /// <summary>Throws where this is the shape of no filter.</summary>
    /// <exception cref="ArgumentException">A dimension is less than 1, or type or layout are unknown or do not go together.</exception>
    internal FilterShape Validate(string name)
    {
        if (K < 1 || C < 1 || T < 0 || R < 1 || S < 1)
        {
            throw new ArgumentException($"'{name}' is {this}; every dimension must be at least 1.", name);
        }

        if (!Enum.IsDefined(Type) || !Enum.IsDefined(Layout))
        {
            throw new ArgumentException($"'{name}' is {this}; its type or layout is unknown. Use the names of DataType and TensorLayout.", name);
        }

        if (Type.ChannelsPerVector() is var together && ((together > 1) != (Layout == TensorLayout.NchwVector) || C % together != 0))
        {
            throw new ArgumentException(
                $"'{name}' is {this}; channels in vectors are the layout {TensorLayout.NchwVector} of the types Int8x4, UInt8x4 and Int8x32, with a multiple of 4 or 32 channels.", name);
        }

        return this;
    }
}
