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
    /// <param name="path">The file they were read from, for the message.</param>
    /// <exception cref="RunFolderException">A word is not one this program knows, or a number is one that no training can have.</exception>
    public Recipe ToRecipe(string path)
    {
        RunFolderException Wrong(string key, string value, string rule) =>
            new($"{path}: \"{key}\" is {value}; {rule}. The file was changed by hand or comes from another version.");
        string Word(string key, string value, IEnumerable<string> known) =>
            known.Contains(value) ? value : throw Wrong(key, $"\"{value}\"", $"known are {string.Join(", ", known)}");
        int Whole(string key, int value, int least) =>
            value >= least ? value : throw Wrong(key, FormattableString.Invariant($"{value}"), FormattableString.Invariant($"{least} or more is needed"));
        double Number(string key, double value, bool orZero) =>
            double.IsFinite(value) && (value > 0 || (orZero && value == 0)) ? value : throw Wrong(key, FormattableString.Invariant($"{value}"), $"a number above 0{(orZero ? ", or 0," : "")} is needed");

        return new()
        {
            Model = Word("model", Model, Networks.Models),
            Stem = Word("stem", Stem, Networks.Stems),
            Shortcut = Word("shortcut", Shortcut, Networks.Shortcuts),
            Epochs = Whole("epochs", Epochs, 1),
            BatchSize = Whole("batch_size", BatchSize, 1),
            LearningRate = Number("learning_rate", LearningRate, orZero: false),
            Schedule = LearningRateSchedule.Parse(Schedule) ?? throw Wrong("schedule", $"\"{Schedule}\"", $"known are {LearningRateSchedule.Known}"),
            Momentum = Number("momentum", Momentum, orZero: true),
            WeightDecay = Number("weight_decay", WeightDecay, orZero: true),
            Seed = Whole("seed", Seed, 0),
            Augment = Word("augment", Augment ?? "none", Networks.Augmentations),
            Cutout = Whole("cutout", Cutout, 0),
            Precision = Word("precision", Precision, Networks.Precisions),
            Math = Word("math", Math ?? "exact", Networks.Mathematics),
            Deterministic = Deterministic,
            Algorithms = Word("algorithms", Algorithms ?? "heuristic", Networks.AlgorithmChoices),
            Fusion = Word("fusion", Fusion ?? "descriptors", Networks.Fusions),
        };
    }

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
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfiguration))]
[JsonSerializable(typeof(RunSummary))]
internal sealed partial class RunJson : JsonSerializerContext;
