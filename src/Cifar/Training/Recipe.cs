namespace Cifar;

/// <summary>Everything that decides what a training computes, apart from the data and the device.</summary>
public sealed record Recipe
{
    /// <summary>The network, e.g. <c>resnet18</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The first layers: <c>imagenet</c> or <c>cifar</c>.</summary>
    public required string Stem { get; init; }

    /// <summary>Where shortcuts are projections: <c>torchvision</c> or <c>article</c>.</summary>
    public required string Shortcut { get; init; }

    /// <summary>Passes over the training images.</summary>
    public required int Epochs { get; init; }

    /// <summary>Images of a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The learning rate of the first epoch.</summary>
    public required double LearningRate { get; init; }

    /// <summary>How the learning rate changes.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>The momentum factor of SGD.</summary>
    public required double Momentum { get; init; }

    /// <summary>The factor of the parameter added to its gradient.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>Decides initial parameters and the order of the images.</summary>
    public required int Seed { get; init; }

    /// <summary>The learning rate of an epoch, counted from 0.</summary>
    public double RateOf(int epoch) => Schedule.Rate(LearningRate, epoch, Epochs);
}
