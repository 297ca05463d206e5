using System.Globalization;
using System.Text.Json;
using CudnnNet;
using ResNet;

namespace Bench;

/// <summary>What the step benchmark found out.</summary>
internal sealed class StepReport(
    ModelSpec spec, int batch, int size, bool exact, long deviceBytes, IReadOnlyList<ConvolutionProblem> problems, IReadOnlyList<double> steps, IReadOnlyList<DirectSumRound> sums)
{
    public string Model => spec.Name;

    public string Stem => spec.Stem.ToString().ToLowerInvariant();

    public string Math => exact ? "exact" : "fast";

    private double StepMedian => Median(steps);

    private double SumMedian => Median(sums.Select(sum => sum.Total));

    // Neighbours in time are compared, then the middle one is taken.
    private double RatioMedian => Median(steps.Zip(sums, (step, sum) => sum.Total / step));

    public void Print(TextWriter output)
    {
        output.WriteLine(Text($"{Model}, {Stem} stem, {batch} images of {spec.InputChannels} x {size} x {size}, f32, {Math} math, {Environment.ProcessorCount} processors, {steps.Count} rounds"));
        output.WriteLine(Text($"training step               {StepMedian,9:0.0} ms   ({batch * 1000 / StepMedian:0} images/s)"));
        output.WriteLine(Text($"oneDNN's direct convolutions{SumMedian,9:0.0} ms   ({2 * problems.Sum(problem => problem.Macs) / SumMedian / 1e6:0} GFLOP/s)"));
        output.WriteLine(Text($"device memory               {deviceBytes / 1048576.0,9:0.0} MiB"));
        output.WriteLine(Text($"step / convolutions         {1 / RatioMedian,9:0.0 %}"));
        output.WriteLine(Text($"convolutions / step         {RatioMedian,9:0.0 %}"));
    }

    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string working = path + ".tmp";
        File.WriteAllText(working, JsonSerializer.Serialize(new
        {
            command = "bench " + string.Join(' ', Environment.GetCommandLineArgs().Skip(1)),
            time = DateTime.UtcNow.ToString("s", CultureInfo.InvariantCulture) + "Z",
            libraries = NativeLibraries.Describe().Split('\n'),
            processors = Environment.ProcessorCount,
            model = Model,
            stem = Stem,
            batch,
            image = new[] { spec.InputChannels, size, size },
            precision = "f32",
            math = Math,
            device_bytes = deviceBytes,
            step_ms_median = StepMedian,
            direct_sum_ms_median = SumMedian,
            ratio_median = RatioMedian,
            step_ms = steps,
            direct_sum_ms = sums.Select(sum => sum.Total),
            convolutions = problems.Select((problem, i) => new
            {
                problem = problem.ToLine(),
                ms_median = Median(sums.Select(sum => sum.Problems[i].Milliseconds)),
                implementation = sums[0].Problems[i].Implementation,
            }),
        }, s_indented));
        File.Move(working, path, overwrite: true);
        Console.WriteLine($"written: {path}");
    }

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
