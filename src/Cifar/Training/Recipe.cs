using ResNet;

namespace Cifar;

/// <summary>Everything that decides what a training computes, apart from the data and the device.</summary>
public sealed record Recipe
{
    /// <summary>The network, e.g. <c>resnet18</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The first layers: <c>imagenet</c> or <c>cifar</c>.</summary>
    public required string Stem { get; init; }

    /// <summary>What leads around the blocks: <c>torchvision</c>, <c>article</c>, <c>subsample</c> or <c>none</c>.</summary>
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

    /// <summary>Decides the initial parameters, the order of the images and how they are changed.</summary>
    public required int Seed { get; init; }

    /// <summary>How training images are changed: <c>none</c>, or <c>standard</c>: shifted by up to 4 pixels and mirrored half the time.</summary>
    public string Augment { get; init; } = "none";

    /// <summary>The side of the square cut out of every training image; 0: none.</summary>
    public int Cutout { get; init; }

    /// <summary>In which numbers is computed: <c>f32</c>, <c>tf32</c>, <c>bf16</c> or <c>fp16</c>.</summary>
    public string Precision { get; init; } = "f32";

    /// <summary>Which algorithms convolutions may use: <c>exact</c>, those that add up the products of the definition; <c>fast</c>, Winograd's too.</summary>
    public string Math { get; init; } = "fast";

    /// <summary>Whether only algorithms are used that give the same bits every time, and exact ones of them.</summary>
    public bool Deterministic { get; init; }

    /// <summary>How algorithms are chosen: <c>heuristic</c>, by the library's rules; <c>measure</c>, by timing them at the start.</summary>
    public string Algorithms { get; init; } = "heuristic";

    /// <summary>By which of cuDNN's doors operations are computed, where it has them there: <c>auto</c>, <c>graph</c>, <c>descriptors</c> or <c>none</c>.</summary>
    public string Fusion { get; init; } = "auto";

    /// <summary>How training images are changed, for the trainer.</summary>
    internal Augmentation Augmentation => (Augment == "standard" ? Augmentation.Standard : Augmentation.None) with { Cutout = Cutout };

    /// <summary>The learning rate of an epoch, counted from 0.</summary>
    public double RateOf(int epoch) => Schedule.Rate(LearningRate, epoch, Epochs);
}
