namespace ResNet;

/// <summary>How a network is trained.</summary>
public sealed record TrainerOptions
{
    /// <summary>Images of a step; the epoch's last step takes what is left, as PyTorch's loaders do.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The momentum factor of SGD.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The factor of every parameter added to its gradient.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Decides the initial parameters, the order of the images and how they are changed.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How training images are changed; test images never are.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>Whether steps are captured and replayed as one CUDA graph; the numbers are the same either way.</summary>
    public bool CaptureSteps { get; init; } = true;

    /// <summary>In which numbers is computed.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>How the passes are computed.</summary>
    public PassOptions Pass { get; init; } = new();
}
