using CudnnNet;

namespace GpuSupport;

/// <summary>A tensor as a descriptor has it.</summary>
internal sealed record FormTensor(long Uid, long Type, long[] Dimensions, long[] Strides, bool IsVirtual, bool IsByValue);

/// <summary>A tensor in a place of an operation.</summary>
internal readonly record struct FormPort(int Attribute, bool IsWritten, FormTensor Tensor);

/// <summary>An operation as its descriptors have it: attributes by number, real ones as they are, ratios as two numbers.</summary>
internal sealed record FormOperation(int Type, IReadOnlyDictionary<int, double[]> Attributes, IReadOnlyList<FormPort> Ports);

/// <summary>A graph in the form in which graphs of this program and recorded ones can be compared.</summary>
internal sealed record GraphForm(IReadOnlyList<FormOperation> Operations)
{
    /// <summary>A graph of this program.</summary>
    public static GraphForm Of(OperationGraph graph)
    {
        Dictionary<GraphTensor, FormTensor> tensors = [];
        foreach (GraphTensor tensor in graph.Tensors)
        {
            tensors[tensor] = new(tensor.Uid, (long)tensor.Type, tensor.Dimensions.ToArray(), tensor.Strides.ToArray(), tensor.IsVirtual, tensor.IsByValue);
        }

        return new([.. graph.Operations.Select(operation => new FormOperation(
            (int)operation.Type,
            Values(operation.Attributes.Concat(operation.Part?.Attributes ?? [])),
            [.. operation.Ports.Select(port => new FormPort((int)port.Name, port.IsWritten, tensors[port.Tensor]))]))]);
    }

    private static Dictionary<int, double[]> Values(IEnumerable<GraphAttribute> attributes) => attributes.ToDictionary(
        attribute => (int)attribute.Name,
        attribute => attribute.Type is CudnnNet.Interop.cudnnBackendAttributeType_t.CUDNN_TYPE_FLOAT or CudnnNet.Interop.cudnnBackendAttributeType_t.CUDNN_TYPE_DOUBLE
            ? Array.ConvertAll(attribute.Words, BitConverter.Int64BitsToDouble)
            : Array.ConvertAll(attribute.Words, word => (double)word));
}
