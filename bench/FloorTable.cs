using System.Globalization;

namespace Bench;

/// <summary>The rows of the floor benchmark in turn, each a thousand calls at a time, and the best of each.</summary>
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
        var measured = new InterleavedRows([.. rows.Select(row => new MeasuredRow(Calls, row.Run))]);
        int rounds = measured.Measure(duration);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best of {rounds} interleaved rounds of {Calls} calls, in nanoseconds a call"));
        output.WriteLine("| call | from C | raw | typed | typed less C | bytes allocated |\n|---|---:|---:|---:|---:|---:|");
        for (int i = 0; i < rows.Length; i += 3)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| `{rows[i].Call}` | {measured.Best[i]:0.0} | {measured.Best[i + 1]:0.0} | {measured.Best[i + 2]:0.0} | {measured.Best[i + 2] - measured.Best[i]:0.0} | {measured.Bytes[i + 1] + measured.Bytes[i + 2]} |"));
        }
    }
}
