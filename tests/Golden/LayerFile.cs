using System.Collections.Concurrent;
using System.Text.Json;

namespace Golden;

/// <summary>A file of golden layer cases: layers/NAME.json with its tensors.</summary>
public sealed class LayerFile
{
    private static readonly ConcurrentDictionary<string, LayerFile> Files = new();

    private LayerFile(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.Require($"layers/{name}.json")));
        JsonElement root = json.RootElement;
        int format = root.GetProperty("format").GetInt32();
        if (format != 1)
        {
            throw new InvalidDataException($"layers/{name}.json has format {format}; this reader knows format 1.");
        }

        Title = root.GetProperty("title").GetString()!;
        string? tensors = root.GetProperty("tensors").GetString();
        Lazy<SafetensorsFile>? file = tensors is null ? null : new(() => new SafetensorsFile(GoldenFolder.Require(tensors)));
        Cases = [.. root.GetProperty("cases").EnumerateArray().Select(element => new LayerCase(element, file))];
    }

    /// <summary>What the file is about.</summary>
    public string Title { get; }

    /// <summary>The cases in the order of the file.</summary>
    public IReadOnlyList<LayerCase> Cases { get; }

    /// <summary>Reads a file once; name as in conv, geometry, pooling, norm, activation, softmax, tensor, gemm, loss, optim, metrics.</summary>
    public static LayerFile Load(string name) => Files.GetOrAdd(name, static key => new LayerFile(key));

    /// <summary>True where the golden folder holds the file.</summary>
    public static bool Exists(string name) => GoldenFolder.File($"layers/{name}.json") is not null;

    /// <summary>The cases of several files; files the golden folder does not hold are left out.</summary>
    public static IEnumerable<LayerCase> CasesOf(params string[] names) => names.Where(Exists).SelectMany(name => Load(name).Cases);
}
