using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Golden;

/// <summary>
/// Reads a .safetensors file: 8 bytes length of the header, the header (JSON: name -> dtype, shape, data_offsets), the data.
/// Format: https://github.com/huggingface/safetensors. This reader is the tests' own, independent of the one that writes checkpoints.
/// </summary>
public sealed class SafetensorsFile
{
    private readonly byte[] _content;
    private readonly int _data;
    private readonly Dictionary<string, (string Type, int[] Shape, int Start, int End)> _tensors = [];

    /// <summary>Reads the whole file.</summary>
    /// <exception cref="InvalidDataException">The header does not fit the file.</exception>
    public SafetensorsFile(string path)
    {
        _content = File.ReadAllBytes(path);
        long header = _content.Length < 8 ? long.MaxValue : BinaryPrimitives.ReadInt64LittleEndian(_content);
        if (header < 0 || header > _content.Length - 8)
        {
            throw new InvalidDataException($"{path} is no safetensors file: its header would not fit into its {_content.Length} bytes.");
        }

        _data = 8 + (int)header;
        using JsonDocument json = JsonDocument.Parse(_content.AsMemory(8, (int)header));
        foreach (JsonProperty tensor in json.RootElement.EnumerateObject())
        {
            if (tensor.Name == "__metadata__")
            {
                continue;
            }

            JsonElement offsets = tensor.Value.GetProperty("data_offsets");
            int start = offsets[0].GetInt32(), end = offsets[1].GetInt32();
            if (start < 0 || end < start || end > _content.Length - _data)
            {
                throw new InvalidDataException($"{path}: tensor {tensor.Name} lies outside the file.");
            }

            _tensors[tensor.Name] = (tensor.Value.GetProperty("dtype").GetString()!,
                [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())], start, end);
        }

        Path = path;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>The dimensions of a tensor.</summary>
    public IReadOnlyList<int> Shape(string name) => Entry(name).Shape;

    /// <summary>The type of a tensor as the file spells it (F32, BF16, I64, ...).</summary>
    public string Type(string name) => Entry(name).Type;

    /// <summary>The stored bytes of a tensor.</summary>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        (_, _, int start, int end) = Entry(name);
        return _content.AsSpan(_data + start, end - start);
    }

    /// <summary>The elements of an F32 tensor, or of a BF16 or F16 tensor widened to float.</summary>
    public float[] Floats(string name)
    {
        ReadOnlySpan<byte> bytes = Bytes(name);
        switch (Entry(name).Type)
        {
            case "F32":
                return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
            case "BF16":
                return Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), NarrowType.FromBFloat16Bits);
            case "F16":
                return Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), value => (float)value);
            default:
                throw new InvalidDataException($"{Path}: tensor {name} is {Entry(name).Type}, floats were asked for.");
        }
    }

    /// <summary>The elements of an I32 tensor.</summary>
    public int[] Integers(string name) => Entry(name).Type == "I32"
        ? MemoryMarshal.Cast<byte, int>(Bytes(name)).ToArray()
        : throw new InvalidDataException($"{Path}: tensor {name} is {Entry(name).Type}, I32 was asked for.");

    private (string Type, int[] Shape, int Start, int End) Entry(string name) => _tensors.TryGetValue(name, out var entry)
        ? entry
        : throw new KeyNotFoundException($"{Path} holds no tensor {name}.");
}
