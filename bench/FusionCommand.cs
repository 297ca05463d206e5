using System.CommandLine;
using ResNet;

namespace Bench;

/// <summary>The command line of the comparison of fusions.</summary>
internal static class FusionCommand
{
    public static Command Create()
    {
        Option<string> model = new("--model") { Description = "The network.", DefaultValueFactory = _ => "resnet18" };
        model.AcceptOnlyFromAmong([.. ModelCatalogue.Names]);
        Option<string> stem = new("--stem") { Description = "cifar or imagenet.", DefaultValueFactory = _ => "imagenet" };
        stem.AcceptOnlyFromAmong("cifar", "imagenet");
        Option<string> math = new("--math") { Description = "exact or fast.", DefaultValueFactory = _ => "exact" };
        math.AcceptOnlyFromAmong("exact", "fast");
        Option<string> precision = new("--precision") { Description = "f32, bf16 or fp16.", DefaultValueFactory = _ => "f32" };
        precision.AcceptOnlyFromAmong("f32", "bf16", "fp16");
        Option<int> batch = new("--batch-size") { Description = "Images of a step.", DefaultValueFactory = _ => 128 };
        Option<int> size = new("--size") { Description = "Height and width of an image.", DefaultValueFactory = _ => 32 };
        Option<int> rounds = new("--rounds") { Description = "Steps timed for each figure.", DefaultValueFactory = _ => 15 };
        Command command = new("fusion", "Times training steps by each of cuDNN's doors, a step of each in turn.") { model, stem, precision, math, batch, size, rounds };
        command.SetAction(parsed =>
        {
            ModelSpec spec = ModelCatalogue.Get(parsed.GetValue(model)!, parsed.GetValue(stem) == "cifar" ? StemKind.Cifar : StemKind.ImageNet);
            Precision numbers = parsed.GetValue(precision) switch { "bf16" => Precision.BFloat16, "fp16" => Precision.Float16, _ => Precision.Float32 };
            FusionBenchmark.Run(spec, parsed.GetValue(batch), parsed.GetValue(size), numbers, parsed.GetValue(math) == "exact", parsed.GetValue(rounds), Console.Out);
        });
        return command;
    }
}
