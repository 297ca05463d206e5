using System.CommandLine;
using CudnnNet;

namespace Bench;

/// <summary>The command line of the graph benchmark.</summary>
internal static class GraphCommand
{
    public static Command Create()
    {
        Option<double> seconds = new("--seconds") { Description = "How long the rows are measured, in turn.", DefaultValueFactory = _ => 5 };
        Command command = new("graph", "Times describing, building, binding and executing a graph, and a hit of the plan cache, on the CPU device.") { seconds };
        command.SetAction(parsed =>
        {
            // What is measured is the way to the library, not what a GPU's driver does with it.
            NativeLibraries.Requested = DeviceKind.Cpu;
            using var benchmark = new GraphBenchmark();
            benchmark.Run(TimeSpan.FromSeconds(parsed.GetValue(seconds)), Console.Out);
        });
        return command;
    }
}
