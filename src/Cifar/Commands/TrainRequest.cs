using CudnnNet;

namespace Cifar;

/// <summary>What the command line of <c>resnet train</c> said; null where it said nothing.</summary>
internal sealed record TrainRequest
{
    public string? Data { get; init; }

    public bool AllowSubset { get; init; }

    public int? Classes { get; init; }

    public string? Preset { get; init; }

    public string? Model { get; init; }

    public string? Stem { get; init; }

    public string? Shortcut { get; init; }

    public int? Epochs { get; init; }

    public int? BatchSize { get; init; }

    public double? LearningRate { get; init; }

    public LearningRateSchedule? Schedule { get; init; }

    public double? Momentum { get; init; }

    public double? WeightDecay { get; init; }

    public int? Seed { get; init; }

    public string? Augment { get; init; }

    public int? Cutout { get; init; }

    public string? Precision { get; init; }

    public string? Math { get; init; }

    public bool Deterministic { get; init; }

    public string? Algorithms { get; init; }

    public string? Fusion { get; init; }

    public DeviceKind? Device { get; init; }

    public string? Output { get; init; }

    public string? Resume { get; init; }

    /// <summary>The recipe of a new run: the preset or the data set's default, then what was said.</summary>
    public Recipe RecipeFor(DataSet data) => Apply(Preset switch
    {
        "article" => Presets.Article,
        _ => Presets.DefaultFor(data),
    });

    /// <summary>The recipe of a run to continue, as the run's configuration has it.</summary>
    /// <param name="run">The run's recipe.</param>
    /// <param name="folder">The run folder, for the message.</param>
    /// <returns>The recipe, possibly with more epochs where the schedule does not depend on their number.</returns>
    /// <exception cref="UsageException">Something was said that the run did differently.</exception>
    public Recipe RecipeToContinue(Recipe run, string folder)
    {
        var asked = Apply(Preset switch
        {
            "article" => Presets.Article with { Epochs = run.Epochs, Seed = run.Seed },
            _ => run,
        });

        var differences = new List<string>();
        void Compare<T>(string option, T was, T now)
        {
            if (!EqualityComparer<T>.Default.Equals(was, now))
            {
                differences.Add(FormattableString.Invariant($"{option} is {was} in the run and {now} now"));
            }
        }

        Compare("--model", run.Model, asked.Model);
        Compare("--stem", run.Stem, asked.Stem);
        Compare("--shortcut", run.Shortcut, asked.Shortcut);
        Compare("--batch-size", run.BatchSize, asked.BatchSize);
        Compare("--lr", run.LearningRate, asked.LearningRate);
        Compare("--schedule", run.Schedule, asked.Schedule);
        Compare("--momentum", run.Momentum, asked.Momentum);
        Compare("--weight-decay", run.WeightDecay, asked.WeightDecay);
        Compare("--seed", run.Seed, asked.Seed);
        Compare("--augment", run.Augment, asked.Augment);
        Compare("--cutout", run.Cutout, asked.Cutout);
        Compare("--precision", run.Precision, asked.Precision);
        Compare("--math", run.Math, asked.Math);
        Compare("--deterministic", run.Deterministic, asked.Deterministic);
        Compare("--algorithms", run.Algorithms, asked.Algorithms);
        Compare("--fusion", run.Fusion, asked.Fusion);
        if (asked.Epochs < run.Epochs || (asked.Epochs > run.Epochs && run.Schedule.DependsOnLength))
        {
            Compare(asked.Epochs < run.Epochs ? "--epochs" : $"--epochs, on which the {run.Schedule} schedule depends,", run.Epochs, asked.Epochs);
        }

        if (differences.Count > 0)
        {
            throw new UsageException(
                $"the run in {folder} cannot be continued with another configuration: {string.Join("; ", differences)}. "
                + "Leave these options away, or start a new run without --resume.");
        }

        return asked;
    }

    private Recipe Apply(Recipe recipe) => recipe with
    {
        Model = Model ?? recipe.Model,
        Stem = Stem ?? recipe.Stem,
        Shortcut = Shortcut ?? recipe.Shortcut,
        Epochs = Epochs ?? recipe.Epochs,
        BatchSize = BatchSize ?? recipe.BatchSize,
        LearningRate = LearningRate ?? recipe.LearningRate,
        Schedule = Schedule ?? recipe.Schedule,
        Momentum = Momentum ?? recipe.Momentum,
        WeightDecay = WeightDecay ?? recipe.WeightDecay,
        Seed = Seed ?? recipe.Seed,
        Augment = Augment ?? recipe.Augment,
        Cutout = Cutout ?? recipe.Cutout,
        Precision = Precision ?? recipe.Precision,
        Math = Math ?? (Deterministic ? "exact" : recipe.Math),
        Deterministic = Deterministic || recipe.Deterministic,
        Algorithms = Algorithms ?? recipe.Algorithms,
        Fusion = Fusion ?? recipe.Fusion,
    };
}
