using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ResNet;

/// <summary>Writes a safetensors file: first what it shall hold is added, then <see cref="Save"/> writes it as a whole.</summary>
public sealed class SafetensorsWriter
{
    private readonly List<(string Name, string Type, IReadOnlyList<int> Shape, byte[] Bytes)> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);

    /// <summary>Adds a tensor of single precision.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions, slowest first.</param>
    /// <param name="values">Its elements, the last dimension fastest.</param>
    /// <exception cref="ArgumentException">The name is taken, or the values are not as many as the shape says.</exception>
    public void AddFloats(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(shape);
        byte[] bytes = new byte[values.Length * sizeof(float)];
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
        }
        else
        {
            for (int i = 0; i < values.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
            }
        }

        long elements = shape.Aggregate(1L, (product, extent) => checked(product * extent));
        if (elements != values.Length)
        {
            throw new ArgumentException($"{name} of {string.Join(" x ", shape)} has {elements} elements; {values.Length} were given.", nameof(values));
        }

        Add(name, "F32", shape, bytes);
    }

    /// <summary>Adds a single 64-bit number, without dimensions.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void AddNumber(string name, long value)
    {
        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Add(name, "I64", [], bytes);
    }

    /// <summary>Adds a text, or replaces it.</summary>
    public void SetMetadata(string key, string text) => _metadata[key] = text;

    /// <summary>Writes the file. A file of that name is replaced only when everything is on the disk; until then the old one stays whole.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, Write);
    }

    private void Add(string name, string type, IReadOnlyList<int> shape, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == SafetensorsFormat.Metadata || !_names.Add(name))
        {
            throw new ArgumentException($"A tensor '{name}' was added already, or the name is the format's own. Give it another.", nameof(name));
        }

        _tensors.Add((name, type, shape, bytes));
    }

    private void Write(Stream stream)
    {
        // Wide elements first, so that every tensor lies aligned to its elements.
        var ordered = _tensors.OrderByDescending(t => SafetensorsFormat.ElementBytes(t.Type)).ToList();
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsFormat.Metadata);
                foreach ((string key, string text) in _metadata)
                {
                    json.WriteString(key, text);
                }

                json.WriteEndObject();
            }

            long offset = 0;
            foreach (var (name, type, shape, bytes) in ordered)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (int extent in shape)
                {
                    json.WriteNumberValue(extent);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += bytes.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces at the end bring the data to a multiple of 8.
        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }

        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        header.WriteTo(stream);
        foreach (var tensor in ordered)
        {
            stream.Write(tensor.Bytes);
        }
    }
}
