using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace ResNet;

/// <summary>Reads a safetensors file. Nothing in the file is believed: every length and offset is checked before it is used, and no memory is taken that the file's own length does not justify.</summary>
public sealed class SafetensorsReader : IDisposable
{
    private const int MostDimensions = 16;
    private const int ChunkBytes = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly Dictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="InvalidDataException">It is no safetensors file or a damaged one; the message says where.</exception>
    public SafetensorsReader(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _file = File.OpenHandle(path);
        try
        {
            _length = RandomAccess.GetLength(_file);
            ReadHeader();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary>The texts beside them.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>The elements of a tensor of F32, F64, F16 or BF16 as single precision.</summary>
    /// <exception cref="InvalidDataException">The file has no such tensor, it is of another kind, or the file was cut since it was opened.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public float[] ReadFloats(string name)
    {
        TensorEntry entry = Find(name);
        if (entry.Type is not ("F32" or "F64" or "F16" or "BF16"))
        {
            throw Damaged($"tensor {entry} was to be read as floating numbers; F32, F64, F16 and BF16 can be");
        }

        if (entry.Elements > Array.MaxLength)
        {
            throw Damaged($"tensor {entry} has {entry.Elements} elements, more than the {Array.MaxLength} an array holds");
        }

        float[] values = new float[entry.Elements];
        if (entry.Type == "F32" && BitConverter.IsLittleEndian)
        {
            ReadAt(entry.Start, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        int size = SafetensorsFormat.ElementBytes(entry.Type);
        byte[] chunk = new byte[(int)Math.Min(ChunkBytes, Math.Max(entry.Bytes, 1))];
        for (long done = 0; done < entry.Bytes;)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, entry.Bytes - done));
            ReadAt(entry.Start + done, part);
            Span<float> target = values.AsSpan((int)(done / size), part.Length / size);
            for (int i = 0; i < target.Length; i++)
            {
                ReadOnlySpan<byte> element = part.Slice(i * size, size);
                target[i] = entry.Type switch
                {
                    "F32" => BinaryPrimitives.ReadSingleLittleEndian(element),
                    "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
                    "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                    _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                };
            }

            done += part.Length;
        }

        return values;
    }

    /// <summary>The single number of an I64 tensor of one element.</summary>
    /// <exception cref="InvalidDataException">The file has no such tensor or it is of another kind.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public long ReadNumber(string name)
    {
        TensorEntry entry = Find(name);
        if (entry.Type != "I64" || entry.Elements != 1)
        {
            throw Damaged($"tensor {entry} was to be a single I64 number");
        }

        Span<byte> bytes = stackalloc byte[sizeof(long)];
        ReadAt(entry.Start, bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private TensorEntry Find(string name) => _tensors.TryGetValue(name, out TensorEntry? entry) ? entry : throw Damaged($"it has no tensor {name}");

    private InvalidDataException Damaged(string what, Exception? inner = null) => new($"{Path}: {what}.", inner);

    private void ReadAt(long offset, Span<byte> target)
    {
        while (target.Length > 0)
        {
            int read = RandomAccess.Read(_file, target, offset);
            if (read == 0)
            {
                throw Damaged($"the file ends at byte {offset}, {target.Length} bytes before the end of what was being read");
            }

            target = target[read..];
            offset += read;
        }
    }

    private void ReadHeader()
    {
        if (_length < sizeof(ulong))
        {
            throw Damaged($"a safetensors file begins with 8 bytes that give its header's length; this one has {_length} bytes");
        }

        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        ReadAt(0, prefix);
        ulong header = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (header > SafetensorsFormat.MostHeaderBytes || header > (ulong)(_length - sizeof(ulong)))
        {
            throw Damaged(
                $"its first 8 bytes announce a header of {header} bytes, but {_length - sizeof(ulong)} bytes follow"
                + (header > SafetensorsFormat.MostHeaderBytes ? $" and the format allows {SafetensorsFormat.MostHeaderBytes}" : "")
                + ": it is no safetensors file, or cut off");
        }

        byte[] json = new byte[(int)header];
        ReadAt(sizeof(ulong), json);
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
            ParseHeader(ref reader, sizeof(ulong) + (long)header);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: text that is no UTF-8.
            throw Damaged($"its header is no JSON of a safetensors file ({exception.Message.TrimEnd('.')})", exception);
        }

        CheckCoverage(sizeof(ulong) + (long)header);
    }

    private void ParseHeader(ref Utf8JsonReader reader, long dataStart)
    {
        Expect(ref reader, JsonTokenType.StartObject, "the header must be an object");
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (name == SafetensorsFormat.Metadata)
            {
                if (_metadata.Count > 0)
                {
                    throw Damaged($"its header has {SafetensorsFormat.Metadata} twice");
                }

                ParseMetadata(ref reader);
            }
            else if (!_tensors.TryAdd(name, ParseTensor(ref reader, name, dataStart)))
            {
                throw Damaged($"its header names tensor {name} twice");
            }
        }

        if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
        {
            throw Damaged("its header goes on after the object that it should be");
        }
    }

    private void ParseMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, $"{SafetensorsFormat.Metadata} must be an object");
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, $"{SafetensorsFormat.Metadata} must hold texts only");
            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Damaged($"its {SafetensorsFormat.Metadata} names {key} twice");
            }
        }
    }

    private TensorEntry ParseTensor(ref Utf8JsonReader reader, string name, long dataStart)
    {
        Expect(ref reader, JsonTokenType.StartObject, $"tensor {name} must be an object");
        string? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            if ((property == "dtype" && type is not null) || (property == "shape" && shape is not null) || (property == "data_offsets" && offsets is not null))
            {
                throw Damaged($"tensor {name} has {property} twice");
            }

            switch (property)
            {
                case "dtype":
                    Expect(ref reader, JsonTokenType.String, $"the dtype of tensor {name} must be a text");
                    type = reader.GetString();
                    break;
                case "shape":
                    shape = ParseNumbers(ref reader, name, property);
                    break;
                case "data_offsets":
                    offsets = ParseNumbers(ref reader, name, property);
                    break;
                default:
                    Next(ref reader);
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            throw Damaged($"tensor {name} must have a dtype, a shape and two data_offsets");
        }

        int elementBytes = SafetensorsFormat.ElementBytes(type);
        if (elementBytes == 0)
        {
            throw Damaged($"tensor {name} has the element type {type}, which this program does not know");
        }

        if (end < begin || end > _length - dataStart)
        {
            throw Damaged($"tensor {name} claims the bytes {begin} to {end} of the data, of which there are {_length - dataStart}: the file is cut off or damaged");
        }

        Int128 bytes = elementBytes;
        foreach (long extent in shape)
        {
            bytes *= extent;
            if (bytes > long.MaxValue)
            {
                throw Damaged($"tensor {name} of {string.Join(" x ", shape)} elements is larger than any file");
            }
        }

        if (bytes != end - begin)
        {
            throw Damaged($"tensor {name} of {string.Join(" x ", shape)} {type} elements takes {bytes} bytes, its data_offsets span {end - begin}");
        }

        return new(name, type, shape, dataStart + begin, end - begin);
    }

    private List<long> ParseNumbers(ref Utf8JsonReader reader, string name, string property)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"the {property} of tensor {name} must be an array");
        List<long> numbers = [];
        while (Next(ref reader) == JsonTokenType.Number)
        {
            if (!reader.TryGetInt64(out long number) || number < 0 || numbers.Count == MostDimensions)
            {
                throw Damaged($"the {property} of tensor {name} must be at most {MostDimensions} whole numbers of at least 0");
            }

            numbers.Add(number);
        }

        return reader.TokenType == JsonTokenType.EndArray ? numbers : throw Damaged($"the {property} of tensor {name} must hold numbers only");
    }

    // The format wants every byte to belong to exactly one tensor: then no two can overlap and nothing can be hidden.
    private void CheckCoverage(long dataStart)
    {
        long position = dataStart;
        foreach (TensorEntry entry in _tensors.Values.OrderBy(e => e.Start).ThenBy(e => e.Bytes))
        {
            if (entry.Start != position)
            {
                throw Damaged(
                    $"tensor {entry.Name} begins at byte {entry.Start - dataStart} of the data, but the tensors before it end at {position - dataStart}: tensors must neither overlap nor leave gaps");
            }

            position += entry.Bytes;
        }

        if (position != _length)
        {
            throw Damaged($"its tensors end at byte {position}, the file at {_length}");
        }
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) => reader.Read() ? reader.TokenType : throw new JsonException("the header ends too early");

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string rule)
    {
        if (Next(ref reader) != type)
        {
            throw Damaged(rule);
        }
    }
}
