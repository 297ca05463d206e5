namespace ResNet;

/// <summary>What decides how a pass is computed, apart from the network.</summary>
public sealed record PassOptions
{
    /// <summary>The most workspace a convolution may take, in bytes.</summary>
    public long WorkspaceLimitBytes { get; init; } = 1L << 30;

    /// <summary>Only algorithms whose results repeat bit for bit.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Added to the variance; PyTorch's default.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>The share of the batch in the running statistics: running = (1 - factor) running + factor batch; PyTorch's default.</summary>
    public double RunningFactor { get; init; } = 0.1;
}
