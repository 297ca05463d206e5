using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <content>Pooling and interpolation.</content>
public sealed partial class OperationGraph
{
    /// <summary>Pools or interpolates: y = alpha · resample(x) + beta · y.</summary>
    /// <param name="x">The input, N x C x spatial dimensions.</param>
    /// <param name="mode">What a window becomes.</param>
    /// <param name="window">Size, stride and padding; a <see cref="PoolingWindow"/> for images.</param>
    /// <param name="padding">What lies around; null: minus infinity for the maximum, else zeros.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="beta">The factor of what y held before; only for a result that is an output.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The result, in type and order in memory of <paramref name="x"/>.</returns>
    /// <exception cref="ArgumentException">The window does not fit.</exception>
    public GraphTensor Resample(
        GraphTensor x, ResampleMode mode, ResampleWindow window, ResamplePadding? padding = null, double alpha = 1, double beta = 0, string? name = null) =>
        ResampleForward(x, mode, window, padding, alpha, beta, withIndex: false, name).Y;

    /// <summary>Maximum pooling that also writes which element of each window won, for its gradient.</summary>
    /// <param name="x">The input, N x C x spatial dimensions.</param>
    /// <param name="window">Size, stride and padding; a <see cref="PoolingWindow"/> for images.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The result, and the number of the winner within its window (8-bit integers).</returns>
    /// <exception cref="ArgumentException">The window does not fit.</exception>
    public (GraphTensor Y, GraphTensor Index) MaxPool(GraphTensor x, ResampleWindow window, string? name = null)
    {
        (GraphTensor y, GraphTensor? index) = ResampleForward(x, ResampleMode.Max, window, null, 1, 0, withIndex: true, name);
        return (y, index!);
    }

    /// <summary>The gradient of a pooling or interpolation: dx = alpha · grad(dy) + beta · dx.</summary>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="mode">What a window became.</param>
    /// <param name="window">Size, stride and padding of the forward direction.</param>
    /// <param name="dimensions">The dimensions of the input.</param>
    /// <param name="index">Of maximum pooling the winners that <see cref="MaxPool"/> wrote; GPUs need them.</param>
    /// <param name="forward">Of maximum pooling without winners the input and output of the forward direction.</param>
    /// <param name="padding">What lay around; null: minus infinity for the maximum, else zeros.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="beta">The factor of what dx held before; only for a result that is an output.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>dx, in type and order in memory of <paramref name="dy"/>.</returns>
    /// <exception cref="ArgumentException">The window does not fit.</exception>
    public GraphTensor ResampleBackward(
        GraphTensor dy,
        ResampleMode mode,
        ResampleWindow window,
        ReadOnlySpan<long> dimensions,
        GraphTensor? index = null,
        (GraphTensor X, GraphTensor Y)? forward = null,
        ResamplePadding? padding = null,
        double alpha = 1,
        double beta = 0,
        string? name = null)
    {
        long[] extents = dimensions.ToArray();
        GraphOperation operation = Begin("resample backward", name, CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR, Existing(dy), index, forward?.X, forward?.Y)
            .Read(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC, "dy", dy)
            .Read(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC, "index", index)
            .Read(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC, "x", forward?.X)
            .Read(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC, "y", forward?.Y);
        Describe(operation, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC, mode, window, padding, extents);
        if (alpha != 1 || beta != 0)
        {
            Scale(operation, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_ALPHA, alpha, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_BETA, beta);
        }

        return operation.WriteLike(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC, "dx", extents, dy);
    }

    private (GraphTensor Y, GraphTensor? Index) ResampleForward(
        GraphTensor x, ResampleMode mode, ResampleWindow window, ResamplePadding? padding, double alpha, double beta, bool withIndex, string? name)
    {
        GraphOperation operation = Begin("resample forward", name, CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR, Existing(x))
            .Read(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC, "x", x);
        Describe(operation, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC, mode, window, padding, x.Extents);
        if (alpha != 1 || beta != 0)
        {
            Scale(operation, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_ALPHA, alpha, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_BETA, beta);
        }

        long[] dimensions = [.. x.Extents];
        for (int i = 2; i < dimensions.Length; i++)
        {
            dimensions[i] = window.OutputSize(i - 2, dimensions[i]);
            if (dimensions[i] < 1)
            {
                Refuse(operation, "the window is larger than the padded input. Use more padding or a smaller window");
            }
        }

        GraphTensor y = operation.WriteLike(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC, "y", dimensions, x);
        GraphTensor? index = withIndex ? operation.WriteLike(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC, "index", DataType.Int8, [.. dimensions], x) : null;
        return (y, index);
    }

    private void Describe(GraphOperation operation, cudnnBackendAttributeName_t name, ResampleMode mode, ResampleWindow window, ResamplePadding? padding, long[] image)
    {
        ArgumentNullException.ThrowIfNull(window);
        int spatial = image.Length - 2;
        if (spatial is < 1 or > 3 || window.Size.Count != spatial || window.Stride.Count != spatial || window.Before.Count != spatial || window.After.Count != spatial)
        {
            Refuse(operation, $"an image of {image.Length} dimensions has {spatial} spatial ones; the window must have 1 to 3, as many");
        }

        if (window.Size.Concat(window.Stride).Any(part => part.Numerator < 1 || part.Denominator < 1)
            || window.Before.Concat(window.After).Any(part => part.Denominator < 1))
        {
            Refuse(operation, $"size and stride of the window must be above 0 (size {string.Join(" x ", window.Size)}, stride {string.Join(" x ", window.Stride)})");
        }

        padding ??= mode == ResampleMode.Max ? ResamplePadding.NegativeInfinity : ResamplePadding.Zero;
        operation.Describe(
            name,
            CUDNN_BACKEND_RESAMPLE_DESCRIPTOR,
            GraphAttribute.Of(CUDNN_ATTR_RESAMPLE_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_RESAMPLE_MODE, (long)mode),
            GraphAttribute.Of(CUDNN_ATTR_RESAMPLE_COMP_TYPE, ComputeType),
            GraphAttribute.Of(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, [spatial]),
            GraphAttribute.Of(CUDNN_ATTR_RESAMPLE_PADDING_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_PADDING_MODE, (long)padding),
            Fractions(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, window.Size),
            Fractions(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, window.Before),
            Fractions(CUDNN_ATTR_RESAMPLE_POST_PADDINGS, window.After),
            Fractions(CUDNN_ATTR_RESAMPLE_STRIDES, window.Stride));
    }

    private static GraphAttribute Fractions(cudnnBackendAttributeName_t name, IReadOnlyList<Fraction> values) =>
        new(name, cudnnBackendAttributeType_t.CUDNN_TYPE_FRACTION, [.. values.SelectMany(value => (long[])[value.Numerator, value.Denominator])]);
}
