using System.Diagnostics;
using System.Globalization;

namespace Bench;

/// <summary>
/// The rows of the floor benchmark one after the other, over and over, each a thousand calls at a time, and the best of each: on a machine
/// that has other work, means are those of the other work, while the best of many short runs was disturbed by nobody.
/// </summary>
internal static class FloorTable
{
    private const int Calls = 1000;

    public static void Run(TimeSpan duration, TextWriter output)
    {
        using var floor = new FloorBenchmark();
        floor.Setup();
        (string Call, string Floor, Action Run)[] rows =
        [
            ("cudnnSetStream", "C", () => floor.SetStreamC()), ("cudnnSetStream", "raw", floor.SetStreamRaw), ("cudnnSetStream", "typed", floor.SetStreamTyped),
            ("cuLaunchKernel, 8 arguments", "C", () => floor.LaunchC()), ("cuLaunchKernel, 8 arguments", "raw", floor.LaunchRaw), ("cuLaunchKernel, 8 arguments", "typed", floor.LaunchTyped),
            ("cudnnConvolutionForward", "C", () => floor.ConvolutionC()), ("cudnnConvolutionForward", "raw", floor.ConvolutionRaw), ("cudnnConvolutionForward", "typed", floor.ConvolutionTyped),
            ("cublasSgemm", "C", () => floor.GemmC()), ("cublasSgemm", "raw", floor.GemmRaw), ("cublasSgemm", "typed", floor.GemmTyped),
        ];
        double[] best = [.. rows.Select(_ => double.PositiveInfinity)];
        long[] bytes = new long[rows.Length];
        // The runtime compiles what is called often a second and a third time; what came before does not count.
        Measure(rows, best, bytes, duration);
        Array.Fill(best, double.PositiveInfinity);
        int rounds = Measure(rows, best, bytes, duration);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best of {rounds} interleaved rounds of {Calls} calls, in nanoseconds a call"));
        output.WriteLine("| call | from C | raw | typed | typed less C | bytes allocated |\n|---|---:|---:|---:|---:|---:|");
        for (int i = 0; i < rows.Length; i += 3)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| `{rows[i].Call}` | {best[i]:0.0} | {best[i + 1]:0.0} | {best[i + 2]:0.0} | {best[i + 2] - best[i]:0.0} | {bytes[i + 1] + bytes[i + 2]} |"));
        }
    }

    private static int Measure((string Call, string Floor, Action Run)[] rows, double[] best, long[] bytes, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        int rounds = 0;
        for (; clock.Elapsed < duration; rounds++)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                long start = Stopwatch.GetTimestamp();
                rows[i].Run();
                long ticks = Stopwatch.GetTimestamp() - start;
                bytes[i] = GC.GetAllocatedBytesForCurrentThread() - allocated;
                best[i] = Math.Min(best[i], ticks * 1e9 / Stopwatch.Frequency / Calls);
            }
        }
        return rounds;
    }
}
