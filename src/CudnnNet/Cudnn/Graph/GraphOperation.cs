using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>One operation of an <see cref="OperationGraph"/>.</summary>
public sealed class GraphOperation
{
    internal GraphOperation(OperationGraph graph, string name, string kind, cudnnBackendDescriptorType_t type)
    {
        Graph = graph;
        Name = name;
        Kind = kind;
        Type = type;
    }

    /// <summary>The graph it belongs to.</summary>
    public OperationGraph Graph { get; }

    /// <summary>The name error texts call it by.</summary>
    public string Name { get; }

    /// <summary>What it does: "convolution forward", "relu".</summary>
    public string Kind { get; }

    /// <summary>What it reads.</summary>
    public IReadOnlyList<GraphTensor> Inputs => [.. Ports.Where(port => !port.IsWritten).Select(port => port.Tensor)];

    /// <summary>What it writes.</summary>
    public IReadOnlyList<GraphTensor> Outputs => [.. Ports.Where(port => port.IsWritten).Select(port => port.Tensor)];

    internal cudnnBackendDescriptorType_t Type { get; }

    internal List<GraphAttribute> Attributes { get; } = [];

    /// <summary>The descriptor of its own that it refers to: a convolution, a pointwise function, ...</summary>
    internal GraphOperationPart? Part { get; private set; }

    internal List<GraphPort> Ports { get; } = [];

    /// <summary>"'conv1' (convolution forward: x = 'image' (...), w = ..., y = ...) of graph 'block'".</summary>
    public override string ToString() =>
        $"operation '{Name}' ({Kind}: {string.Join(", ", Ports.Select(port => $"{port.Label} = {port.Tensor}"))}) of graph '{Graph.Name}'";

    internal GraphOperation With(GraphAttribute attribute)
    {
        Attributes.Add(attribute);
        return this;
    }

    internal GraphOperation Describe(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type, params ReadOnlySpan<GraphAttribute> attributes)
    {
        Part = new(name, type, attributes.ToArray());
        return this;
    }

    internal GraphOperation Read(cudnnBackendAttributeName_t name, string label, GraphTensor? tensor)
    {
        if (tensor is not null)
        {
            Ports.Add(new(name, label, tensor, IsWritten: false));
        }

        return this;
    }

    /// <summary>Adds a result of a type of its own.</summary>
    internal GraphTensor Write(cudnnBackendAttributeName_t name, string label, DataType type, long[] dimensions, long[] strides) =>
        Write(name, label, type, null, dimensions, strides);

    /// <summary>Adds a result of a type of its own, with its dimensions in the order in memory of another tensor.</summary>
    internal GraphTensor WriteLike(cudnnBackendAttributeName_t name, string label, DataType type, long[] dimensions, GraphTensor like) =>
        Write(name, label, type, null, dimensions, GraphLayout.PackedLike(dimensions, like));

    /// <summary>Adds a result with type and order in memory of an operand.</summary>
    internal GraphTensor WriteLike(cudnnBackendAttributeName_t name, string label, long[] dimensions, GraphTensor operand) =>
        Write(name, label, default, operand, dimensions, GraphLayout.PackedLike(dimensions, operand));

    /// <summary>Adds a result with the type of an operand, or where there is none a type of its own, and the order in memory of another.</summary>
    internal GraphTensor WriteLike(cudnnBackendAttributeName_t name, string label, GraphTensor? typed, DataType otherwise, long[] dimensions, GraphTensor like) =>
        Write(name, label, otherwise, typed, dimensions, GraphLayout.PackedLike(dimensions, like));

    private GraphTensor Write(cudnnBackendAttributeName_t name, string label, DataType type, GraphTensor? heirOf, long[] dimensions, long[] strides)
    {
        GraphTensor tensor = Graph.AddTensor($"{Name}.{label}", type, heirOf, dimensions, strides, this);
        Ports.Add(new(name, label, tensor, IsWritten: true));
        return tensor;
    }
}

/// <summary>A tensor in the place that an attribute of an operation names.</summary>
internal readonly record struct GraphPort(cudnnBackendAttributeName_t Name, string Label, GraphTensor Tensor, bool IsWritten);

/// <summary>A descriptor that belongs to an operation alone.</summary>
internal sealed record GraphOperationPart(cudnnBackendAttributeName_t Name, cudnnBackendDescriptorType_t Type, GraphAttribute[] Attributes);

/// <summary>An attribute that is no descriptor: numbers as words of 8 bytes, real ones as the bits of a double.</summary>
internal readonly record struct GraphAttribute(cudnnBackendAttributeName_t Name, cudnnBackendAttributeType_t Type, long[] Words)
{
    public static GraphAttribute Of(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, long value) => new(name, type, [value]);

    public static GraphAttribute Of(cudnnBackendAttributeName_t name, DataType type) => new(name, cudnnBackendAttributeType_t.CUDNN_TYPE_DATA_TYPE, [(long)type]);

    public static GraphAttribute Of(cudnnBackendAttributeName_t name, params long[] values) => new(name, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64, values);

    /// <summary>A factor: a double where sums are doubles, else a float.</summary>
    public static GraphAttribute Real(cudnnBackendAttributeName_t name, double value, DataType compute) => new(
        name,
        compute == DataType.Float64 ? cudnnBackendAttributeType_t.CUDNN_TYPE_DOUBLE : cudnnBackendAttributeType_t.CUDNN_TYPE_FLOAT,
        [BitConverter.DoubleToInt64Bits(value)]);

    public static GraphAttribute Double(cudnnBackendAttributeName_t name, double value) =>
        new(name, cudnnBackendAttributeType_t.CUDNN_TYPE_DOUBLE, [BitConverter.DoubleToInt64Bits(value)]);

    public static GraphAttribute Flag(cudnnBackendAttributeName_t name, bool value) => new(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BOOLEAN, [value ? 1 : 0]);

    public unsafe void SetOn(BackendDescriptor descriptor)
    {
        // A fraction is two words, in both forms.
        int count = Words.Length;
        byte* bytes = stackalloc byte[count * sizeof(long)];
        for (int i = 0; i < count; i++)
        {
            switch (Type)
            {
                case cudnnBackendAttributeType_t.CUDNN_TYPE_INT64:
                case cudnnBackendAttributeType_t.CUDNN_TYPE_DOUBLE:
                case cudnnBackendAttributeType_t.CUDNN_TYPE_FRACTION:
                    ((long*)bytes)[i] = Words[i];
                    break;
                case cudnnBackendAttributeType_t.CUDNN_TYPE_FLOAT:
                    ((float*)bytes)[i] = (float)BitConverter.Int64BitsToDouble(Words[i]);
                    break;
                case cudnnBackendAttributeType_t.CUDNN_TYPE_BOOLEAN:
                    bytes[i] = (byte)Words[i];
                    break;
                default:
                    ((int*)bytes)[i] = (int)Words[i];
                    break;
            }
        }

        descriptor.Set(Name, Type, Type == cudnnBackendAttributeType_t.CUDNN_TYPE_FRACTION ? count / 2 : count, bytes);
    }
}
