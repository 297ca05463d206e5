using System.Diagnostics;
using CudnnNet;
using ResNet;

namespace Bench;

/// <summary>Times training steps and the yardstick in turn, so that whatever else happens on the machine meets both.</summary>
internal sealed class StepBenchmark(ModelSpec spec, int batch, int size, bool exact)
{
    private const int WarmSteps = 3;

    // A thread pool that has just worked waits actively for a moment; nobody is to be timed against the other's.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    public StepReport Run(int rounds)
    {
        if (rounds < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(rounds), rounds, "at least one round is needed for a figure");
        }

        LabelledImages train = RandomImages(batch * (rounds + WarmSteps)), test = RandomImages(batch);
        using CudaContext context = CudaContext.Primary();
        using Trainer trainer = new(context, new Network(spec), new TrainerOptions { BatchSize = batch, Pass = new PassOptions { Exact = exact } }, train, test, Table());
        trainer.SetLearningRate(0.01);
        IReadOnlyList<ConvolutionProblem> problems = ConvolutionProblem.Of(trainer.TrainingPass.Operations);
        using DirectSum yardstick = new(problems);

        for (int i = 0; i < WarmSteps; i++)
        {
            TimeStep(trainer);
        }

        List<double> steps = [];
        List<DirectSumRound> sums = [];
        for (int round = 0; round < rounds; round++)
        {
            Thread.Sleep(s_pause);
            sums.Add(yardstick.Run());
            Thread.Sleep(s_pause);
            steps.Add(TimeStep(trainer));
        }

        return new StepReport(spec, batch, size, exact, trainer.DeviceBytes, problems, steps, sums);
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
        var pixels = new byte[count * spec.InputChannels * size * size];
        random.NextBytes(pixels);
        var labels = new byte[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = (byte)random.Next(spec.Classes);
        }

        return new LabelledImages(pixels, labels, spec.InputChannels, size, size);
    }

    // Bytes to numbers of mean 0 and variance 1, as a normalisation would give.
    private float[] Table() => [.. Enumerable.Range(0, spec.InputChannels * 256).Select(i => (float)(((i % 256) - 127.5) / 73.9))];
}
