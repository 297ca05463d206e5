using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <content>Convolutions and their gradients.</content>
public sealed partial class OperationGraph
{
    /// <summary>y = alpha · conv(x, w) + beta · y.</summary>
    /// <param name="x">The input, N x C x spatial dimensions.</param>
    /// <param name="w">The filters, K x C/groups x spatial dimensions.</param>
    /// <param name="convolution">Padding, stride and dilation; along one spatial dimension the numbers of the width.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="beta">The factor of what y held before; only for a result that is an output.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>y, N x K x spatial dimensions, in the order in memory and the type of <paramref name="x"/>.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public GraphTensor Convolution(GraphTensor x, GraphTensor w, Convolution convolution, double alpha = 1, double beta = 0, string? name = null)
    {
        GraphOperation operation = Begin("convolution forward", name, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, Existing(x), Existing(w))
            .Read(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, "x", x)
            .Read(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, "w", w);
        Describe(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution, x);
        CheckFilters(operation, x.Extents, w.Extents, convolution);
        long[] dimensions = new long[x.Extents.Length];
        dimensions[0] = x.Extents[0];
        dimensions[1] = w.Extents[0];
        for (int i = 2; i < dimensions.Length; i++)
        {
            (int padding, int stride, int dilation) = Along(convolution, i - 2, dimensions.Length - 2);
            long room = x.Extents[i] + (2L * padding) - (((w.Extents[i] - 1) * dilation) + 1);
            if (room < 0)
            {
                Refuse(operation, "the filter is larger than the padded input. Use more padding or a smaller filter");
            }

            dimensions[i] = 1 + (room / stride);
        }

        Scale(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, alpha, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, beta);
        return operation.WriteLike(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, "y", dimensions, x);
    }

    /// <summary>The gradient of a convolution's input: dx = alpha · grad(dy, w) + beta · dx.</summary>
    /// <param name="dy">The gradient of the output, N x K x spatial dimensions.</param>
    /// <param name="w">The filters, K x C/groups x spatial dimensions.</param>
    /// <param name="convolution">Padding, stride and dilation of the forward direction.</param>
    /// <param name="dimensions">The dimensions of the input, which do not follow from those of the output.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="beta">The factor of what dx held before; only for a result that is an output.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>dx, in the order in memory and the type of <paramref name="dy"/>.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public GraphTensor ConvolutionBackwardData(
        GraphTensor dy, GraphTensor w, Convolution convolution, ReadOnlySpan<long> dimensions, double alpha = 1, double beta = 0, string? name = null)
    {
        GraphOperation operation = Begin("convolution backward data", name, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, Existing(dy), Existing(w))
            .Read(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, "dy", dy)
            .Read(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, "w", w);
        Describe(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution, dy);
        long[] extents = dimensions.ToArray();
        CheckFilters(operation, extents, w.Extents, convolution);
        Scale(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, alpha, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, beta);
        return operation.WriteLike(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, "dx", extents, dy);
    }

    /// <summary>The gradient of a convolution's filters: dw = alpha · grad(x, dy) + beta · dw.</summary>
    /// <remarks>On a GPU it comes out in the type of x: there is no engine for single precision from 16 bits.</remarks>
    /// <param name="x">The input, N x C x spatial dimensions.</param>
    /// <param name="dy">The gradient of the output, N x K x spatial dimensions.</param>
    /// <param name="convolution">Padding, stride and dilation of the forward direction.</param>
    /// <param name="dimensions">The dimensions of the filters, K, C/groups and the spatial ones.</param>
    /// <param name="alpha">The factor of the result.</param>
    /// <param name="beta">The factor of what dw held before; only for a result that is an output.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>dw, in the order in memory and the type of <paramref name="x"/>.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public GraphTensor ConvolutionBackwardFilter(
        GraphTensor x, GraphTensor dy, Convolution convolution, ReadOnlySpan<long> dimensions, double alpha = 1, double beta = 0, string? name = null)
    {
        GraphOperation operation = Begin("convolution backward filter", name, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, Existing(x), Existing(dy))
            .Read(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, "x", x)
            .Read(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, "dy", dy);
        Describe(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution, x);
        long[] extents = dimensions.ToArray();
        CheckFilters(operation, x.Extents, extents, convolution);
        Scale(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, alpha, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, beta);
        return operation.WriteLike(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, "dw", extents, x);
    }

    private void Describe(GraphOperation operation, cudnnBackendAttributeName_t name, Convolution convolution, GraphTensor image)
    {
        int spatial = image.Extents.Length - 2;
        if (spatial is < 1 or > 3)
        {
            Refuse(operation, "convolutions go over 1 to 3 spatial dimensions, behind samples and channels");
        }

        long[] padding = new long[spatial], stride = new long[spatial], dilation = new long[spatial];
        for (int i = 0; i < spatial; i++)
        {
            (int p, int s, int d) = Along(convolution, i, spatial);
            (padding[i], stride[i], dilation[i]) = (p, s, d);
            if (p < 0 || s < 1 || d < 1)
            {
                Refuse(operation, $"the convolution is {convolution}; padding must be at least 0, stride and dilation at least 1");
            }
        }

        operation.Describe(
            name,
            CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, spatial),
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, ComputeType),
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_CONV_MODE, cudnnBackendAttributeType_t.CUDNN_TYPE_CONVOLUTION_MODE, (long)convolution.Mode),
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, padding),
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, padding),
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_DILATIONS, dilation),
            GraphAttribute.Of(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, stride));
    }

    private void CheckFilters(GraphOperation operation, long[] x, long[] w, Convolution convolution)
    {
        if (x.Length != w.Length)
        {
            Refuse(operation, $"the input has {x.Length} dimensions, the filters {w.Length}; they must have as many");
        }

        if (w[1] < 1 || x[1] % w[1] != 0 || w[0] % Math.Max(1, x[1] / w[1]) != 0)
        {
            Refuse(operation, $"the input's {x[1]} channels must be a multiple of the filters' {w[1]}, and the {w[0]} filters a multiple of the groups that makes");
        }

        if (convolution.Groups != x[1] / w[1])
        {
            Refuse(operation, $"{convolution.Groups} groups were asked for, but {x[1]} channels with filters of {w[1]} make {x[1] / w[1]}");
        }
    }

    private static (int Padding, int Stride, int Dilation) Along(Convolution convolution, int i, int spatial) => (spatial - i) switch
    {
        1 => (convolution.PaddingWidth, convolution.StrideWidth, convolution.DilationWidth),
        2 => (convolution.PaddingHeight, convolution.StrideHeight, convolution.DilationHeight),
        _ => (convolution.PaddingDepth, convolution.StrideDepth, convolution.DilationDepth),
    };

    private void Scale(GraphOperation operation, cudnnBackendAttributeName_t alphaName, double alpha, cudnnBackendAttributeName_t betaName, double beta) => operation
        .With(GraphAttribute.Real(alphaName, alpha, ComputeType))
        .With(GraphAttribute.Real(betaName, beta, ComputeType));

    private static GraphTensor Existing(GraphTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor;
    }
}
