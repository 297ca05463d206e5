using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CudnnNet;

namespace Conformance;

/// <summary>Runs the steps of one case against the libraries of the selected device, through the raw addresses of their functions.</summary>
internal sealed unsafe class Replayer(IReadOnlyDictionary<string, FunctionSignature> signatures)
{
    // Every output buffer is filled with this byte before the call.
    private const byte Fill = 0xA5;
    private const ulong FilledWord = 0xA5A5A5A5A5A5A5A5;
    private const int IdentifierBytes = 128;

    // A variable of the case that holds a handle; its address is what functions get that create one.
    private readonly Dictionary<string, nint> _variables = [];

    // Buffers live as long as the case: a library may keep a pointer it was given.
    private readonly List<nint> _buffers = [];

    /// <summary>Frees what the case's calls were given.</summary>
    public void Clear()
    {
        _variables.Clear();
        _buffers.ForEach(static buffer => NativeMemory.Free((void*)buffer));
        _buffers.Clear();
    }

    /// <summary>Makes the call.</summary>
    /// <exception cref="MissingFunctionException">The library does not export the function.</exception>
    /// <exception cref="MissingLibraryException">The library is not there.</exception>
    public StepAnswer Call(ConformanceStep step)
    {
        FunctionSignature signature = Signature(step.Function);
        if (!NativeLibraries.TryGetFunction(signature.Library, step.Function, out nint address))
        {
            throw new EntryPointNotFoundException($"{signature.Library} does not export {step.Function}.");
        }

        if (step.Arguments.Count != signature.Parameters.Count)
        {
            throw new InvalidDataException($"{step.Function} has {signature.Parameters.Count} parameters, the step gives {step.Arguments.Count} arguments.");
        }

        var call = new NativeCall();
        List<Func<IEnumerable<object?>>> readers = [];
        for (int i = 0; i < step.Arguments.Count; i++)
        {
            Add(call, readers, signature.Parameters[i], step.Arguments[i]);
        }

        long result = call.Invoke(address);
        int? status = signature.Returns == "status" ? (int)result : null;
        object? returned = signature.Returns switch
        {
            "status" or "void" => null,
            "z" => (ulong)result,
            "s" => TextAt((nint)result),
            "unsigned" => (long)(uint)result,
            _ => (long)(int)result,
        };
        return new StepAnswer(status, returned, [.. readers.SelectMany(static read => read())]);
    }

    public FunctionSignature Signature(string function) => signatures.TryGetValue(function, out FunctionSignature? signature)
        ? signature
        : throw new InvalidDataException($"abi.json does not know {function}.");

    private void Add(NativeCall call, List<Func<IEnumerable<object?>>> readers, string code, JsonElement value)
    {
        switch (code)
        {
            case "f":
                call.AddFloat((float)Floating(value));
                break;
            case "d":
                call.AddDouble(Floating(value));
                break;
            case "i" or "u" or "l" or "L" or "z" or "b" or "c":
                call.AddInteger(Narrowed(code, Whole(value)));
                break;
            case "id128":
                call.AddStruct(new long[IdentifierBytes / sizeof(long)]);
                break;
            default:
                call.AddInteger(Pointer(readers, code, value));
                break;
        }
    }

    private nint Pointer(List<Func<IEnumerable<object?>>> readers, string code, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return 0;
            case JsonValueKind.Number:
                return (nint)Whole(value);
            case JsonValueKind.Array:
                string element = code[0] == 'o' ? code[1..2] : code[..1];
                return code == "ss" ? Texts(value) : element is "h" or "H" ? Handles(value) : Numbers(element, value);
            case JsonValueKind.Object:
                JsonProperty property = value.EnumerateObject().First();
                return property.Name.StartsWith("out", StringComparison.Ordinal)
                    ? OutputArray(readers, code, property)
                    : InputArray(property);
        }

        string word = value.GetString()!;
        if (code == "h" || (word.StartsWith('$') && code is not ("s" or "H" or "op")))
        {
            return Handle(word);
        }

        return code switch
        {
            "H" or "op" => Variable(readers, word[1..], keep: code == "H"),
            "S" => TextPointer(readers),
            "s" => TextBuffer(word),
            "os" => OutputText(readers, 1),
            _ when word == "?" && code[0] == 'o' => OutputNumbers(readers, code[1..], 1),
            _ => throw new InvalidDataException($"'{word}' is no argument for a parameter of type {code}."),
        };
    }

    private nint Handle(string word) =>
        word.StartsWith('$')
            ? _variables.TryGetValue(word[1..], out nint variable) ? *(nint*)variable : 0
            : throw new InvalidDataException($"'{word}' is no handle.");

    private nint Variable(List<Func<IEnumerable<object?>>> readers, string name, bool keep)
    {
        if (!_variables.TryGetValue(name, out nint variable))
        {
            variable = Buffer(sizeof(nint));
        }

        readers.Add(() =>
        {
            ulong content = *(ulong*)variable;
            if (content == FilledWord)
            {
                _variables.Remove(name);
                return [StepAnswer.Unwritten];
            }

            if (keep)
            {
                _variables[name] = variable;
            }

            return [content == 0 ? 0L : 1L];
        });
        return variable;
    }

    private nint TextPointer(List<Func<IEnumerable<object?>>> readers)
    {
        nint variable = Buffer(sizeof(nint));
        readers.Add(() => [*(ulong*)variable == FilledWord ? StepAnswer.Unwritten : TextAt(*(nint*)variable)]);
        return variable;
    }

    private nint OutputArray(List<Func<IEnumerable<object?>>> readers, string code, JsonProperty property)
    {
        int count = property.Value.GetInt32();
        return property.Name switch
        {
            "out_s" => OutputText(readers, count),
            "out" when code == "os" => OutputText(readers, count),
            "out" => OutputNumbers(readers, code[1..], count),
            _ => OutputNumbers(readers, ElementCode(property.Name["out_".Length..]), count),
        };
    }

    private nint OutputText(List<Func<IEnumerable<object?>>> readers, int bytes)
    {
        nint buffer = Buffer(bytes);
        readers.Add(() =>
        {
            ReadOnlySpan<byte> content = new((void*)buffer, bytes);
            if (content.IndexOfAnyExcept(Fill) < 0)
            {
                return [StepAnswer.Unwritten];
            }

            int end = content.IndexOf((byte)0);
            return [Encoding.Latin1.GetString(end < 0 ? content : content[..end])];
        });
        return buffer;
    }

    private nint OutputNumbers(List<Func<IEnumerable<object?>>> readers, string element, int count)
    {
        int size = ElementBytes(element);
        nint buffer = Buffer(size * count);
        readers.Add(() =>
        {
            var values = new object?[count];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> content = new((byte*)buffer + (i * size), size);
                values[i] = content.IndexOfAnyExcept(Fill) < 0 ? StepAnswer.Unwritten : Number(element, content);
            }

            return values;
        });
        return buffer;
    }

    private nint InputArray(JsonProperty property) => property.Name switch
    {
        "h" => Handles(property.Value),
        "str" => TextBuffer(property.Value.GetString()!),
        "frac" => Fractions(property.Value),
        _ => Numbers(ElementCode(property.Name), property.Value),
    };

    private nint Handles(JsonElement values)
    {
        nint buffer = Buffer(sizeof(nint) * values.GetArrayLength());
        int i = 0;
        foreach (JsonElement value in values.EnumerateArray())
        {
            ((nint*)buffer)[i++] = value.ValueKind switch
            {
                JsonValueKind.Null => 0,
                JsonValueKind.Number => (nint)Whole(value),
                _ => Handle(value.GetString()!),
            };
        }

        return buffer;
    }

    private nint Fractions(JsonElement values)
    {
        nint buffer = Buffer(2 * sizeof(long) * values.GetArrayLength());
        int i = 0;
        foreach (JsonElement number in values.EnumerateArray().SelectMany(fraction => fraction.EnumerateArray()))
        {
            ((long*)buffer)[i++] = Whole(number);
        }

        return buffer;
    }

    private nint Numbers(string element, JsonElement values)
    {
        int size = ElementBytes(element);
        nint buffer = Buffer(size * values.GetArrayLength());
        byte* to = (byte*)buffer;
        foreach (JsonElement value in values.EnumerateArray())
        {
            switch (element)
            {
                case "f":
                    *(float*)to = (float)Floating(value);
                    break;
                case "d":
                    *(double*)to = Floating(value);
                    break;
                default:
                    long whole = Whole(value);
                    new ReadOnlySpan<byte>(&whole, size).CopyTo(new Span<byte>(to, size));
                    break;
            }

            to += size;
        }

        return buffer;
    }

    private nint Texts(JsonElement values)
    {
        nint buffer = Buffer(sizeof(nint) * values.GetArrayLength());
        int i = 0;
        foreach (JsonElement value in values.EnumerateArray())
        {
            ((nint*)buffer)[i++] = TextBuffer(value.GetString()!);
        }

        return buffer;
    }

    private nint TextBuffer(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text + '\0');
        nint buffer = Buffer(bytes.Length);
        bytes.CopyTo(new Span<byte>((void*)buffer, bytes.Length));
        return buffer;
    }

    private nint Buffer(int bytes)
    {
        nint buffer = (nint)NativeMemory.Alloc((nuint)Math.Max(bytes, 1));
        new Span<byte>((void*)buffer, Math.Max(bytes, 1)).Fill(Fill);
        _buffers.Add(buffer);
        return buffer;
    }

    private static string? TextAt(nint address) =>
        address == 0 ? null : Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)address));

    private static double Floating(JsonElement value) => value.ValueKind != JsonValueKind.String ? value.GetDouble() : value.GetString() switch
    {
        "nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        string other => throw new InvalidDataException($"'{other}' is no number."),
        null => throw new InvalidDataException("null is no number."),
    };

    private static long Whole(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => value.TryGetInt64(out long signed) ? signed : unchecked((long)value.GetUInt64()),
    };

    private static long Narrowed(string code, long value) => unchecked(code switch
    {
        "i" => (int)value,
        "u" => (uint)value,
        "b" => (byte)value,
        "c" => (sbyte)value,
        _ => value,
    });

    private static object Number(string element, ReadOnlySpan<byte> bytes) => element switch
    {
        // The first arm's type keeps the arms from being converted to one common type, double.
        "i" => (object)(long)MemoryMarshal.Read<int>(bytes),
        "u" => (long)MemoryMarshal.Read<uint>(bytes),
        "l" => MemoryMarshal.Read<long>(bytes),
        "L" or "z" => MemoryMarshal.Read<ulong>(bytes),
        "f" => (double)MemoryMarshal.Read<float>(bytes),
        "d" => MemoryMarshal.Read<double>(bytes),
        "b" => (long)bytes[0],
        _ => (long)(sbyte)bytes[0],
    };

    private static int ElementBytes(string element) => element switch
    {
        "i" or "u" or "f" => 4,
        "l" or "L" or "z" or "d" => 8,
        "b" or "c" => 1,
        _ => throw new InvalidDataException($"'{element}' is no type of array elements."),
    };

    private static string ElementCode(string type) => type switch
    {
        "i32" => "i",
        "u32" => "u",
        "i64" => "l",
        "u64" => "L",
        "f32" => "f",
        "f64" => "d",
        "u8" => "b",
        "i8" => "c",
        _ => throw new InvalidDataException($"'{type}' is no type of array elements."),
    };
}
