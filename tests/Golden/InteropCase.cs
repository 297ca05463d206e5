using System.Text.Json;

namespace Golden;

/// <summary>Expected logits of a checkpoint on one set of images.</summary>
/// <param name="Name">formula or cifar.</param>
/// <param name="Source">The images.</param>
/// <param name="Shape">Images and classes.</param>
/// <param name="MaximumAbsolute">The greatest absolute logit.</param>
/// <param name="Deviations">By arithmetic: f32 is PyTorch's, onnxruntime_f32 is ONNX Runtime's own distance.</param>
/// <param name="Predicted">The class of the greatest logit of each image.</param>
/// <param name="Margins">By how much the greatest logit leads.</param>
/// <param name="Logits">The logits.</param>
public sealed record InteropImages(
    string Name, ImageSource Source, IReadOnlyList<int> Shape, double MaximumAbsolute, IReadOnlyDictionary<string, Deviation> Deviations,
    IReadOnlyList<int> Predicted, IReadOnlyList<double> Margins, float[] Logits);

/// <summary>A checkpoint with torchvision's names and what it answers: interop/NAME.json.</summary>
public sealed class InteropCase
{
    private InteropCase(string name)
    {
        Name = name;
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.Require($"interop/{name}.json")));
        JsonElement root = json.RootElement;
        Id = root.GetProperty("id").GetString()!;
        Architecture = NetArchitecture.Read(root.GetProperty("arch"));
        Checkpoint = GoldenFolder.Require($"interop/{root.GetProperty("checkpoint").GetString()}");
        OnnxFile = root.TryGetProperty("onnx", out JsonElement onnx) ? GoldenFolder.File($"interop/{onnx.GetProperty("file").GetString()}") : null;
        SafetensorsFile expected = new(GoldenFolder.Require($"interop/{root.GetProperty("expected").GetString()}"));
        Sets = [.. root.GetProperty("sets").EnumerateObject().Select(set => new InteropImages(
            set.Name,
            new ImageSource(set.Value.GetProperty("source")),
            [.. set.Value.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())],
            set.Value.GetProperty("max_abs").GetDouble(),
            Deviation.ReadAll(set.Value.GetProperty("dev")),
            [.. set.Value.GetProperty("predicted").EnumerateArray().Select(value => value.GetInt32())],
            [.. set.Value.GetProperty("margin_top1_top2").EnumerateArray().Select(value => value.GetDouble())],
            expected.Floats(set.Value.GetProperty("tensor").GetString()!)))];
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>The name of the case.</summary>
    public string Id { get; }

    /// <summary>What the network is built of.</summary>
    public NetArchitecture Architecture { get; }

    /// <summary>The full path of the checkpoint.</summary>
    public string Checkpoint { get; }

    /// <summary>The full path of the exported network; null where there is none.</summary>
    public string? OnnxFile { get; }

    /// <summary>The sets of images.</summary>
    public IReadOnlyList<InteropImages> Sets { get; }

    /// <summary>The names of the cases the golden folder holds.</summary>
    public static IReadOnlyList<string> Names() =>
        GoldenFolder.Path is null || !Directory.Exists(Path.Combine(GoldenFolder.Path, "interop")) ? []
            : [.. Directory.GetFiles(Path.Combine(GoldenFolder.Path, "interop"), "*.json")
                .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    /// <summary>Reads a case.</summary>
    public static InteropCase Load(string name) => new(name);

    /// <summary>The file's name.</summary>
    public override string ToString() => Name;
}
