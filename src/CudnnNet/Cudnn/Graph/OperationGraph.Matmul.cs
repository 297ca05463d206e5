using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <content>Products of matrices, and reductions.</content>
public sealed partial class OperationGraph
{
    /// <summary>C = A · B, for each matrix of a batch.</summary>
    /// <param name="a">... x M x K. A transposed matrix is one with exchanged strides.</param>
    /// <param name="b">... x K x N.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>... x M x N, packed by rows, in the type of <paramref name="a"/>.</returns>
    /// <exception cref="ArgumentException">The matrices do not fit each other.</exception>
    public GraphTensor Matmul(GraphTensor a, GraphTensor b, string? name = null)
    {
        GraphOperation operation = Begin("matmul", name, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR, Existing(a), Existing(b))
            .Read(CUDNN_ATTR_OPERATION_MATMUL_ADESC, "a", a)
            .Read(CUDNN_ATTR_OPERATION_MATMUL_BDESC, "b", b)
            .Describe(CUDNN_ATTR_OPERATION_MATMUL_DESC, CUDNN_BACKEND_MATMUL_DESCRIPTOR, GraphAttribute.Of(CUDNN_ATTR_MATMUL_COMP_TYPE, ComputeType));
        int rank = a.Extents.Length;
        if (rank < 2 || rank != b.Extents.Length || a.Extents[^1] != b.Extents[^2])
        {
            Refuse(operation, "a must be ... x M x K, b ... x K x N, with as many dimensions");
        }

        long[] dimensions = new long[rank];
        for (int i = 0; i < rank - 2; i++)
        {
            dimensions[i] = Math.Max(a.Extents[i], b.Extents[i]);
            if (dimensions[i] % a.Extents[i] != 0 || dimensions[i] % b.Extents[i] != 0)
            {
                Refuse(operation, $"of the batches {a.Extents[i]} and {b.Extents[i]} in dimension {i} one must be a multiple of the other");
            }
        }

        dimensions[rank - 2] = a.Extents[rank - 2];
        dimensions[rank - 1] = b.Extents[rank - 1];
        GraphTensor c = operation.WriteLike(CUDNN_ATTR_OPERATION_MATMUL_CDESC, "c", dimensions, a);
        return c.WithStrides(GraphLayout.Packed(dimensions));
    }

    /// <summary>Reduces x along the given dimensions, which become 1.</summary>
    /// <param name="x">The operand.</param>
    /// <param name="mode">What the elements become. The graph API knows sum, product, minimum, maximum and maximum of absolutes; the device says so of others.</param>
    /// <param name="along">The dimensions, from 0.</param>
    /// <param name="deterministic">Whether the result must have the same bits every time.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The result, in single precision (double, where sums are doubles): GPUs have no engine for narrower ones.</returns>
    /// <exception cref="ArgumentException">There is no such dimension.</exception>
    public GraphTensor Reduce(GraphTensor x, TensorReductionMode mode, ReadOnlySpan<int> along, bool deterministic = false, string? name = null)
    {
        GraphOperation operation = Begin("reduction", name, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, Existing(x))
            .Read(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, "x", x);
        List<GraphAttribute> attributes =
        [
            GraphAttribute.Of(CUDNN_ATTR_REDUCTION_OPERATOR, cudnnBackendAttributeType_t.CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, (long)mode),
            GraphAttribute.Of(CUDNN_ATTR_REDUCTION_COMP_TYPE, ComputeType),
        ];
        if (deterministic)
        {
            attributes.Add(GraphAttribute.Flag(CUDNN_ATTR_REDUCTION_IS_DETERMINISTIC, true));
        }

        operation.Describe(CUDNN_ATTR_OPERATION_REDUCTION_DESC, CUDNN_BACKEND_REDUCTION_DESCRIPTOR, [.. attributes]);
        long[] dimensions = [.. x.Extents];
        foreach (int dimension in along)
        {
            if ((uint)dimension >= (uint)dimensions.Length)
            {
                Refuse(operation, $"x was to be reduced along dimension {dimension}; it has {dimensions.Length}, counted from 0");
            }

            dimensions[dimension] = 1;
        }

        return operation.WriteLike(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, "y", StatisticsType, dimensions, x);
    }
}
