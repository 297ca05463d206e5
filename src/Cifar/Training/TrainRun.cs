using System.Globalization;
using System.Reflection;
using ResNet;

namespace Cifar;

/// <summary>One call of <c>resnet train</c>: data, recipe, device, network and folder brought together, then the loop.</summary>
internal static class TrainRun
{
    /// <summary>Trains as requested.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Execute(TrainRequest request, ITrainingFactory factory, ITrainingDisplay display)
    {
        using var stop = new StopSignal();
        return request.Resume is { } earlier ? Continue(request, earlier, factory, display, stop) : Start(request, factory, display, stop);
    }

    /// <summary>Puts the network on the device, says what its memory is taken for and how its operations are computed, and trains nothing.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Describe(TrainRequest request, ITrainingFactory factory, TextWriter output)
    {
        if (request.Resume is not null)
        {
            throw new UsageException("--describe shows what a new run would take; leave --resume away.");
        }

        var (data, recipe) = Prepare(request);
        DeviceChoice.Apply(request.Device);
        using var training = factory.Create(recipe, data);
        output.WriteLine($"{recipe.Model}, {recipe.Stem} stem, {recipe.Shortcut} shortcuts on {data.Name}, batch {recipe.BatchSize}, {recipe.Math} math, {training.DeviceName}");
        output.WriteLine();
        output.Write(training.DescribeMemory());
        output.WriteLine();
        output.Write(training.DescribeOperations());
        return ExitCode.Done;
    }

    /// <summary>Says what a training by a recipe cannot do with a data set, before the device is asked.</summary>
    /// <exception cref="UsageException">Model, stem, batches or cutout do not fit together or to the images.</exception>
    internal static void Check(Recipe recipe, DataSet data)
    {
        Networks.Specify(recipe, data.Classes);
        CheckBatch(recipe, data);
        CheckCutout(recipe, data);
    }

    private static (DataSet Data, Recipe Recipe) Prepare(TrainRequest request)
    {
        var data = DataLocator.Load(request.Data, request.Classes, request.AllowSubset);
        var recipe = request.RecipeFor(data);
        Check(recipe, data);
        return (data, recipe);
    }

    private static int Start(TrainRequest request, ITrainingFactory factory, ITrainingDisplay display, StopSignal stop)
    {
        var (data, recipe) = Prepare(request);
        string device = DeviceChoice.Apply(request.Device);
        return display.Run(() =>
        {
            using var training = factory.Create(recipe, data);
            var folder = RunFolder.Create(request.Output, recipe.Model);
            folder.WriteConfiguration(ConfigurationOf(recipe, data, request.AllowSubset, device, training.DeviceName));
            display.Begin(new RunFacts(recipe, data, device, training.DeviceName, training.Fusion, folder.Folder, training.ParameterCount, training.StepsPerEpoch));
            return Loop(training, recipe, data, folder, device, display, stop, secondsBefore: 0);
        });
    }

    private static int Continue(TrainRequest request, string path, ITrainingFactory factory, ITrainingDisplay display, StopSignal stop)
    {
        var folder = RunFolder.Open(path);
        if (request.Output is { } output && Path.GetFullPath(output) != Path.GetFullPath(folder.Folder))
        {
            throw new UsageException($"--resume continues in its own folder, {folder.Folder}; leave --output {output} away, or copy the folder first and resume the copy.");
        }

        var earlier = RunConfiguration.Read(folder.ConfigurationFile);
        var recipe = request.RecipeToContinue(earlier.ToRecipe(folder.ConfigurationFile), folder.Folder);
        if (!File.Exists(folder.LastCheckpoint))
        {
            throw new RunFolderException($"{folder.LastCheckpoint} does not exist: the run was ended before its first save. Start it anew with the options in {folder.ConfigurationFile}.");
        }

        var data = DataLocator.Load(request.Data ?? earlier.DataFolder ?? "digits", request.Classes ?? earlier.Classes, request.AllowSubset || earlier.Subset);
        if (data.Fingerprint() != earlier.DatasetSha256)
        {
            throw new UsageException(
                $"the run in {folder.Folder} learnt from {earlier.Dataset} ({earlier.DatasetSource}); {data.Name} ({data.Source}) has other content or another order. "
                + "Give the folder of the same data with --data.");
        }

        Check(recipe, data);
        string device = DeviceChoice.Apply(request.Device);
        return display.Run(() =>
        {
            using var training = factory.Create(recipe, data);
            var notes = training.Load(folder.LastCheckpoint);
            folder.ReadMetrics(training.CompletedEpochs);
            if (recipe.Epochs != earlier.Epochs || device != earlier.Device)
            {
                folder.WriteConfiguration(ConfigurationOf(recipe, data, earlier.Subset, device, training.DeviceName));
            }

            display.Begin(new RunFacts(recipe, data, device, training.DeviceName, training.Fusion, folder.Folder, training.ParameterCount, training.StepsPerEpoch));
            display.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"continuing after {training.CompletedEpochs} of {recipe.Epochs} epochs and {training.CompletedSteps} of {training.StepsPerEpoch} steps of the next"));
            if (device != earlier.Device)
            {
                display.Note($"begun on {earlier.Device}, continued on {device}: losses will not be those of an uninterrupted run bit for bit");
            }

            double secondsBefore = notes.TryGetValue(TrainingLoop.EpochSecondsNote, out string? text)
                && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) ? seconds : 0;
            return Loop(training, recipe, data, folder, device, display, stop, secondsBefore);
        });
    }

    private static int Loop(
        ITraining training, Recipe recipe, DataSet data, RunFolder folder, string device, ITrainingDisplay display, StopSignal stop, double secondsBefore)
    {
        RunSummary Summarize() => TrainRun.Summarize(recipe, data, folder, device);
        int result = new TrainingLoop(training, recipe, data, folder, display, stop, Summarize).Run(secondsBefore);
        if (result == ExitCode.Done)
        {
            var summary = Summarize();
            folder.WriteSummary(summary);
            display.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"done: {data.Name}, {recipe.Model}, {RunFacts.Counted(summary.Epochs, "epoch")}: test accuracy {summary.TestAccuracy:F4}, best {summary.BestTestAccuracy:F4}; everything is in {folder.Folder}"));
        }

        return result;
    }

    private static void CheckBatch(Recipe recipe, DataSet data)
    {
        if (recipe.BatchSize > data.Train.Count)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"--batch-size {recipe.BatchSize} is larger than the data: {data.Name} has {data.Train.Count} training images here. Give at most that."));
        }

        // One image whose last feature maps are single pixels leaves batch normalisation one value a channel, which has no variance.
        int last = data.Train.Count % recipe.BatchSize;
        if ((last == 1 || recipe.BatchSize == 1) && Networks.LastSize(Networks.Specify(recipe, data.Classes), data.Height) == 1)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"--batch-size {recipe.BatchSize} makes a batch of a single image out of {data.Train.Count}, and {recipe.Model} with the {recipe.Stem} stem ends in feature maps of a single pixel there: "
                + $"batch normalisation needs more than one value a channel. Give another, for example {(recipe.BatchSize == 1 ? 32 : recipe.BatchSize + 1)}."));
        }
    }

    private static void CheckCutout(Recipe recipe, DataSet data)
    {
        int largest = Augmentation.LargestCutout(data.Height, data.Width);
        if (recipe.Cutout > largest)
        {
            throw new UsageException(FormattableString.Invariant($"--cutout {recipe.Cutout} is more than ever lies in an image: {data.Name} has {data.Height}x{data.Width} pixels. Give 0 to {largest}."));
        }
    }

    private static RunConfiguration ConfigurationOf(Recipe recipe, DataSet data, bool subset, string device, string deviceName) => new()
    {
        Dataset = data.Name,
        DatasetSource = data.Source,
        DataFolder = data.Folder,
        DatasetSha256 = data.Fingerprint(),
        TrainImages = data.Train.Count,
        TestImages = data.Test.Count,
        Subset = subset,
        Classes = data.Classes,
        PixelMaximum = data.Normalization.PixelMaximum,
        NormalizationMean = data.Normalization.Mean,
        NormalizationDeviation = data.Normalization.Deviation,
        Model = recipe.Model,
        Stem = recipe.Stem,
        Shortcut = recipe.Shortcut,
        Epochs = recipe.Epochs,
        BatchSize = recipe.BatchSize,
        LearningRate = recipe.LearningRate,
        Schedule = recipe.Schedule.ToString(),
        Momentum = recipe.Momentum,
        WeightDecay = recipe.WeightDecay,
        Seed = recipe.Seed,
        Augment = recipe.Augment,
        Cutout = recipe.Cutout,
        Math = recipe.Math,
        Deterministic = recipe.Deterministic,
        Algorithms = recipe.Algorithms,
        Fusion = recipe.Fusion,
        Device = device,
        DeviceName = deviceName,
        Precision = recipe.Precision,
        ProgramVersion = typeof(TrainRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
    };

    private static RunSummary Summarize(Recipe recipe, DataSet data, RunFolder folder, string device)
    {
        var epochs = folder.Epochs;
        double seconds = epochs.Sum(e => 1 / e.ImagesPerSecond);
        return new RunSummary
        {
            Dataset = data.Name,
            Model = recipe.Model,
            Stem = recipe.Stem,
            Device = device,
            Precision = recipe.Precision,
            Epochs = epochs.Count,
            TestAccuracy = epochs.Count == 0 ? 0 : epochs[^1].TestAccuracy,
            BestTestAccuracy = epochs.Count == 0 ? 0 : epochs.Max(e => e.TestAccuracy),
            // Every epoch has the same images, so the speed over all of them is the harmonic mean.
            ImagesPerSecond = epochs.Count == 0 ? 0 : Math.Round(epochs.Count / seconds, 1),
        };
    }
}
