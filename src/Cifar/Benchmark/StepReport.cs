using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CudnnNet;
using ResNet;

namespace Cifar;

/// <summary>What the step benchmark found out; all shares are of neighbours in time, of which the middle one is taken.</summary>
internal sealed class StepReport
{
    public required StepBenchmarkRequest Request { get; init; }

    public required string DeviceName { get; init; }

    /// <summary>How steps were enqueued.</summary>
    public required string Execution { get; init; }

    /// <summary>How the operations of a step were computed, and why not otherwise.</summary>
    public required string Operations { get; init; }

    public required IReadOnlyList<ConvolutionProblem> Problems { get; init; }

    /// <summary>Milliseconds of each step.</summary>
    public required IReadOnlyList<double> Steps { get; init; }

    /// <summary>The yardstick's rounds.</summary>
    public required IReadOnlyList<DirectSumRound> Sums { get; init; }

    /// <summary>The driver's functions that one step called, and how often; null where nobody counts.</summary>
    public required IReadOnlyDictionary<string, long>? Calls { get; init; }

    /// <summary>All device memory of the training.</summary>
    public required long PeakBytes { get; init; }

    public required StepProfile? Profile { get; init; }

    private string Mathematics => Request.Exact ? "exact" : "fast";

    private string Stem => Request.Spec.Stem.ToString().ToLowerInvariant();

    private double StepMedian => Median(Steps);

    private double DirectMedian => Median(Sums.Select(sum => sum.Total));

    private double BestMedian => Median(Sums.Select(sum => sum.Best));

    private double ImagesPerSecond => Request.BatchSize * 1000 / StepMedian;

    /// <summary>The lines for people.</summary>
    public void Print(TextWriter output)
    {
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        (int batch, int size) = (Request.BatchSize, Request.ImageSize);
        Line($"{Request.Spec.Name}, {Stem} stem, {batch} images of {Request.Spec.InputChannels} x {size} x {size}, {Request.Precision}, {Mathematics} math, {DeviceName}, {Environment.ProcessorCount} processors, {Steps.Count} rounds");
        Line($"training step                    {StepMedian,9:0.0} ms   {ImagesPerSecond:0} images/s, {Execution}");
        Line($"oneDNN's direct convolutions     {DirectMedian,9:0.0} ms   {2 * Problems.Sum(problem => problem.Macs) / DirectMedian / 1e6:0} GFLOP/s; {Share(sum => sum.Total):0.0 %} of the step's time, which is {1 / Share(sum => sum.Total):0.0 %} of theirs");
        Line($"the same, Winograd where faster  {BestMedian,9:0.0} ms   {Share(sum => sum.Best):0.0 %} of the step's time");
        Line($"device memory                    {PeakBytes / 1048576.0,9:0.0} MiB");
        if (Calls is not null)
        {
            Line($"the driver's functions in a step: {string.Join(", ", Calls.Select(call => FormattableString.Invariant($"{call.Key} {call.Value}")))}");
        }

        output.WriteLine();
        output.Write(Operations);
        if (Profile is { } profile)
        {
            PrintProfile(profile, Line);
        }
    }

    /// <summary>The same as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new StepReportJson(
            Request.Spec.Name,
            Stem,
            Request.Precision,
            Request.BatchSize,
            Mathematics,
            Request.Fusion.ToWords(),
            DeviceName,
            Environment.ProcessorCount,
            NativeLibraries.Describe().Split('\n'),
            StepMedian,
            DirectMedian,
            BestMedian,
            Share(sum => sum.Total),
            ImagesPerSecond,
            PeakBytes,
            Calls,
            Steps,
            [.. Sums.Select(sum => sum.Total)],
            [.. Sums.Select(sum => sum.Best)]),
        StepJson.Default.StepReportJson) + "\n";

    /// <summary>The middle one; of an even number, between the two in the middle.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private double Share(Func<DirectSumRound, double> sum) => Median(Steps.Zip(Sums, (step, round) => sum(round) / step));

    private static void PrintProfile(StepProfile profile, Action<FormattableString> line)
    {
        double total = profile.Operations.Sum(operation => operation.Milliseconds);
        line($"");
        line($"every operation by itself; at most {profile.PeakFlops / 1e9:0} GFLOP/s (matrix product) and {profile.PeakBytes / 1e9:0.0} GB/s (copy, read and written); the bound is what either allows");
        line($"{"operation",-44} {"ms",9} {"share",7} {"GFLOP/s",8} {"GB/s",7} {"bound ms",9}");
        foreach (ProfiledOperation operation in profile.Operations.OrderByDescending(operation => operation.Milliseconds))
        {
            double seconds = operation.Milliseconds / 1e3;
            string flops = operation.Flops == 0 ? "" : (operation.Flops / seconds / 1e9).ToString("0", CultureInfo.InvariantCulture);
            line($"{operation.Name,-44} {operation.Milliseconds,9:0.000} {operation.Milliseconds / total,7:0.0 %} {flops,8} {operation.Bytes / seconds / 1e9,7:0.0} {profile.Bound(operation),9:0.000}");
        }

        line($"{"all",-44} {total,9:0.000} {"",7} {"",8} {"",7} {profile.Operations.Sum(profile.Bound),9:0.000}");
    }
}

/// <summary>The report's JSON.</summary>
internal sealed record StepReportJson(
    string Model,
    string Stem,
    string Precision,
    int BatchSize,
    string Math,
    string Fusion,
    string Device,
    int Processors,
    IReadOnlyList<string> Libraries,
    double StepMs,
    double DirectSumMs,
    double BestSumMs,
    double DirectShare,
    double ImagesPerSecond,
    long PeakBytes,
    IReadOnlyDictionary<string, long>? Calls,
    IReadOnlyList<double> StepMsAll,
    IReadOnlyList<double> DirectSumMsAll,
    IReadOnlyList<double> BestSumMsAll);

/// <summary>Its serialiser, generated so that the program can be trimmed.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StepReportJson))]
internal sealed partial class StepJson : JsonSerializerContext;
