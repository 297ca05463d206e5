using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <content>Operations that compute nothing: joined and reshaped tensors, random numbers.</content>
public sealed partial class OperationGraph
{
    /// <summary>The inputs one behind the other along a dimension.</summary>
    /// <param name="axis">The dimension, from 0.</param>
    /// <param name="inputs">At least one tensor; they agree in all other dimensions.</param>
    /// <param name="inPlace">The number of the input whose memory is that of its part of the result; null: none.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The result, in type and order in memory of the first input.</returns>
    /// <exception cref="ArgumentException">The inputs do not fit each other, or there is no such dimension.</exception>
    public GraphTensor Concat(int axis, ReadOnlySpan<GraphTensor> inputs, int? inPlace = null, string? name = null)
    {
        if (inputs.IsEmpty)
        {
            throw new ArgumentException($"A concat of {this} was given no tensors. Give it at least one.", nameof(inputs));
        }

        GraphOperation operation = Begin("concat", name, CUDNN_BACKEND_OPERATION_CONCAT_DESCRIPTOR, inputs.ToArray())
            .With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_CONCAT_AXIS, [axis]));
        if (inPlace is { } index)
        {
            operation.With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_CONCAT_INPLACE_INDEX, [index]));
        }

        long[] dimensions = [.. inputs[0].Extents];
        for (int i = 0; i < inputs.Length; i++)
        {
            GraphTensor input = inputs[i];
            operation.Read(CUDNN_ATTR_OPERATION_CONCAT_INPUT_DESCS, $"x{i}", input);
            if (input.Extents.Length != dimensions.Length || (uint)axis >= (uint)dimensions.Length)
            {
                Refuse(operation, $"the inputs must have as many dimensions, {axis} among them");
            }

            for (int d = 0; d < dimensions.Length; d++)
            {
                if (d != axis && input.Extents[d] != dimensions[d])
                {
                    Refuse(operation, $"the inputs may differ in dimension {axis} only, not in {d}");
                }
            }

            dimensions[axis] = i == 0 ? input.Extents[axis] : dimensions[axis] + input.Extents[axis];
        }

        return operation.WriteLike(CUDNN_ATTR_OPERATION_CONCAT_OUTPUT_DESC, "y", dimensions, inputs[0]);
    }

    /// <summary>The same elements under other dimensions.</summary>
    /// <param name="x">The operand.</param>
    /// <param name="dimensions">The dimensions of the result, with as many elements.</param>
    /// <param name="strides">Its strides; without any, packed with the last dimension fastest.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <exception cref="ArgumentException">The numbers of elements differ, or the dimensions or strides are none.</exception>
    public GraphTensor Reshape(GraphTensor x, ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides = default, string? name = null)
    {
        CheckDimensions(name ?? "reshape", dimensions, nameof(dimensions));
        GraphOperation operation = Begin("reshape", name, CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR, Existing(x)).Read(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, "x", x);
        if (GraphTensor.Product(dimensions) != x.Elements)
        {
            Refuse(operation, $"{string.Join(" x ", dimensions.ToArray())} are {GraphTensor.Product(dimensions)} elements, x has {x.Elements}");
        }

        GraphTensor y = operation.WriteLike(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, "y", dimensions.ToArray(), x);
        return y.WithStrides(strides.IsEmpty ? GraphLayout.Packed(dimensions) : strides);
    }

    /// <summary>Random numbers.</summary>
    /// <param name="distribution">What they are like.</param>
    /// <param name="dimensions">The dimensions of the result.</param>
    /// <param name="type">Its type.</param>
    /// <param name="seed">The seed; the same one gives the same numbers on the same device.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The numbers, packed with the last dimension fastest.</returns>
    /// <exception cref="ArgumentException">The dimensions are none.</exception>
    public GraphTensor Random(RandomDistribution distribution, ReadOnlySpan<long> dimensions, DataType type = DataType.Float32, long seed = 0, string? name = null) =>
        Random(distribution, dimensions, type, null, null, seed, name);

    /// <summary>Random numbers whose seed lies in memory, so that every execution gives others.</summary>
    /// <param name="distribution">What they are like.</param>
    /// <param name="dimensions">The dimensions of the result.</param>
    /// <param name="type">Its type.</param>
    /// <param name="seed">The seed, a 64-bit integer.</param>
    /// <param name="offset">How many numbers of the sequence to leave out, a 64-bit integer.</param>
    /// <param name="name">The operation's name for error texts.</param>
    /// <returns>The numbers, packed with the last dimension fastest.</returns>
    /// <exception cref="ArgumentException">The dimensions are none.</exception>
    public GraphTensor Random(
        RandomDistribution distribution, ReadOnlySpan<long> dimensions, DataType type, GraphTensor seed, GraphTensor offset, string? name = null) =>
        Random(distribution, dimensions, type, Existing(seed), Existing(offset), 0, name);

    private GraphTensor Random(
        RandomDistribution distribution, ReadOnlySpan<long> dimensions, DataType type, GraphTensor? seed, GraphTensor? offset, long fixedSeed, string? name)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        CheckDimensions(name ?? "random", dimensions, nameof(dimensions));
        GraphOperation operation = Begin("random", name, CUDNN_BACKEND_OPERATION_RNG_DESCRIPTOR, seed, offset)
            .Describe(CUDNN_ATTR_OPERATION_RNG_DESC, CUDNN_BACKEND_RNG_DESCRIPTOR, distribution.Attributes)
            .Read(CUDNN_ATTR_OPERATION_RNG_SEED, "seed", seed)
            .Read(CUDNN_ATTR_OPERATION_RNG_OFFSET_DESC, "offset", offset);
        if (seed is null)
        {
            operation.With(GraphAttribute.Of(CUDNN_ATTR_OPERATION_RNG_SEED, [fixedSeed]));
        }

        return operation.Write(CUDNN_ATTR_OPERATION_RNG_YDESC, "y", type, dimensions.ToArray(), GraphLayout.Packed(dimensions));
    }
}
