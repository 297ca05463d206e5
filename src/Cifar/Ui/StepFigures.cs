namespace Cifar;

/// <summary>Where the training stands after a step.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="Step">Steps completed in this epoch.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Iteration">Steps completed since the run began, over all epochs.</param>
/// <param name="LossSum">Sum of the losses of all images learnt from since this program started, the first step after a resume counted as the first.</param>
/// <param name="Correct">How many of those were classified correctly.</param>
/// <param name="Images">How many images these were.</param>
/// <param name="EpochLoss">Mean loss of this epoch so far.</param>
/// <param name="EpochAccuracy">Training accuracy of this epoch so far.</param>
/// <param name="LearningRate">The current rate.</param>
/// <param name="ImagesPerSecond">Training images a second in this epoch so far.</param>
/// <param name="TimeLeft">Estimate of the time to the end of the last epoch.</param>
internal readonly record struct StepFigures(
    int Epoch, int Step, int StepsPerEpoch, long Iteration, double LossSum, long Correct, long Images,
    double EpochLoss, double EpochAccuracy, double LearningRate, double ImagesPerSecond, TimeSpan TimeLeft);
