using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Bench;

/// <summary>The command line of the floor benchmark.</summary>
internal static class FloorCommand
{
    public static Command Create()
    {
        Option<int> iterations = new("--iterations") { Description = "Measured iterations of each row.", DefaultValueFactory = _ => 20 };
        Option<double> interleaved = new("--interleaved") { Description = "Seconds: measures the rows in turn instead and prints the best of each; for machines that have other work." };
        Command command = new("floor", "Times one call from C, through the raw floor and through the typed floor, on a library whose functions return at once.") { iterations, interleaved };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(interleaved) is > 0 and var seconds)
            {
                FloorTable.Run(TimeSpan.FromSeconds(seconds), Console.Out);
                return;
            }

            // In this process, which is built already; every row runs in it under the same conditions.
            Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                .WithWarmupCount(3).WithIterationCount(parsed.GetValue(iterations)).WithIterationTime(TimeInterval.FromMilliseconds(100));
            BenchmarkRunner.Run<FloorBenchmark>(DefaultConfig.Instance.AddJob(job).WithArtifactsPath(Path.Combine("artifacts", "bench", "floor")));
        });
        return command;
    }
}
