using System.Diagnostics;
using CudnnNet;
using ResNet;

namespace Cifar;

/// <summary>What a step benchmark measures.</summary>
/// <param name="Spec">The network.</param>
/// <param name="BatchSize">Images of a step.</param>
/// <param name="ImageSize">Height and width of an image.</param>
/// <param name="Precision">In which numbers is computed, as the command line says it.</param>
/// <param name="Exact">Whether convolutions add up the products of the definition.</param>
/// <param name="Fusion">By which of cuDNN's doors operations are computed, where it has them there.</param>
/// <param name="Rounds">How often step and yardstick are timed.</param>
internal sealed record StepBenchmarkRequest(ModelSpec Spec, int BatchSize, int ImageSize, string Precision, bool Exact, FusionPreference Fusion, int Rounds);

/// <summary>Times training steps and the yardstick in turn, so that whatever else happens on the machine meets both.</summary>
internal sealed class StepBenchmark(StepBenchmarkRequest request)
{
    // The first step runs call by call, the second is captured, the third finds everything warm.
    private const int WarmSteps = 3;

    // A thread pool that has just worked waits actively for a moment; nobody is to be timed against the other's.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Measures.</summary>
    /// <param name="profile">Whether to time every operation by itself afterwards.</param>
    public StepReport Run(bool profile)
    {
        int batch = request.BatchSize;
        // One batch is an epoch, however many steps are timed: memory does not depend on their number.
        LabelledImages images = RandomImages(batch);
        using CudaContext context = CudaContext.Primary();
        TrainerOptions options = new() { BatchSize = batch, Precision = Networks.PrecisionOf(request.Precision), Pass = new PassOptions { Exact = request.Exact, Fusion = request.Fusion } };
        using Trainer trainer = new(context, new Network(request.Spec), options, images, images, Table());
        trainer.SetLearningRate(0.01);
        IReadOnlyList<ConvolutionProblem> problems = ConvolutionProblem.Of(trainer.TrainingPass.Operations);

        using DirectSum yardstick = new(problems, request.Precision);
        for (int i = 0; i < WarmSteps; i++)
        {
            TimeStep(trainer);
            trainer.EndEpoch();
        }

        List<double> steps = [];
        List<DirectSumRound> sums = [];
        IReadOnlyDictionary<string, long>? calls = null;
        for (int round = 0; round < request.Rounds; round++)
        {
            Thread.Sleep(s_pause);
            sums.Add(yardstick.Run());
            Thread.Sleep(s_pause);
            IReadOnlyDictionary<string, long>? before = DriverCalls.Read();
            steps.Add(TimeStep(trainer));
            calls = DriverCalls.Since(before);
            trainer.EndEpoch();
        }

        return new StepReport
        {
            Request = request,
            DeviceName = context.Properties.Name,
            Execution = trainer.Execution,
            Operations = trainer.DescribeOperations(),
            Problems = problems,
            Steps = steps,
            Sums = sums,
            Calls = calls,
            PeakBytes = trainer.DeviceBytes,
            Profile = profile ? StepProfile.Measure(trainer) : null,
        };
    }

    private static double TimeStep(Trainer trainer)
    {
        long start = Stopwatch.GetTimestamp();
        trainer.Step();
        trainer.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private LabelledImages RandomImages(int count)
    {
        var random = new Random(1);
        long bytes = (long)count * request.Spec.InputChannels * request.ImageSize * request.ImageSize;
        if (bytes > Array.MaxLength)
        {
            throw new UsageException(FormattableString.Invariant(
                $"--batch-size {count} and --size {request.ImageSize} make images of {bytes:N0} bytes, more than the {Array.MaxLength:N0} this program can hold at once. Give less of either."));
        }

        var pixels = new byte[bytes];
        random.NextBytes(pixels);
        var labels = new byte[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = (byte)random.Next(request.Spec.Classes);
        }

        return new LabelledImages(pixels, labels, request.Spec.InputChannels, request.ImageSize, request.ImageSize);
    }

    // Bytes to numbers of mean 0 and variance 1, as a normalisation would give.
    private float[] Table() => [.. Enumerable.Range(0, request.Spec.InputChannels * 256).Select(i => (float)(((i % 256) - 127.5) / 73.9))];
}
