namespace ResNet;

/// <summary>What stands before the first block.</summary>
public enum StemKind
{
    /// <summary>Convolution 7x7, stride 2, padding 3; batch normalisation; ReLU; max-pooling 3x3, stride 2, padding 1.</summary>
    ImageNet,

    /// <summary>Convolution 3x3, stride 1, padding 1; batch normalisation; ReLU.</summary>
    Cifar,
}

/// <summary>The residual function of a block (He et al., "Deep Residual Learning for Image Recognition", 2015).</summary>
public enum BlockKind
{
    /// <summary>Two convolutions 3x3 of the stage's width.</summary>
    Basic,

    /// <summary>Convolutions 1x1, 3x3 (which carries the stride, as torchvision's v1.5 does) and 1x1 to four times the width.</summary>
    Bottleneck,
}

/// <summary>What leads around the residual function.</summary>
public enum ShortcutStyle
{
    /// <summary>Identity; a projection (convolution 1x1 and batch normalisation) where the shape changes. Option B of He et al., torchvision's.</summary>
    Torchvision,

    /// <summary>A projection in the first block of every stage, also where the shape does not change.</summary>
    Article,

    /// <summary>Identity without parameters: where the shape changes every second pixel, zero channels appended. Option A of He et al., for basic blocks: bottlenecks change the channels of the first stage, where all pixels stay.</summary>
    Subsample,

    /// <summary>No shortcut: the plain network of He et al.</summary>
    None,
}

/// <summary>A residual network, as far as its structure goes.</summary>
/// <param name="Name">The name, e.g. <c>resnet18</c>.</param>
/// <param name="Stem">What stands before the first block.</param>
/// <param name="StemWidth">Channels after the stem.</param>
/// <param name="Block">The residual function.</param>
/// <param name="Depths">Blocks of each stage.</param>
/// <param name="Widths">Channels of the 3x3 convolutions of each stage.</param>
/// <param name="Shortcut">What leads around the residual functions.</param>
/// <param name="Classes">Outputs of the fully connected layer.</param>
/// <param name="InputChannels">Channels of an image.</param>
public sealed record ModelSpec(
    string Name,
    StemKind Stem,
    int StemWidth,
    BlockKind Block,
    IReadOnlyList<int> Depths,
    IReadOnlyList<int> Widths,
    ShortcutStyle Shortcut,
    int Classes,
    int InputChannels = 3)
{
    /// <summary>Output channels of a block over its width: 1, or 4 for bottlenecks.</summary>
    public int Expansion => Block == BlockKind.Bottleneck ? 4 : 1;

    /// <summary>Inputs of the fully connected layer.</summary>
    public int Features => Widths[^1] * Expansion;

    /// <summary>Says what is wrong with the specification.</summary>
    /// <exception cref="ArgumentException">A count is not positive, the lists differ in length, or option A is asked for where channels shrink or, in the first stage, change at all.</exception>
    public void Validate()
    {
        if (Depths.Count == 0 || Depths.Count != Widths.Count)
        {
            throw new ArgumentException($"{Name}: {Depths.Count} depths and {Widths.Count} widths were given; every stage needs one of each.");
        }

        if (StemWidth < 1 || Classes < 1 || InputChannels < 1 || Depths.Any(depth => depth < 1) || Widths.Any(width => width < 1))
        {
            throw new ArgumentException($"{Name}: stem width {StemWidth}, classes {Classes}, input channels {InputChannels}, every depth and every width must be at least 1.");
        }

        int channels = StemWidth;
        for (int stage = 0; Shortcut == ShortcutStyle.Subsample && stage < Widths.Count; stage++)
        {
            int output = Widths[stage] * Expansion;
            if (output < channels || (stage == 0 && output != channels))
            {
                throw new ArgumentException(
                    $"{Name}: stage {stage + 1} makes {output} channels of {channels}, which shortcuts without parameters cannot do: they append channels, and only where every second pixel is taken, from stage 2 on. "
                    + "Choose torchvision or article shortcuts.");
            }

            channels = output;
        }
    }
}
