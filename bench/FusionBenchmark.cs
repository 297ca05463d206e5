using System.Diagnostics;
using System.Globalization;
using CudnnNet;
using ResNet;

namespace Bench;

/// <summary>Times a training step by each of cuDNN's doors, in turn, so that whatever else the machine does meets all of them.</summary>
internal static class FusionBenchmark
{
    // Two steps are enqueued call by call and captured, a third finds everything warm.
    private const int WarmSteps = 3;

    private static readonly (string Name, PassOptions Options)[] s_ways =
    [
        ("descriptors", new PassOptions { Fusion = FusionPreference.Descriptors }),
        ("graph", new PassOptions { Fusion = FusionPreference.Graph }),
        ("graph, sums in convolutions", new PassOptions { Fusion = FusionPreference.Graph, SumsInConvolutions = true }),
        ("none", new PassOptions { Fusion = FusionPreference.None }),
    ];

    public static void Run(ModelSpec spec, int batch, int size, Precision precision, bool exact, int rounds, TextWriter output)
    {
        using CudaContext context = CudaContext.Primary();
        Trainer[] trainers = [.. s_ways.Select(way => Create(context, spec, batch, size, new TrainerOptions { BatchSize = batch, Precision = precision, Pass = way.Options with { Exact = exact } }))];
        try
        {
            double[][] times = [.. Enumerable.Range(0, rounds + WarmSteps).Select(_ => Array.ConvertAll(trainers, TimeStep)).Skip(WarmSteps)];
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{spec.Name}, {spec.Stem.ToString().ToLowerInvariant()} stem, {batch} images of {size} x {size}, {precision}, {(exact ? "exact" : "fast")} math, {context.Properties.Name}, {rounds} steps of each in turn"));
            for (int i = 0; i < s_ways.Length; i++)
            {
                // Neighbours in time are compared; the middle one of the ratios counts.
                double ratio = Median(times.Select(round => round[i] / round[0]));
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{s_ways[i].Name,-28} {Median(times.Select(round => round[i])),9:0.0} ms  {ratio,6:0.000} of the first's  {trainers[i].DeviceBytes / 1048576.0,9:0.0} MiB"));
            }
        }
        finally
        {
            Array.ForEach(trainers, trainer => trainer.Dispose());
        }
    }

    private static Trainer Create(CudaContext context, ModelSpec spec, int batch, int size, TrainerOptions options)
    {
        var random = new Random(1);
        byte[] pixels = new byte[batch * spec.InputChannels * size * size];
        random.NextBytes(pixels);
        byte[] labels = [.. Enumerable.Range(0, batch).Select(_ => (byte)random.Next(spec.Classes))];
        LabelledImages images = new(pixels, labels, spec.InputChannels, size, size);
        float[] table = [.. Enumerable.Range(0, spec.InputChannels * 256).Select(i => (float)(((i % 256) - 127.5) / 73.9))];
        Trainer trainer = new(context, new Network(spec), options, images, images, table);
        trainer.SetLearningRate(0.01);
        return trainer;
    }

    private static double TimeStep(Trainer trainer)
    {
        long start = Stopwatch.GetTimestamp();
        trainer.Step();
        trainer.Synchronize();
        double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        trainer.EndEpoch();
        return time;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
