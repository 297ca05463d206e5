using System.Diagnostics;
using System.Text.Json;

namespace Bench;

/// <summary>One figure: what was varied, to what, and what came of it.</summary>
/// <param name="Series">batch, depth or threads.</param>
/// <param name="Value">The images of a step, the layers of the network, or the threads.</param>
/// <param name="StepMilliseconds">The median of the steps.</param>
/// <param name="ImagesPerSecond">Images a second.</param>
/// <param name="PeakBytes">All device memory of the training.</param>
/// <param name="DirectShare">oneDNN's direct convolutions, as a share of the step's time.</param>
internal sealed record GrowthPoint(string Series, int Value, double StepMilliseconds, double ImagesPerSecond, long PeakBytes, double DirectShare);

/// <summary>Runs <c>resnet benchmark step</c> over and over, as the number of OpenMP's threads is decided when a process starts.</summary>
internal static class Growth
{
    public static readonly int[] Batches = [32, 64, 128, 256, 512, 1024];
    public static readonly int[] Depths = [18, 34, 50, 101, 152];

    public static IReadOnlyList<GrowthPoint> Measure(string[] common, TextWriter progress)
    {
        List<GrowthPoint> points = [];
        void Add(string series, int value, int threads, params string[] arguments)
        {
            progress.WriteLine($"{series} {value} ...");
            points.Add(Run(series, value, threads, [.. common, .. arguments]));
        }

        foreach (int batch in Batches)
        {
            Add("batch", batch, Environment.ProcessorCount, "--batch-size", $"{batch}");
        }

        foreach (int depth in Depths)
        {
            Add("depth", depth, Environment.ProcessorCount, "--model", $"resnet{depth}");
        }

        for (int threads = 1; threads <= Environment.ProcessorCount; threads *= 2)
        {
            Add("threads", threads, threads);
        }

        return points;
    }

    private static GrowthPoint Run(string series, int value, int threads, string[] arguments)
    {
        string report = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Cifar.dll"), "benchmark", "step", .. arguments, "--json", report]) { RedirectStandardOutput = true };
            start.Environment["OMP_NUM_THREADS"] = $"{threads}";
            using Process process = Process.Start(start)!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"resnet benchmark step {string.Join(' ', arguments)} ended with {process.ExitCode}.");
            }

            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(report));
            JsonElement root = json.RootElement;
            return new GrowthPoint(
                series, value, root.GetProperty("step_ms").GetDouble(), root.GetProperty("images_per_second").GetDouble(), root.GetProperty("peak_bytes").GetInt64(),
                root.GetProperty("direct_share").GetDouble());
        }
        finally
        {
            File.Delete(report);
        }
    }
}
