using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cifar;

/// <summary>What <c>config.json</c> holds: everything needed to repeat or continue a run.</summary>
internal sealed record RunConfiguration
{
    public required string Dataset { get; init; }

    public required string DatasetSource { get; init; }

    /// <summary>The folder of the data set; null for the embedded digits.</summary>
    public string? DataFolder { get; init; }

    public required string DatasetSha256 { get; init; }

    public required int TrainImages { get; init; }

    public required int TestImages { get; init; }

    public required bool Subset { get; init; }

    public required int Classes { get; init; }

    public required int PixelMaximum { get; init; }

    public required IReadOnlyList<float> NormalizationMean { get; init; }

    public required IReadOnlyList<float> NormalizationDeviation { get; init; }

    public required string Model { get; init; }

    public required string Stem { get; init; }

    public required string Shortcut { get; init; }

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    public required double LearningRate { get; init; }

    public required string Schedule { get; init; }

    public required double Momentum { get; init; }

    public required double WeightDecay { get; init; }

    public required int Seed { get; init; }

    /// <summary>This and the next four were not written by the first version; it did what <see cref="ToRecipe"/> makes of null.</summary>
    public string? Augment { get; init; }

    public int Cutout { get; init; }

    public string? Math { get; init; }

    public bool Deterministic { get; init; }

    public string? Algorithms { get; init; }

    /// <summary>Runs from before there was a choice took the descriptors API, fused where it could.</summary>
    public string? Fusion { get; init; }

    public required string Device { get; init; }

    public required string DeviceName { get; init; }

    public required string Precision { get; init; }

    public required string ProgramVersion { get; init; }

    /// <summary>The recipe these values describe.</summary>
    /// <exception cref="RunFolderException">The schedule, the precision or the fusion is not one this program knows.</exception>
    public Recipe ToRecipe(string path) => new()
    {
        Model = Model,
        Stem = Stem,
        Shortcut = Shortcut,
        Epochs = Epochs,
        BatchSize = BatchSize,
        LearningRate = LearningRate,
        Schedule = LearningRateSchedule.Parse(Schedule)
            ?? throw new RunFolderException($"{path}: \"schedule\" is \"{Schedule}\"; known are {LearningRateSchedule.Known}. The file was changed by hand or comes from another version."),
        Momentum = Momentum,
        WeightDecay = WeightDecay,
        Seed = Seed,
        Augment = Augment ?? "none",
        Cutout = Cutout,
        Precision = Networks.Precisions.Contains(Precision)
            ? Precision
            : throw new RunFolderException($"{path}: \"precision\" is \"{Precision}\"; known are {string.Join(", ", Networks.Precisions)}. The file was changed by hand or comes from another version."),
        Math = Math ?? "exact",
        Deterministic = Deterministic,
        Algorithms = Algorithms ?? "heuristic",
        Fusion = Fusion is null || Networks.Fusions.Contains(Fusion)
            ? Fusion ?? "descriptors"
            : throw new RunFolderException($"{path}: \"fusion\" is \"{Fusion}\"; known are {string.Join(", ", Networks.Fusions)}. The file was changed by hand or comes from another version."),
    };

    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Default.RunConfiguration) + "\n";

    /// <summary>Reads a file.</summary>
    /// <exception cref="RunFolderException">It is missing or not such a file.</exception>
    public static RunConfiguration Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), RunJson.Default.RunConfiguration)
                ?? throw new RunFolderException($"{path}: holds null instead of a run's configuration. Restore the file or start a new run.");
        }
        catch (JsonException e)
        {
            throw new RunFolderException($"{path}: is not a run's configuration: {e.Message} Restore the file or start a new run.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>What <c>summary.json</c> holds once a run has ended.</summary>
internal sealed record RunSummary
{
    public required string Dataset { get; init; }

    public required string Model { get; init; }

    public required string Stem { get; init; }

    public required string Device { get; init; }

    public required string Precision { get; init; }

    /// <summary>The epochs completed.</summary>
    public required int Epochs { get; init; }

    public required double TestAccuracy { get; init; }

    public required double BestTestAccuracy { get; init; }

    /// <summary>Training images a second over all epochs.</summary>
    public required double ImagesPerSecond { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Default.RunSummary) + "\n";
}

/// <summary>The JSON forms, generated at compile time so that the program can be trimmed.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RunConfiguration))]
[JsonSerializable(typeof(RunSummary))]
internal sealed partial class RunJson : JsonSerializerContext;
