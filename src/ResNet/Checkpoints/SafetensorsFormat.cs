namespace ResNet;

/// <summary>
/// What reader and writer share of the format: 8 bytes length of the header (little-endian), the header (a JSON object: name ->
/// dtype, shape, data_offsets; <c>__metadata__</c> -> texts), then the tensors' bytes without gaps (https://github.com/huggingface/safetensors).
/// </summary>
internal static class SafetensorsFormat
{
    /// <summary>The header's entry for texts.</summary>
    public const string Metadata = "__metadata__";

    /// <summary>The longest header the format allows.</summary>
    public const long MostHeaderBytes = 100_000_000;

    /// <summary>Bytes of one element; 0 for a type this library does not know.</summary>
    public static int ElementBytes(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" => 1,
        "U16" or "I16" or "F16" or "BF16" => 2,
        "U32" or "I32" or "F32" => 4,
        "U64" or "I64" or "F64" => 8,
        _ => 0,
    };
}
