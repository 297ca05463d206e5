using System.Text.Json;
using CudnnNet;

namespace Conformance;

/// <summary>A function's library, return kind and one type code per parameter, as in abi.json.</summary>
/// <param name="Library">The library that exports it.</param>
/// <param name="Returns">status, return (int), z (size_t), s (text), unsigned or void.</param>
/// <param name="Parameters">The type codes.</param>
public sealed record FunctionSignature(NativeLibraryId Library, string Returns, IReadOnlyList<string> Parameters)
{
    /// <summary>Reads abi.json of the conformance folder.</summary>
    public static IReadOnlyDictionary<string, FunctionSignature> LoadAll(string path)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
        return json.RootElement.EnumerateObject().ToDictionary(function => function.Name, function =>
        {
            string[] words = [.. function.Value.EnumerateArray().Select(word => word.GetString()!)];
            return new FunctionSignature(LibraryOf(words[0]), words[1], words[2..]);
        });
    }

    private static NativeLibraryId LibraryOf(string name) => name switch
    {
        "cudnn" => NativeLibraryId.Cudnn,
        "cublas" => NativeLibraryId.Cublas,
        "cublasLt" => NativeLibraryId.CublasLt,
        "nvrtc" => NativeLibraryId.Nvrtc,
        "nccl" => NativeLibraryId.Nccl,
        _ => throw new InvalidDataException($"abi.json names a library '{name}' that the bindings do not have."),
    };
}
