using System.Globalization;

namespace Cifar;

/// <summary>
/// Lines for logs and pipes: the mean loss every 100 iterations, the training accuracy every 200, and each epoch's test accuracy and duration.
/// </summary>
internal sealed class PlainDisplay(TextWriter output) : ITrainingDisplay
{
    private const int LossEvery = 100;
    private const int AccuracyEvery = 200;

    private RunFacts? _facts;
    private Window _loss;
    private Window _accuracy;

    /// <inheritdoc/>
    public int Run(Func<int> training) => training();

    /// <inheritdoc/>
    public void Begin(RunFacts facts)
    {
        _facts = facts;
        if (facts.Data.IsEmbedded)
        {
            output.WriteLine($"*** {DigitsNotice.Title} ***");
            output.WriteLine(DigitsNotice.Text);
        }

        foreach (string line in facts.Lines)
        {
            output.WriteLine(line);
        }

        output.Flush();
    }

    /// <inheritdoc/>
    public bool Wants(long iteration) => iteration % LossEvery == 0;

    /// <inheritdoc/>
    public void Step(in StepFigures figures)
    {
        if (figures.Iteration % LossEvery != 0)
        {
            return;
        }

        var now = new Window(figures.LossSum, figures.Correct, figures.Images);
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {figures.Epoch}, iteration {figures.Iteration}: mean loss {now.MeanLossSince(_loss):F4}");
        _loss = now;
        if (figures.Iteration % AccuracyEvery == 0)
        {
            line += string.Create(CultureInfo.InvariantCulture, $", train accuracy {now.AccuracySince(_accuracy):P2}");
            _accuracy = now;
        }

        output.WriteLine(line);
        output.Flush();
    }

    /// <inheritdoc/>
    public void Testing(int epoch)
    {
        // A line for each epoch is enough: the one with its result.
    }

    /// <inheritdoc/>
    public void Epoch(EpochMetrics metrics, bool best)
    {
        string data = _facts is { Data.IsEmbedded: true } ? " [digits]" : "";
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {metrics.Epoch}/{_facts?.Recipe.Epochs}{data}: test accuracy {metrics.TestAccuracy:F4}{(best ? " (best)" : "")}, test loss {metrics.TestLoss:F4}, "
            + $"train accuracy {metrics.TrainAccuracy:F4}, train loss {metrics.TrainLoss:F4}, learning rate {metrics.LearningRate:G4}, "
            + $"{metrics.ImagesPerSecond:F0} images/s, {metrics.Seconds:F1} seconds"));
        output.Flush();
    }

    /// <inheritdoc/>
    public void Note(string text)
    {
        output.WriteLine(text);
        output.Flush();
    }

    private readonly record struct Window(double LossSum, long Correct, long Images)
    {
        public double MeanLossSince(Window earlier) => (LossSum - earlier.LossSum) / (Images - earlier.Images);

        public double AccuracySince(Window earlier) => (double)(Correct - earlier.Correct) / (Images - earlier.Images);
    }
}
