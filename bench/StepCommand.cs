using System.CommandLine;
using CudnnNet;
using ResNet;

namespace Bench;

/// <summary>The command line of the step benchmark.</summary>
internal static class StepCommand
{
    public static Command Create()
    {
        Option<string> model = new("--model") { Description = "The network.", DefaultValueFactory = _ => "resnet18" };
        Option<StemKind> stem = new("--stem") { Description = "cifar (3x3) or imagenet (7x7 and max-pool).", DefaultValueFactory = _ => StemKind.Cifar };
        Option<int> batch = new("--batch") { Description = "Images a step.", DefaultValueFactory = _ => 128 };
        Option<int> size = new("--size") { Description = "Height and width of an image.", DefaultValueFactory = _ => 32 };
        Option<int> rounds = new("--rounds") { Description = "How often step and convolutions are timed, in turn.", DefaultValueFactory = _ => 7 };
        Option<string> math = new("--math") { Description = "exact: algorithms that add up the products of the definition; fast: Winograd's too.", DefaultValueFactory = _ => "exact" };
        math.AcceptOnlyFromAmong("exact", "fast");
        Option<FileInfo?> output = new("--output") { Description = "Where the JSON goes; artifacts/bench/step-MODEL-STEM-MATH.json where it is not given." };
        Command command = new("step", "Times a training step on the CPU device against the sum of oneDNN's own direct convolutions of the same shapes, in one interleaved run.")
        {
            model, stem, batch, size, math, rounds, output,
        };
        command.SetAction(parsed =>
        {
            // The yardstick is a library of the CPU, whatever else the machine has.
            NativeLibraries.Requested = DeviceKind.Cpu;
            var benchmark = new StepBenchmark(ModelCatalogue.Get(parsed.GetValue(model)!, parsed.GetValue(stem)), parsed.GetValue(batch), parsed.GetValue(size), parsed.GetValue(math) == "exact");
            StepReport report = benchmark.Run(parsed.GetValue(rounds));
            report.Print(Console.Out);
            report.Save(parsed.GetValue(output)?.FullName ?? Path.Combine("artifacts", "bench", $"step-{report.Model}-{report.Stem}-{report.Math}.json"));
        });
        return command;
    }
}
