namespace ResNet;

/// <summary>What decides how a pass is computed, apart from the network.</summary>
public sealed record PassOptions
{
    /// <summary>The most workspace a convolution may take, in bytes.</summary>
    public long WorkspaceLimitBytes { get; init; } = 1L << 30;

    /// <summary>Only algorithms whose results repeat bit for bit.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Only algorithms that add up the products of the definition: no Winograd, no Fourier transform.</summary>
    public bool Exact { get; init; }

    /// <summary>Whether convolutions' algorithms are chosen by measuring them when the pass is put together, which can turn out differently the next time, instead of by cuDNN's heuristic.</summary>
    public bool MeasureAlgorithms { get; init; }

    /// <summary>
    /// By which of cuDNN's doors operations are computed, where the library has them there. Sums may be added up in another order, and in 16-bit types operations that are computed as one
    /// round once instead of after each; so results agree to the rounding of the type.
    /// </summary>
    public FusionPreference Fusion { get; init; } = FusionPreference.Auto;

    /// <summary>Whether, with <see cref="FusionPreference.Graph"/>, convolutions add up what the normalisations behind them need while they write: a pass over memory less each, and a less exact variance, which is the difference of two sums.</summary>
    public bool SumsInConvolutions { get; init; }

    /// <summary>Added to the variance; PyTorch's default.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>The share of the batch in the running statistics: running = (1 - factor) running + factor batch; PyTorch's default.</summary>
    public double RunningFactor { get; init; } = 0.1;
}
