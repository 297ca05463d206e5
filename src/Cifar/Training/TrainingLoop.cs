using System.Diagnostics;
using System.Globalization;
using ResNet;

namespace Cifar;

/// <summary>The loss is no longer a number, so going on is of no use. The message says when and what to try.</summary>
internal sealed class DivergedException(string message) : Exception(message);

/// <summary>
/// The training from its first step to its last: steps, test, one row and one checkpoint an epoch. Between two steps it looks for
/// the wish to stop; then it saves, so that a later run continues with the very next step.
/// </summary>
internal sealed class TrainingLoop(
    ITraining training, Recipe recipe, DataSet data, RunFolder folder, ITrainingDisplay display, StopSignal stop, Func<RunSummary> summarize)
{
    /// <summary>The note in a checkpoint that says how long the unfinished epoch has taken so far.</summary>
    public const string EpochSecondsNote = "epoch_seconds";

    private MetricSums _before;
    private MetricSums _start;
    private double _testSeconds;

    /// <summary>Trains to the end, or until stopped.</summary>
    /// <param name="secondsBefore">What the unfinished epoch took before the run was interrupted.</param>
    /// <returns><see cref="ExitCode.Done"/> or <see cref="ExitCode.Interrupted"/>.</returns>
    /// <exception cref="DivergedException">The loss is not a number.</exception>
    public int Run(double secondsBefore = 0)
    {
        _start = training.ReadSums();
        while (training.CompletedEpochs < recipe.Epochs)
        {
            int epoch = training.CompletedEpochs;
            long began = Stopwatch.GetTimestamp();
            int firstStep = training.CompletedSteps;
            training.SetLearningRate(recipe.RateOf(epoch));
            while (training.CompletedSteps < training.StepsPerEpoch)
            {
                if (stop.Requested)
                {
                    return Interrupt(secondsBefore + Stopwatch.GetElapsedTime(began).TotalSeconds);
                }

                training.Step();
                Show(epoch, firstStep, began);
            }

            var sums = training.ReadSums();
            double trainSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (!double.IsFinite(sums.Loss))
            {
                throw Diverged(epoch);
            }

            display.Testing(epoch + 1);
            long testBegan = Stopwatch.GetTimestamp();
            var test = training.Test();
            _testSeconds = Stopwatch.GetElapsedTime(testBegan).TotalSeconds;
            double share = (double)(training.StepsPerEpoch - firstStep) / training.StepsPerEpoch;
            EndEpoch(new EpochMetrics(
                epoch + 1, recipe.RateOf(epoch), sums.Loss, sums.Accuracy, test.Loss, test.Accuracy,
                ImagesPerSecond: sums.Images * share / trainSeconds,
                Seconds: secondsBefore + trainSeconds + _testSeconds), sums);
            secondsBefore = 0;
        }

        return ExitCode.Done;
    }

    private void EndEpoch(EpochMetrics metrics, MetricSums sums)
    {
        bool best = folder.Epochs.All(earlier => metrics.TestAccuracy > earlier.TestAccuracy);
        _before = new MetricSums(_before.LossSum + sums.LossSum - _start.LossSum, _before.Correct + sums.Correct - _start.Correct, _before.Images + sums.Images - _start.Images);
        _start = default;
        training.EndEpoch();

        // The row before the checkpoint: a checkpoint never stands at an epoch whose row is missing.
        folder.Add(metrics, data.Name);
        training.Save(folder.LastCheckpoint, Notes(0));
        if (best)
        {
            training.Save(folder.BestCheckpoint, Notes(0));
        }

        folder.WriteSummary(summarize());
        display.Epoch(metrics, best);
    }

    private int Interrupt(double epochSeconds)
    {
        training.Save(folder.LastCheckpoint, Notes(epochSeconds));
        display.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"interrupted in epoch {training.CompletedEpochs + 1} after step {training.CompletedSteps} of {training.StepsPerEpoch}; saved. Continue with: resnet train --resume {folder.Folder}"));
        return ExitCode.Interrupted;
    }

    private Dictionary<string, string> Notes(double epochSeconds) => new()
    {
        ["dataset"] = data.Name,
        ["model"] = recipe.Model,
        ["stem"] = recipe.Stem,
        [EpochSecondsNote] = epochSeconds.ToString("R", CultureInfo.InvariantCulture),
    };

    private void Show(int epoch, int firstStep, long began)
    {
        int step = training.CompletedSteps;
        long iteration = ((long)epoch * training.StepsPerEpoch) + step;
        if (!display.Wants(iteration))
        {
            return;
        }

        var sums = training.ReadSums();
        if (!double.IsFinite(sums.LossSum))
        {
            throw Diverged(epoch);
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        double secondsPerStep = seconds / (step - firstStep);
        double stepsLeft = training.StepsPerEpoch - step + ((double)(recipe.Epochs - epoch - 1) * training.StepsPerEpoch);
        display.Step(new StepFigures(
            epoch + 1, step, training.StepsPerEpoch, iteration,
            _before.LossSum + sums.LossSum - _start.LossSum, _before.Correct + sums.Correct - _start.Correct, _before.Images + sums.Images - _start.Images,
            sums.Loss, sums.Accuracy, recipe.RateOf(epoch), recipe.BatchSize / secondsPerStep,
            TimeSpan.FromSeconds((stepsLeft * secondsPerStep) + (_testSeconds * (recipe.Epochs - epoch)))));
    }

    private DivergedException Diverged(int epoch) => new(
        $"the loss is no longer a number in epoch {epoch + 1}: the training has diverged at learning rate {recipe.RateOf(epoch).ToString(CultureInfo.InvariantCulture)}. "
        + $"Try a smaller --lr. The state before is in {folder.Folder}, if an epoch was completed.");
}
