using System.CommandLine;
using ResNet;

namespace Cifar;

/// <summary><c>resnet benchmark step</c>: how fast training is, and what it is held against.</summary>
internal static class BenchmarkCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "benchmark";

    /// <summary>The name of the command below it.</summary>
    public const string StepName = "step";

    /// <summary>Makes the command.</summary>
    /// <param name="output">Where the report goes.</param>
    public static Command Create(TextWriter output)
    {
        var model = OptionParts.Word("--model", "model", "The network; resnet18 by default", Networks.Models);
        var stem = OptionParts.Word("--stem", "stem", "The first layers; cifar by default", Networks.Stems);
        var shortcut = OptionParts.Word("--shortcut", "shortcut", "Around the blocks; torchvision by default", Networks.Shortcuts);
        var batch = OptionParts.Whole("--batch-size", "Images of a step, by default 128", 2, 65_536);
        var size = OptionParts.Whole("--size", "Height and width of an image, by default 32", 4, 1024);
        var precision = OptionParts.Word("--precision", "precision", "In which numbers is computed: f32 (the default), tf32, bf16 or fp16", Networks.Precisions);
        var math = OptionParts.Word("--math", "mathematics", "Algorithms of convolutions: exact (the default) or fast, as for training", Networks.Mathematics);
        var fusion = OptionParts.Word("--fusion", "fusion", "By which of cuDNN's doors operations are computed, as for training; auto by default", Networks.Fusions);
        var rounds = OptionParts.Whole("--rounds", "How often step and convolutions are timed, in turn, by default 7", 1, 1000);
        var json = OptionParts.Plain("--json", "file", "Also write the figures to this file, as JSON");
        var profile = new Option<bool>("--profile") { Description = "Also time every operation by itself: share, GFLOP/s, GB/s and the least time it could take" };
        var device = DeviceChoice.Option();
        var step = new Command(
            StepName,
            "Times training steps on random images; in turn with oneDNN's own convolutions of the same shapes on this machine's processors, in the layouts oneDNN likes best.")
        {
            model, stem, shortcut, batch, size, precision, math, fusion, rounds, json, profile, device,
        };
        step.Validators.Add(result =>
        {
            if (OptionParts.Says(result, precision, "tf32") && !OptionParts.Says(result, math, "fast"))
            {
                result.AddError("--precision tf32 rounds factors, which exact mathematics does not allow; add --math fast.");
            }
        });
        step.SetAction(parsed =>
        {
            Recipe recipe = Presets.Article with
            {
                Model = parsed.GetValue(model) ?? "resnet18",
                Stem = parsed.GetValue(stem) ?? "cifar",
                Shortcut = parsed.GetValue(shortcut) ?? "torchvision",
            };
            var request = new StepBenchmarkRequest(
                Networks.Specify(recipe, classes: 10), parsed.GetValue(batch) ?? 128, parsed.GetValue(size) ?? 32, parsed.GetValue(precision) ?? "f32",
                parsed.GetValue(math) != "fast", Networks.FusionOf(parsed.GetValue(fusion) ?? "auto"), parsed.GetValue(rounds) ?? 7);
            DeviceChoice.Apply(DeviceChoice.Parse(parsed.GetValue(device)));
            StepReport report = new StepBenchmark(request).Run(parsed.GetValue(profile));
            report.Print(output);
            if (parsed.GetValue(json) is { } file)
            {
                AtomicFile.WriteText(file, report.ToJson());
            }

            return ExitCode.Done;
        });
        return new Command(Name, "Measures this program on this machine.") { step };
    }
}
