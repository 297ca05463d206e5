namespace ResNet;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The element type as the file spells it: F32, BF16, I64, ...</param>
/// <param name="Shape">The dimensions, slowest first; none for a single number.</param>
/// <param name="Start">Where its bytes begin, counted from the start of the file.</param>
/// <param name="Bytes">How many there are.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<long> Shape, long Start, long Bytes)
{
    /// <summary>The number of elements.</summary>
    public long Elements => Bytes / SafetensorsFormat.ElementBytes(Type);

    /// <summary>Name, type and dimensions.</summary>
    public override string ToString() => $"{Name} ({Type}, {(Shape.Count == 0 ? "one number" : string.Join(" x ", Shape))})";
}
