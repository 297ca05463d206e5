using CudnnNet;

namespace Cifar;

/// <summary>One call of <c>resnet eval</c>.</summary>
internal static class EvalRun
{
    /// <summary>Tests a network and writes two lines: what it is, and how good.</summary>
    /// <param name="path">The run's folder or a checkpoint in it.</param>
    /// <param name="dataFolder">What <c>--data</c> said.</param>
    /// <param name="allowSubset">What <c>--allow-subset</c> said.</param>
    /// <param name="batchSize">What <c>--batch-size</c> said.</param>
    /// <param name="wantedDevice">What <c>--device</c> said.</param>
    /// <param name="factory">Puts networks on the device.</param>
    /// <param name="output">Where the lines go.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Execute(string path, string? dataFolder, bool allowSubset, int? batchSize, DeviceKind? wantedDevice, ITrainingFactory factory, TextWriter output)
    {
        var folder = RunFolder.Open(path);
        var run = RunConfiguration.Read(folder.ConfigurationFile);
        string checkpoint = File.Exists(path) ? path : folder.BestCheckpoint;
        if (!File.Exists(checkpoint))
        {
            throw new RunFolderException($"{checkpoint} does not exist: no epoch of this run was completed. Continue it with: resnet train --resume {folder.Folder}");
        }

        var data = DataLocator.Load(dataFolder ?? run.DataFolder ?? "digits", dataFolder is null ? run.Classes : null, allowSubset || run.Subset);
        if (data.Classes != run.Classes || data.Name != run.Dataset)
        {
            throw new UsageException($"the network was trained on {run.Dataset} with {run.Classes} classes; {data.Name} ({data.Source}) is another data set. Give the folder of {run.Dataset} with --data.");
        }

        var recipe = run.ToRecipe(folder.ConfigurationFile);
        recipe = recipe with { BatchSize = Math.Min(batchSize ?? recipe.BatchSize, data.Train.Count) };
        TrainRun.Check(recipe, data);
        string device = DeviceChoice.Apply(wantedDevice);
        using var training = factory.Create(recipe, data);
        training.LoadNetwork(checkpoint);
        if (data.IsEmbedded)
        {
            output.WriteLine($"*** {DigitsNotice.Title} ***");
        }

        var test = training.Test();
        output.WriteLine($"{run.Model}, {run.Stem} stem, trained on {run.Dataset}: {checkpoint} on {device} ({training.DeviceName})");
        output.WriteLine(FormattableString.Invariant($"{data.Name}: {data.Test.Count:N0} test images, test accuracy {test.Accuracy:F4}, test loss {test.Loss:F4}"));
        return ExitCode.Done;
    }
}
