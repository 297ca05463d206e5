using System.CommandLine;

namespace Cifar;

/// <summary><c>resnet train</c>: reads the command line and starts or continues a run.</summary>
internal static class TrainCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "train";

    /// <summary>Makes the command.</summary>
    /// <param name="factory">Puts networks on the device.</param>
    /// <param name="output">Where the display goes.</param>
    public static Command Create(ITrainingFactory factory, TextWriter output)
    {
        var data = OptionParts.Plain("--data", "folder", "Folder of CIFAR-10 or CIFAR-100 (binary version, recognised by its files); \"digits\" for the embedded digits");
        var subset = new Option<bool>("--allow-subset") { Description = "Accept batch files with fewer or more whole records than the published ones" };
        var classes = OptionParts.Word("--classes", "number of classes", "Which data set to take where a folder holds both", "10", "100");
        var preset = OptionParts.Word("--preset", "preset", "A recipe with a name; single options change parts of it", Presets.Names);
        var model = OptionParts.Word("--model", "model", "The network; resnet18 by default", Networks.Models);
        var stem = OptionParts.Word("--stem", "stem", "The first layers: 3x3 (cifar, the default) or 7x7 stride 2 and max-pooling (imagenet)", Networks.Stems);
        var shortcut = OptionParts.Word("--shortcut", "shortcut", "Around the blocks: a projection where the shape changes (torchvision, the default) or in the first block of every stage (article), no projections (subsample; not for bottlenecks, which are resnet50, 101 and 152), nothing (none)", Networks.Shortcuts);
        var epochs = OptionParts.Whole("--epochs", "Passes over the training images, by default 10 on the digits, 30 on CIFAR, 270 with --preset article", 1, 1_000_000);
        var batch = OptionParts.Whole("--batch-size", "Images of a step, by default 32 on the digits, 128 on CIFAR", 1, 65_536);
        var rate = OptionParts.Fraction("--lr", "Learning rate of the first epoch, by default 0.01 on the digits, 0.1 on CIFAR", 0, 1000, minimumAllowed: false);
        var schedule = new Option<string?>("--schedule")
        {
            Description = $"How the rate goes on, by default cosine: {LearningRateSchedule.Known} (a tenth from each of these epochs on, counted from 0)",
            HelpName = "schedule",
        };
        schedule.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && LearningRateSchedule.Parse(result.Tokens[0].Value) is null)
            {
                result.AddError($"unknown schedule \"{result.Tokens[0].Value}\"; known are {LearningRateSchedule.Known}, epochs ascending, for example steps:150,210.");
            }
        });
        var momentum = OptionParts.Fraction("--momentum", "Momentum of SGD, by default 0.9", 0, 1, minimumAllowed: true);
        var decay = OptionParts.Fraction("--weight-decay", "Weight decay, by default 1e-2 on the digits, 5e-4 on CIFAR", 0, 1, minimumAllowed: true);
        var seed = OptionParts.Whole("--seed", "Decides the initial parameters, the order of the images and how they are changed, by default 1", 0);
        var augment = OptionParts.Word("--augment", "augmentation", "How training images are changed: shifted by up to 4 pixels and mirrored half the time (standard), or not at all (none, the default)", Networks.Augmentations);
        var cutout = OptionParts.Whole("--cutout", "Side of a square cut out of every training image at a random place, by default 0: none", 0, 64);
        var precision = OptionParts.Word("--precision", "precision", "In which numbers is computed: f32 (the default); tf32, where a GPU has it; bf16 and fp16, the parameters staying in f32", Networks.Precisions);
        var math = OptionParts.Word("--math", "mathematics", "Algorithms of convolutions: those that add up the products of the definition (exact), or Winograd's too (fast, the default)", Networks.Mathematics);
        var deterministic = new Option<bool>("--deterministic") { Description = "Only exact algorithms that give the same bits every time" };
        var algorithms = OptionParts.Word("--algorithms", "way of choosing", "How algorithms are chosen: by the library's rules (heuristic, the default), or by timing them at the start (measure), which may turn out differently the next time", Networks.AlgorithmChoices);
        var fusion = OptionParts.Word("--fusion", "fusion", "By which of cuDNN's doors operations are computed, where it has them there: plans of whole graphs (graph), normalisation with sum and ReLU as one call (descriptors), every operation by itself (none), or as descriptors, with plans where such a call is missing (auto, the default)", Networks.Fusions);
        var device = DeviceChoice.Option();
        var folder = OptionParts.Plain("--output", "folder", "The run's folder, by default runs/TIME-MODEL");
        var resume = OptionParts.Plain("--resume", "run", "Continue the run in this folder; options may be repeated but not changed");
        var describe = new Option<bool>("--describe") { Description = "Show what the device's memory would be taken for and how operations would be computed, and end" };
        var plain = new Option<bool>("--plain") { Description = "Lines instead of the live display, also at a terminal" };

        var command = new Command(Name, "Trains a network and keeps the run in a folder.")
        {
            data, subset, classes, preset, model, stem, shortcut, epochs, batch, rate, schedule, momentum, decay, seed, augment, cutout, precision, math, deterministic, algorithms, fusion, device, folder, resume, describe, plain,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(deterministic) && (OptionParts.Says(result, math, "fast") || OptionParts.Says(result, algorithms, "measure")))
            {
                result.AddError("--deterministic allows neither --math fast nor --algorithms measure; leave one of them away.");
            }

            if (OptionParts.Says(result, precision, "tf32") && (result.GetValue(deterministic) || OptionParts.Says(result, math, "exact")))
            {
                result.AddError("--precision tf32 rounds factors, which neither --math exact nor --deterministic allow; leave one of them away.");
            }
        });
        command.SetAction(parsed =>
        {
            var request = new TrainRequest
            {
                Data = parsed.GetValue(data),
                AllowSubset = parsed.GetValue(subset),
                Classes = parsed.GetValue(classes) is { } count ? int.Parse(count, System.Globalization.CultureInfo.InvariantCulture) : null,
                Preset = parsed.GetValue(preset),
                Model = parsed.GetValue(model),
                Stem = parsed.GetValue(stem),
                Shortcut = parsed.GetValue(shortcut),
                Epochs = parsed.GetValue(epochs),
                BatchSize = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                Schedule = parsed.GetValue(schedule) is { } written ? LearningRateSchedule.Parse(written) : null,
                Momentum = parsed.GetValue(momentum),
                WeightDecay = parsed.GetValue(decay),
                Seed = parsed.GetValue(seed),
                Augment = parsed.GetValue(augment),
                Cutout = parsed.GetValue(cutout),
                Precision = parsed.GetValue(precision),
                Math = parsed.GetValue(math),
                Deterministic = parsed.GetValue(deterministic),
                Algorithms = parsed.GetValue(algorithms),
                Fusion = parsed.GetValue(fusion),
                Device = DeviceChoice.Parse(parsed.GetValue(device)),
                Output = parsed.GetValue(folder),
                Resume = parsed.GetValue(resume),
            };
            return parsed.GetValue(describe) ? TrainRun.Describe(request, factory, output) : TrainRun.Execute(request, factory, Displays.Choose(output, parsed.GetValue(plain)));
        });
        return command;
    }
}
