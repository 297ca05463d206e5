namespace Cifar;

/// <summary>Shows a training to whoever watches: a person at a terminal, or a log file.</summary>
internal interface ITrainingDisplay
{
    /// <summary>Runs the training within the display.</summary>
    int Run(Func<int> training);

    /// <summary>Says what is about to be trained.</summary>
    void Begin(RunFacts facts);

    /// <summary>
    /// Whether figures are wanted after the iteration just enqueued. Reading them waits for the device, so a display asks sparingly.
    /// </summary>
    /// <param name="iteration">Steps since the run began, this one included.</param>
    bool Wants(long iteration);

    /// <summary>Shows the figures asked for.</summary>
    void Step(in StepFigures figures);

    /// <summary>The epoch's steps are done and its test begins.</summary>
    void Testing(int epoch);

    /// <summary>Shows a completed epoch.</summary>
    /// <param name="metrics">Its figures.</param>
    /// <param name="best">Whether its test accuracy is the best so far.</param>
    void Epoch(EpochMetrics metrics, bool best);

    /// <summary>Says something worth knowing.</summary>
    void Note(string text);
}
