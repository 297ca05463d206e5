using System.CommandLine;

namespace Bench;

/// <summary>The command line of the growth measurement.</summary>
internal static class GrowthCommand
{
    public static Command Create()
    {
        Option<string> stem = new("--stem") { Description = "cifar or imagenet.", DefaultValueFactory = _ => "imagenet" };
        stem.AcceptOnlyFromAmong("cifar", "imagenet");
        Option<string> math = new("--math") { Description = "exact or fast.", DefaultValueFactory = _ => "fast" };
        math.AcceptOnlyFromAmong("exact", "fast");
        Option<int> rounds = new("--rounds") { Description = "Steps timed for each figure.", DefaultValueFactory = _ => 5 };
        Option<DirectoryInfo> output = new("--output") { Description = "The folder of growth.md and growth.png.", DefaultValueFactory = _ => new DirectoryInfo("docs/growth") };
        Command command = new("growth", "Measures how speed and memory grow with the batch, the depth and the threads, one process of the console each, as a table and a picture.")
        {
            stem, math, rounds, output,
        };
        command.SetAction(parsed =>
        {
            string[] common = ["--stem", parsed.GetValue(stem)!, "--math", parsed.GetValue(math)!, "--rounds", $"{parsed.GetValue(rounds)}"];
            IReadOnlyList<GrowthPoint> points = Growth.Measure(common, Console.Error);
            GrowthDocument.Write(parsed.GetValue(output)!.FullName, $"bench -- growth {string.Join(' ', common)}", points);
        });
        return command;
    }
}
