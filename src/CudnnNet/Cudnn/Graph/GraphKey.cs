using System.Buffers.Binary;

namespace CudnnNet;

/// <summary>What makes two graphs the same computation: operations, attributes, tensors and how they are connected, but no names. Comparing allocates nothing.</summary>
internal sealed class GraphKey : IEquatable<GraphKey>
{
    private readonly byte[] _content;
    private readonly int _hash;

    public GraphKey(OperationGraph graph)
    {
        List<long> words = [graph.Operations.Count];
        HashSet<GraphTensor> used = [];
        foreach (GraphOperation operation in graph.Operations)
        {
            words.Add((long)operation.Type);
            AddAll(words, operation.Attributes);
            words.Add(operation.Part is null ? -1 : (long)operation.Part.Name);
            AddAll(words, operation.Part?.Attributes ?? []);
            words.Add(operation.Ports.Count);
            foreach (GraphPort port in operation.Ports)
            {
                words.AddRange([(long)port.Name, port.Tensor.Uid]);
                used.Add(port.Tensor);
            }
        }

        Tensors = [.. graph.Tensors.Where(used.Contains)];
        foreach (GraphTensor tensor in Tensors)
        {
            words.AddRange([tensor.Uid, (long)tensor.Type, tensor.Alignment, tensor.IsVirtual ? 1 : 0, tensor.IsByValue ? 1 : 0, BitConverter.DoubleToInt64Bits(tensor.Value), tensor.Extents.Length]);
            words.AddRange(tensor.Extents);
            words.AddRange(tensor.Steps);
        }

        _content = new byte[words.Count * sizeof(long)];
        HashCode hash = default;
        for (int i = 0; i < words.Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_content.AsSpan(i * sizeof(long)), words[i]);
            hash.Add(words[i]);
        }

        _hash = hash.ToHashCode();
    }

    /// <summary>The tensors that operations use, in the order they were added.</summary>
    public IReadOnlyList<GraphTensor> Tensors { get; }

    public bool Equals(GraphKey? other) => ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _content.AsSpan().SequenceEqual(other._content));

    public override bool Equals(object? obj) => Equals(obj as GraphKey);

    public override int GetHashCode() => _hash;

    private static void AddAll(List<long> words, IReadOnlyList<GraphAttribute> attributes)
    {
        words.Add(attributes.Count);
        foreach (GraphAttribute attribute in attributes)
        {
            words.AddRange([(long)attribute.Name, (long)attribute.Type, attribute.Words.Length]);
            words.AddRange(attribute.Words);
        }
    }
}
