namespace Cifar;

/// <summary>Recipes that have a name, and the one that applies when none is asked for.</summary>
internal static class Presets
{
    /// <summary>The names <c>--preset</c> knows.</summary>
    public static readonly string[] Names = ["article"];

    /// <summary>
    /// The recipe the project started from: ImageNet stem on 32x32 images, a projection in the first block of every stage,
    /// 0.1 for 150 epochs, 0.01 for 60, 0.001 for 60.
    /// </summary>
    public static Recipe Article { get; } = new()
    {
        Model = "resnet18",
        Stem = "imagenet",
        Shortcut = "article",
        Epochs = 270,
        BatchSize = 128,
        LearningRate = 0.1,
        Schedule = new LearningRateSchedule.Steps(150, 210),
        Momentum = 0.9,
        WeightDecay = 5e-4,
        Seed = 1,
    };

    // A sensible start on CIFAR.
    private static readonly Recipe s_cifar = Article with
    {
        Stem = "cifar",
        Shortcut = "torchvision",
        Epochs = 30,
        Schedule = new LearningRateSchedule.Cosine(),
    };

    // A few minutes. So few images want a strong weight decay; it was chosen on the training images alone, their writers in four parts, each held out once.
    private static readonly Recipe s_digits = s_cifar with { Epochs = 10, BatchSize = 32, LearningRate = 0.01, WeightDecay = 1e-2 };

    /// <summary>What training on a data set does when nothing is said.</summary>
    public static Recipe DefaultFor(DataSet data) => data.IsEmbedded ? s_digits : s_cifar;
}
